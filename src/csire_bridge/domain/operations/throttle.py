"""Limits commands per second, because a head-end system and its concentrators can take only so many."""

from __future__ import annotations

from datetime import datetime, timedelta

__all__ = ["Throttle"]


class Throttle:
    """A bucket of tokens: it holds one second's worth and fills at ``per_second``. One per worker process."""

    def __init__(self, per_second: float) -> None:
        self._gap = timedelta(seconds=1 / per_second)
        self._room = max(timedelta(seconds=1) - self._gap, timedelta(0))
        self._next: datetime | None = None

    def take(self, now: datetime, ahead: int = 0) -> datetime | None:
        """Take a token at ``now`` (UTC); return None if there was one.

        Otherwise return when there will be one, if ``ahead`` others wait before the caller.
        """
        full = now - self._room
        due = max(self._next, full) if self._next else full
        if due > now:
            return due + ahead * self._gap
        self._next = due + self._gap
        return None
