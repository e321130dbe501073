"""The internal time of a process: it runs by the machine's monotonic clock, so it can't be set while it runs."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from csire_bridge.domain.clock import Clock

__all__ = ["SteadyClock", "monotonic_seconds", "system_clock", "ticks_of"]

_CLOSING_SECONDS = 20.0
_FASTEST = 0.1
"""Our time runs at most a tenth faster or slower than real time while it follows another clock."""


def system_clock() -> datetime:
    """The machine's clock, in UTC."""
    return datetime.now(UTC)


def monotonic_seconds() -> float:
    """Seconds since the machine was booted, the same for all its processes; includes suspended time if possible."""
    return time.monotonic() if _BOOT_CLOCK is None else time.clock_gettime(_BOOT_CLOCK)


def _boot_clock() -> int | None:
    """The monotonic clock that includes suspended time, if the system has one."""
    clock: int | None = getattr(time, "CLOCK_BOOTTIME", None)
    try:
        return clock if clock is None or time.clock_gettime(clock) > 0 else None
    except OSError:
        return None


_BOOT_CLOCK = _boot_clock()


class SteadyClock:
    """A ``Clock`` that starts with the machine's time and is only adjusted slowly. Safe to use from several threads."""

    def __init__(self, machine: Clock = system_clock, ticks: Callable[[], float] = monotonic_seconds) -> None:
        """``machine`` tells the machine's time, ``ticks`` monotonic seconds."""
        self.machine = machine
        self.ticks = ticks
        self._state = (machine(), ticks(), 1.0)

    def __call__(self) -> datetime:
        """Our time now, in UTC."""
        return self._at(self.ticks())

    def take_over(self, moment: datetime) -> None:
        """Set the time to ``moment`` (UTC), which is now."""
        self._state = (moment, self.ticks(), 1.0)

    def follow(self, ahead: timedelta) -> None:
        """Correct a small difference to a clock that is ``ahead`` of ours, within seconds and without a jump."""
        ticks = self.ticks()
        pace = max(-_FASTEST, min(_FASTEST, ahead.total_seconds() / _CLOSING_SECONDS))
        self._state = (self._at(ticks), ticks, 1.0 + pace)

    def _at(self, ticks: float) -> datetime:
        start, since, pace = self._state
        return start + timedelta(seconds=(ticks - since) * pace)


def ticks_of(clock: Clock) -> Callable[[], float]:
    """The monotonic counter of ``clock``; a clock of another kind, as in tests, counts by itself."""
    if isinstance(clock, SteadyClock):
        return clock.ticks
    return monotonic_seconds if clock is system_clock else lambda: clock().timestamp()
