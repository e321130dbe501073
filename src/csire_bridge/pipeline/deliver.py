"""Step 7: a stored document goes to its receiver; the same bytes at each try, and what came back is kept."""

from __future__ import annotations

import logging
import random

from csire_bridge.domain.clock import Clock
from csire_bridge.domain.documents import DocumentState, OutgoingDocument
from csire_bridge.domain.errors import OutcomeUnknown, PartnerRefused, PartnerUnreachable
from csire_bridge.domain.retry import RetryPolicy
from csire_bridge.domain.work import WorkItem
from csire_bridge.pipeline.ports import DeliveryChannel, Store

__all__ = ["Deliverer"]

_log = logging.getLogger(__name__)


class Deliverer:
    """Hands documents to a channel."""

    def __init__(
        self, store: Store, channel: DeliveryChannel, clock: Clock, retry: RetryPolicy, jitter: random.Random
    ) -> None:
        self._store = store
        self._channel = channel
        self._clock = clock
        self._retry = retry
        self._jitter = jitter

    def run(self, item: WorkItem) -> list[WorkItem]:
        """Deliver the document of ``item``; nothing follows."""
        with self._store.transaction() as tx:
            document = tx.outbox.get(item.subject)
        if document.state is not DocumentState.PENDING:
            with self._store.transaction() as tx:
                tx.work.finish([item.key])
            return []
        try:
            place = self._channel.deliver(document)
        except (PartnerUnreachable, OutcomeUnknown) as error:
            self._again(document, item, error.text)
        except PartnerRefused as error:
            self._park(document, item, error.text)
        else:
            with self._store.transaction() as tx:
                tx.outbox.delivered(document.key, self._clock(), place)
                tx.work.finish([item.key])
        return []

    def _again(self, document: OutgoingDocument, item: WorkItem, why: str) -> None:
        """The receiver recognises the id, so sending the same bytes again is safe even if they arrived."""
        again = self._retry.next_try(item.attempts + 1, self._clock(), self._jitter)
        if again is None:
            self._park(document, item, f"given up after {item.attempts + 1} tries: {why}")
            return
        with self._store.transaction() as tx:
            tx.work.postpone(item.key, again, failed=why)

    def _park(self, document: OutgoingDocument, item: WorkItem, why: str) -> None:
        with self._store.transaction() as tx:
            tx.outbox.park(document.key, self._clock(), why)
            tx.work.park(item.key, why)
        _log.error("message %s can't be delivered: %s", document.number, why)
