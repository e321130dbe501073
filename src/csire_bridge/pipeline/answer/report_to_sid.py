"""Reports to SID on its orders. They wait through any outage, and hold up nothing else."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta

from csire_bridge.domain.clock import Clock
from csire_bridge.domain.errors import OutcomeUnknown, PartnerRefused, PartnerUnreachable
from csire_bridge.domain.message.documents import DocumentState
from csire_bridge.domain.message.sid import Report
from csire_bridge.domain.operations.retry import RetryPolicy
from csire_bridge.domain.work import Lease, WorkItem, WorkStep
from csire_bridge.pipeline.batch_step import Committed, Completed, Prepared, Task
from csire_bridge.pipeline.counting import count_delivery
from csire_bridge.pipeline.ports.sid import ReportChannel
from csire_bridge.pipeline.ports.store import Store, Transaction
from csire_bridge.telemetry.logs import logger

__all__ = ["REPORT_RETRY", "Reporter"]

_log = logger(__name__)
REPORT_RETRY = RetryPolicy(attempts=10_000)
"""A month of tries: SID may be away for long, and its reports are wanted all the same."""
_REST = timedelta(seconds=5)

Told = bytes | PartnerUnreachable | OutcomeUnknown | PartnerRefused | None
"""SID's answer, or why there is none; None when it was not tried because SID was away a moment ago."""


class Reporter:
    """Hands reports to SID."""

    def __init__(
        self,
        store: Store,
        channel: ReportChannel,
        clock: Clock,
        jitter: random.Random,
        retry: RetryPolicy = REPORT_RETRY,
    ) -> None:
        self._store = store
        self._channel = channel
        self._clock = clock
        self._jitter = jitter
        self._retry = retry
        self._rests_until: datetime | None = None

    def prepare(self, items: Sequence[WorkItem], lease: Lease | None) -> Prepared[Report]:
        """Store the bytes of reports before they are sent the first time; finish the work of reports that were sent.

        Reports on one SID number are sent in their order: a report waits until the one before it was delivered.
        """
        now = self._clock()
        with self._store.transaction() as tx:
            tx.work.assert_leased(items)
            reports = tx.sid.reports([item.subject for item in items])
            pending = [item for item in items if reports[item.subject].state is DocumentState.PENDING]
            tx.work.finish([item for item in items if item not in pending])
            behind = tx.sid.behind_others([item.subject for item in pending])
            tx.work.reschedule_all([(item, now + _REST, None) for item in pending if item.subject in behind])
            ready = [item for item in pending if item.subject not in behind]
            return Prepared([Task(item, self._written(tx, reports[item.subject])) for item in ready])

    def _written(self, tx: Transaction, report: Report) -> Report:
        if report.document is not None:
            return report
        return tx.sid.keep(report, self._channel.write(report, tx.orders.get(report.order)))

    def perform(self, task: Task[Report]) -> Told:
        """Send the report; if SID was unreachable a moment ago, fail at once instead of calling it again."""
        if self._rests_until is not None and self._clock() < self._rests_until:
            return None
        try:
            answer = self._channel.deliver(task.about)
        except (PartnerUnreachable, OutcomeUnknown) as error:
            self._rests_until = self._clock() + _REST
            return error
        except PartnerRefused as error:
            return error
        self._rests_until = None
        return answer

    def commit(self, done: Sequence[Completed[Report, Told]], lease: Lease | None) -> Committed:
        """Write down what SID has; nothing follows."""
        now = self._clock()
        with self._store.transaction() as tx:
            for piece in done:
                self._settle(tx, piece.item, piece.about, piece.result, now)
            said = [piece.about.key for piece in done if isinstance(piece.result, bytes | PartnerRefused)]
            tx.work.wake(WorkStep.REPORT, tx.sid.next_of(said), now)
        for piece in done:
            if piece.result is not None:
                count_delivery("sid", "report", piece.result)
        return Committed()

    def _settle(self, tx: Transaction, item: WorkItem, report: Report, told: Told, now: datetime) -> None:
        if isinstance(told, bytes):
            tx.sid.delivered(report.key, now, told)
            tx.work.finish([item])
            order = tx.orders.get(report.order)
            tx.orders.note(order.key, order.state, now, f"told SID{_about(report)}: {report.status}")
        elif isinstance(told, PartnerRefused):
            self._park(tx, item, report, told.text)
        elif told is None:
            tx.work.reschedule(item, now + _REST)
        else:
            again = self._retry.next_try(item.attempts + 1, now, self._jitter)
            if again is None:
                self._park(tx, item, report, f"given up after {item.attempts + 1} tries: {told.text}")
            else:
                tx.work.reschedule(item, max(again, now + (_wait(told) or _REST)), failed=told.text)

    def _park(self, tx: Transaction, item: WorkItem, report: Report, why: str) -> None:
        tx.sid.park(report.key)
        tx.work.park(item, why)
        _log.error("report.parked", order=report.order, why=why)


def _wait(error: PartnerUnreachable | OutcomeUnknown) -> timedelta | None:
    return error.wait if isinstance(error, PartnerUnreachable) else None


def _about(report: Report) -> str:
    return f" of its order {report.number}" if report.number else ""
