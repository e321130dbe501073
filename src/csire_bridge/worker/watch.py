"""Looks for conditions that a person should know of, and tells each once when it opens and once when it closes."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from csire_bridge.domain.alerts import Alert
from csire_bridge.domain.clock import Clock
from csire_bridge.store.database import Database
from csire_bridge.store.dialects import take_turns
from csire_bridge.store.watch import settle_alerts, standing

__all__ = ["Watch"]

_log = logging.getLogger(__name__)


class Watch:
    """Looks at most every ``every``; several nodes share one database, so that each alert is told by one of them."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        result_wait: timedelta = timedelta(hours=1),
        memory: timedelta = timedelta(days=1),
        every: timedelta = timedelta(seconds=30),
    ) -> None:
        self._database = database
        self._clock = clock
        self._result_wait = result_wait
        self._memory = memory
        self._every = every
        self._next: datetime | None = None

    def look_when_due(self) -> None:
        """Look, if it is time to."""
        now = self._clock()
        if self._next is None or now >= self._next:
            self._next = now + self._every
            self.look()

    def look(self) -> list[Alert]:
        """Look now; return the alerts that were opened."""
        now = self._clock()
        with self._database.transaction() as tx:
            take_turns(tx.connection, "watch")  # several nodes look, one tells
            found = list(standing(tx.connection, now, self._result_wait, self._memory))
            opening, closing = settle_alerts(tx.connection, found, now)
        for alert in opening:
            _log.error("alert %s opened: %s", alert.kind, alert.text(now))
        for kind in closing:
            _log.warning("alert %s closed", kind)
        return opening
