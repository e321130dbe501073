"""An operator action: who, why, and when. It is recorded together with what it changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

__all__ = ["OperatorAction"]


@dataclass(frozen=True, slots=True)
class OperatorAction:
    """``by`` is a name that is recorded, not a login. ``at`` is UTC; ``why`` may be missing if something just ends."""

    by: str
    at: datetime
    why: str | None = None

    def history_line(self, what: str) -> str:
        """A line for a history."""
        return f"{what} by {self.by}" + (f": {self.why}" if self.why else "")
