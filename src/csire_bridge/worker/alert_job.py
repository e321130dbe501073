"""Looks for conditions that a person should know of; reports each once when it opens and once when it closes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from csire_bridge.domain.clock import Clock
from csire_bridge.domain.operations.alert_areas import URGENT
from csire_bridge.domain.operations.alert_records import Telling
from csire_bridge.domain.operations.alerts import Alert
from csire_bridge.store.connection.dialects import take_turns
from csire_bridge.store.database import Database
from csire_bridge.store.queries.alerts.alert_conditions import standing
from csire_bridge.store.unit_of_work import UnitOfWork
from csire_bridge.telemetry.logs import logger
from csire_bridge.worker.notifications.compose import Composer, Settled
from csire_bridge.worker.scheduler import LedStore

__all__ = ["Watch"]

_log = logger(__name__)
_LOG = ""
"""The log stands among the routes without a name, which each route of the settings must have."""


class Watch:
    """Reports alerts; of several nodes on one database, only one reports each alert."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        result_wait: timedelta,
        partner_wait: timedelta,
        memory: timedelta = timedelta(days=1),
        further: Callable[[datetime], Iterable[Alert]] = lambda _now: (),
        composer: Callable[[], Composer] = Composer,
    ) -> None:
        """``further`` finds conditions at a moment (UTC) that are not in the database.

        ``composer`` writes what is sent.
        """
        self._database = database
        self._clock = clock
        self._result_wait = result_wait
        self._memory = memory
        self._partner_wait = partner_wait
        self._further = further
        self._composer = composer

    def look(self, led: LedStore | None = None) -> list[Alert]:
        """Look now; return the alerts that were opened. ``led`` is how the ticker writes."""
        now = self._clock()
        further = list(self._further(now))
        with (led or self._database).transaction() as tx:
            take_turns(tx.connection, "watch")  # several nodes look, one tells
            found = [*standing(tx.connection, now, self._result_wait, self._memory, self._partner_wait), *further]
            opening, worse, settled = _settle(tx, found, now)
            self._composer().write(tx, settled, now)
        for alert in opening:
            _log.error("alert.opened", kind=alert.kind, text=alert.text(now))
        for alert in worse:
            _log.error("alert.worse", kind=alert.kind, text=alert.text(now))
        for record in settled.closed:
            _log.warning("alert.closed", kind=record.kind)
        return opening


def _settle(tx: UnitOfWork, found: list[Alert], now: datetime) -> tuple[list[Alert], list[Alert], Settled]:
    """Write down which alerts open, change and close now; return those that open, and that are markedly worse."""
    known = {(record.kind, record.subject): record for record in tx.alerts.open()}
    logged = tx.alerts.tellings([record.key for record in known.values()])
    opening, worse = [], []
    for alert in found:
        record = known.get((alert.kind, alert.subject))
        if record is None:
            opening.append(alert)
            _logged(tx, tx.alerts.add(alert, now), alert, now)
            continue
        if record.extent != alert.extent:
            tx.alerts.update(record.key, alert, now)
        told = logged.get((record.key, _LOG))
        grew = alert.extent.exceeds(told.extent if told else record.extent, urgent=alert.kind in URGENT)
        if grew:
            worse.append(alert)
        if grew or told is None:
            _logged(tx, record.key, alert, now)
    holds = {(alert.kind, alert.subject): alert for alert in found}
    closed = [record for name, record in known.items() if name not in holds]
    for record in closed:
        tx.alerts.close(record.key, now)
    still_open = [(record, holds[record.kind, record.subject]) for record in tx.alerts.open()]
    settled = Settled(still_open, closed)
    _end_acknowledgements(tx, settled, now)
    return opening, worse, settled


def _logged(tx: UnitOfWork, key: int, alert: Alert, now: datetime) -> None:
    """Note how bad it was when the log told of it: what comes next is compared with that, not with the last look."""
    tx.alerts.told(Telling(key, _LOG, now, alert.count, alert.level, alert.newest))


def _end_acknowledgements(tx: UnitOfWork, settled: Settled, now: datetime) -> None:
    """An acknowledgement ends with its alert, and when the condition becomes worse."""
    alerts = {record.key: alert for record, alert in settled.open} | {record.key: None for record in settled.closed}
    for key, given in tx.alerts.acknowledgements(alerts).items():
        alert, last = alerts[key], given[-1]
        over = alert is None or alert.extent.exceeds(last.extent, urgent=alert.kind in URGENT)
        if over and now < last.over_at():
            tx.alerts.end_acknowledgement(last.key, now)
