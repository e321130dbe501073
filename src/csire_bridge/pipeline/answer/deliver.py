"""Step 7: send a stored document to its receiver, the same bytes at each attempt, and keep what was answered."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta

from csire_bridge.domain.clock import Clock
from csire_bridge.domain.errors import OutcomeUnknown, PartnerRefused, PartnerUnreachable
from csire_bridge.domain.message.documents import Delivery, DocumentState, OutgoingDocument
from csire_bridge.domain.operations.retry import RetryPolicy
from csire_bridge.domain.work import Lease, WorkItem
from csire_bridge.pipeline.answer.danger_notices import overtaking
from csire_bridge.pipeline.answer.hub_results import catch_up_results
from csire_bridge.pipeline.batch_step import Committed, Completed, Prepared, Task
from csire_bridge.pipeline.counting import count_delivery
from csire_bridge.pipeline.ports.delivery import DeliveryChannel
from csire_bridge.pipeline.ports.store import Store, Transaction
from csire_bridge.telemetry.logs import logger

__all__ = ["Deliverer"]

_log = logger(__name__)

_REST = timedelta(seconds=5)
_REST_AFTER = 3
"""So many failures in a row, and the receiver is left alone for a moment; one now and then is no reason."""

Attempt = Delivery | PartnerUnreachable | OutcomeUnknown | PartnerRefused | None
"""Where a document went, or why it did not; None when it was not tried because the receiver was away a moment ago."""

_MAY_HAVE_ARRIVED = (OutcomeUnknown, PartnerRefused)


class Deliverer:
    """Sends documents, several at a time. A failed delivery is repeated for days, so maintenance at the hub, or a hub
    that hangs, only costs time; a document that it refuses for good waits for a person.
    """

    def __init__(
        self, store: Store, channel: DeliveryChannel, clock: Clock, retry: RetryPolicy, jitter: random.Random
    ) -> None:
        self._store = store
        self._channel = channel
        self._clock = clock
        self._retry = retry
        self._jitter = jitter
        self._failures = 0
        self._rests_until: datetime | None = None

    def prepare(self, items: Sequence[WorkItem], lease: Lease | None) -> Prepared[OutgoingDocument]:
        """Read the documents; those that left before are finished with, those that would overtake another one wait."""
        with self._store.transaction() as tx:
            tx.work.assert_leased(items)
            documents = tx.outbox.many([item.subject for item in items])
            pending = [item for item in items if documents[item.subject].state is DocumentState.PENDING]
            tx.work.finish([item for item in items if item not in pending])
            early = overtaking(tx, [documents[item.subject] for item in pending])
            now = self._clock()
            for item in [item for item in pending if item.subject in early]:
                tx.work.reschedule(item, now + _REST)
            pending = [item for item in pending if item.subject not in early]
        return Prepared([Task(item, documents[item.subject]) for item in pending])

    def perform(self, task: Task[OutgoingDocument]) -> Attempt:
        """Send the document; if the receiver was unreachable a moment ago, fail at once instead of calling it again."""
        if self._rests_until is not None and self._clock() < self._rests_until:
            return None
        try:
            delivery = self._channel.deliver(task.about)
        except (PartnerUnreachable, OutcomeUnknown) as error:
            self._failures += 1
            if self._failures >= _REST_AFTER:
                self._rests_until = self._clock() + _REST
            return error
        except PartnerRefused as error:
            self._failures, self._rests_until = 0, None
            return error
        self._failures, self._rests_until = 0, None
        return delivery

    def commit(self, done: Sequence[Completed[OutgoingDocument, Attempt]], lease: Lease | None) -> Committed:
        """Write down where documents went; nothing follows."""
        now = self._clock()
        with self._store.transaction() as tx:
            gone = [(piece, piece.result) for piece in done if isinstance(piece.result, Delivery)]
            tx.outbox.delivered_all([(piece.about.key, delivery) for piece, delivery in gone], now)
            tx.work.finish([piece.item for piece, _ in gone])
            tx.outbox.sent([piece.about.key for piece in done if isinstance(piece.result, _MAY_HAVE_ARRIVED)], now)
            left = [piece for piece in done if isinstance(piece.result, (Delivery, *_MAY_HAVE_ARRIVED))]
            known = catch_up_results(tx, [piece.about.message_id for piece in left], now)
            for piece in done:
                if piece.about.message_id in known and not isinstance(piece.result, Delivery):
                    tx.work.finish([piece.item])  # the hub has answered it, so it has arrived
                elif isinstance(piece.result, PartnerRefused):
                    self._park(tx, piece.about, piece.item, piece.result.text, now)
                elif piece.result is None:
                    tx.work.reschedule(piece.item, now + _REST)
                elif not isinstance(piece.result, Delivery):
                    self._again(tx, piece.about, piece.item, piece.result, now)
        for piece in done:
            if piece.result is not None:
                count_delivery("hub", piece.about.number, piece.result)
        return Committed()

    def _again(
        self,
        tx: Transaction,
        document: OutgoingDocument,
        item: WorkItem,
        error: PartnerUnreachable | OutcomeUnknown,
        now: datetime,
    ) -> None:
        """The receiver recognises the id, so sending the same bytes again is safe even if they arrived."""
        again = self._retry.next_try(item.attempts + 1, now, self._jitter)
        if again is None:
            self._park(tx, document, item, f"given up after {item.attempts + 1} tries: {error.text}", now)
            return
        named = error.wait if isinstance(error, PartnerUnreachable) else None
        tx.work.reschedule(item, max(again, now + named) if named else again, failed=error.text)

    def _park(self, tx: Transaction, document: OutgoingDocument, item: WorkItem, why: str, now: datetime) -> None:
        tx.outbox.park(document.key, now, why)
        tx.work.park(item, why)
        _log.error("answer.parked", order=document.order, number=document.number, why=why)
