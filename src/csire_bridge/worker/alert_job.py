"""Looks for conditions that a person should know of; reports each once when it opens and once when it closes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from csire_bridge.domain.clock import Clock
from csire_bridge.domain.operations.alerts import Alert
from csire_bridge.store.connection.dialects import take_turns
from csire_bridge.store.database import Database
from csire_bridge.store.queries.alert_conditions import settle_alerts, standing
from csire_bridge.telemetry.logs import logger
from csire_bridge.worker.scheduler import LedStore

__all__ = ["Watch"]

_log = logger(__name__)


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
    ) -> None:
        """``further`` finds conditions at a moment (UTC) that are not in the database."""
        self._database = database
        self._clock = clock
        self._result_wait = result_wait
        self._memory = memory
        self._partner_wait = partner_wait
        self._further = further

    def look(self, led: LedStore | None = None) -> list[Alert]:
        """Look now; return the alerts that were opened. ``led`` is how the ticker writes."""
        now = self._clock()
        further = list(self._further(now))
        with (led or self._database).transaction() as tx:
            take_turns(tx.connection, "watch")  # several nodes look, one tells
            found = [*standing(tx.connection, now, self._result_wait, self._memory, self._partner_wait), *further]
            opening, closing = settle_alerts(tx.connection, found, now)
        for alert in opening:
            _log.error("alert.opened", kind=alert.kind, text=alert.text(now))
        for kind in closing:
            _log.warning("alert.closed", kind=kind)
        return opening
