"""Schedules: when a repeated job is due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Protocol

from csire_bridge.domain.clock import WARSAW, at_wall_clock

__all__ = ["Daily", "Every", "KnownTick", "Schedule"]


@dataclass(frozen=True, slots=True)
class KnownTick:
    """Since when (UTC) a job is known, and when it last ran; None if it never did."""

    name: str
    since: datetime
    done_at: datetime | None


class Schedule(Protocol):
    """Decides when a job is due. All moments are UTC."""

    def is_due(self, since: datetime, done_at: datetime | None, now: datetime) -> bool:
        """Whether the job is due at ``now``, if it last ran at ``done_at`` and is known since ``since``."""


@dataclass(frozen=True, slots=True)
class Every:
    """Again after ``pause``; the first time at once."""

    pause: timedelta

    def is_due(self, _since: datetime, done_at: datetime | None, now: datetime) -> bool:
        """Due after the pause, and also if the clock was set back before the last run."""
        return done_at is None or not done_at <= now < done_at + self.pause


@dataclass(frozen=True, slots=True)
class Daily:
    """Once each Polish day, at ``at`` by Polish clocks (naive), or later if nothing ran at that time.

    If clocks show that time twice, the first one counts; if they skip it, the job is due an hour earlier.
    ``first_at_once``: a new job is due at once, not only at its next daily moment.
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
