"""The report for the board: of each month once into a folder and by mail, and again until it has arrived.

A crash after a mail was handed in and before that is noted sends it a second time, with the same Message-ID.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from pathlib import Path
from threading import Event

from csire_bridge.channels.alerts.mail import MailChannel
from csire_bridge.domain.calendar.polish_month import PolishMonth
from csire_bridge.domain.clock import WARSAW, Clock, at_wall_clock
from csire_bridge.domain.errors import BridgeError, StoreFailure
from csire_bridge.domain.operations.retry import RetryPolicy
from csire_bridge.store.figures.report_runs import keep_run, run_of
from csire_bridge.telemetry.logs import logger
from csire_bridge.worker.scheduler import LedStore

__all__ = ["MonthlyReport", "ReportFile", "ReportMail", "ReportPlan"]

_RETRY = RetryPolicy(attempts=10_000)
_log = logger(__name__)


@dataclass(frozen=True, slots=True)
class ReportFile:
    """A report as a file."""

    name: str
    content: bytes
    media: str


@dataclass(frozen=True, slots=True)
class ReportMail:
    """By whom and to whom reports are mailed; ``subject`` and ``text`` have ``{month}`` for the month."""

    channel: MailChannel
    recipients: tuple[str, ...]
    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class ReportPlan:
    """When the report of a month is made: on ``day`` of the next one, from ``at`` (Polish time) on; and where to."""

    day: int
    at: time
    folder: Path | None = None
    mail: ReportMail | None = None

    def month_due(self, now: datetime) -> PolishMonth | None:
        """The month whose report is due at ``now`` (UTC): the one before the present month, once its day has come."""
        today = now.astimezone(WARSAW).date()
        begins = at_wall_clock(datetime.combine(today.replace(day=self.day), self.at), later=False)
        return None if now < begins else PolishMonth((today.replace(day=1) - timedelta(days=1)).replace(day=1))


class MonthlyReport:
    """Makes reports by ``make`` and brings them where ``plan`` says."""

    def __init__(
        self,
        plan: ReportPlan,
        make: Callable[[PolishMonth], Sequence[ReportFile]],
        clock: Clock,
        jitter: random.Random,
    ) -> None:
        self._plan = plan
        self._make = make
        self._clock = clock
        self._jitter = jitter

    def tick(self, led: LedStore, stop: Event) -> None:
        """Bring the report that is due to each target that has not got it yet."""
        month = self._plan.month_due(self._clock())
        if month is None:
            return
        for target, bring in self._targets(month).items():
            with led.read_transaction() as tx:
                run = run_of(tx.connection, str(month), target)
            waits = run.next_at is not None and self._clock() < run.next_at
            if run.done_at is not None or waits or stop.is_set():
                continue
            problem = self._tried(month, bring)
            now = self._clock()
            again = None if problem is None else _RETRY.next_try(run.attempts + 1, now, self._jitter)
            done = now if problem is None else None
            after = replace(run, attempts=run.attempts + 1, done_at=done, next_at=again, problem=problem)
            with led.transaction() as tx:
                keep_run(tx.connection, after)
            if problem is not None:
                _log.error("report.unsent", month=str(month), target=target, why=problem)

    def _tried(self, month: PolishMonth, bring: Callable[[Sequence[ReportFile]], None]) -> str | None:
        try:
            bring(self._make(month))
        except BridgeError as error:
            return str(error)
        return None

    def _targets(self, month: PolishMonth) -> Mapping[str, Callable[[Sequence[ReportFile]], None]]:
        return dict(self._each_target(month))

    def _each_target(self, month: PolishMonth) -> Iterator[tuple[str, Callable[[Sequence[ReportFile]], None]]]:
        folder, mail = self._plan.folder, self._plan.mail
        if folder is not None:
            yield "folder", lambda files: _put(folder, files)
        if mail is not None:
            yield "mail", lambda files: self._send(mail, month, files)

    def _send(self, mail: ReportMail, month: PolishMonth, files: Sequence[ReportFile]) -> None:
        subject, text = (words.format(month=month) for words in (mail.subject, mail.text))
        delivery = str(uuid.uuid5(uuid.NAMESPACE_URL, f"report {subject} {','.join(mail.recipients)}"))
        attached = [(file.name, file.content, file.media) for file in files]
        mail.channel.send(delivery, mail.recipients, subject, text, self._clock(), attached)


def _put(folder: Path, files: Sequence[ReportFile]) -> None:
    """Write the files, each whole or not at all. Raises StoreFailure."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file in files:
            unfinished = folder / f".{file.name}.unfinished"
            unfinished.write_bytes(file.content)
            unfinished.replace(folder / file.name)
    except OSError as error:
        remedy = "check [reports] folder: it must be there and writable; it is tried again"
        raise StoreFailure(f"the report can't be written into {folder}: {error}", remedy) from error
