"""When something that is done again and again is due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Protocol

from csire_bridge.domain.clock import WARSAW, at_wall_clock

__all__ = ["Daily", "Every", "KnownTick", "Schedule"]


@dataclass(frozen=True, slots=True)
class KnownTick:
    """Since when (UTC) a tick is known, and when it was last done; None while it never was."""

    name: str
    since: datetime
    done_at: datetime | None


class Schedule(Protocol):
    """Says when something is due again. All moments are UTC."""

    def is_due(self, since: datetime, done_at: datetime | None, now: datetime) -> bool:
        """Whether it is due at ``now``, when it was last done at ``done_at`` and is known since ``since``."""


@dataclass(frozen=True, slots=True)
class Every:
    """Again after ``pause``; the first time at once."""

    pause: timedelta

    def is_due(self, _since: datetime, done_at: datetime | None, now: datetime) -> bool:
        """Also when the clock was set back behind the last time."""
        return done_at is None or not done_at <= now < done_at + self.pause


@dataclass(frozen=True, slots=True)
class Daily:
    """Once each Polish day, at ``at`` by Polish clocks (naive) or as soon after as somebody looks.

    On the night on which clocks show that time twice, the first one counts; on the night on which they skip it, it is
    an hour earlier. ``first_at_once``: when it is met for the first time, not only from the next such moment on.
    """

    at: time
    first_at_once: bool = False

    def is_due(self, since: datetime, done_at: datetime | None, now: datetime) -> bool:
        """Whether the newest of the daily moments has passed since it was last done."""
        if done_at is None and self.first_at_once:
            return True
        last = done_at or since
        return last > now or last < self.newest(now)  # a last time yet to come was written by a clock that was ahead

    def newest(self, now: datetime) -> datetime:
        """The last of the daily moments that is not after ``now``."""
        today = now.astimezone(WARSAW).date()
        moments = (self._on(today - timedelta(days=back)) for back in (0, 1))
        return next(moment for moment in moments if moment <= now)

    def _on(self, day: date) -> datetime:
        return at_wall_clock(datetime.combine(day, self.at), later=False)
