"""A month of the Polish calendar."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Self

from csire_bridge.domain.clock import start_of

__all__ = ["PolishMonth"]

_SHAPE = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])\Z")


@dataclass(frozen=True, slots=True)
class PolishMonth:
    """A month by its first day."""

    first: date

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``2026-11``; raise ValueError."""
        match = _SHAPE.match(text.strip())
        if not match:
            raise ValueError(f"{text!r} is no month such as 2026-11")
        return cls(date(int(match[1]), int(match[2]), 1))

    @property
    def last(self) -> date:
        """Its last day."""
        return self._next - timedelta(days=1)

    @property
    def begin(self) -> datetime:
        """When it begins (UTC)."""
        return start_of(self.first)

    @property
    def end(self) -> datetime:
        """When the next month begins (UTC)."""
        return start_of(self._next)

    @property
    def _next(self) -> date:
        return (self.first + timedelta(days=31)).replace(day=1)

    def __str__(self) -> str:
        return f"{self.first:%Y-%m}"
