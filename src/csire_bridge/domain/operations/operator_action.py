"""An operator action: who, why, and when. It is recorded together with what it changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from csire_bridge.domain.people.actor import Actor, trusted

__all__ = ["OperatorAction"]


@dataclass(frozen=True, slots=True)
class OperatorAction:
    """``by`` is the name that histories keep. ``at`` is UTC; ``why`` may be missing if something just ends.

    ``actor`` is whoever has logged in; without one, ``by`` is a name that somebody gave, and may do everything.
    """

    by: str
    at: datetime
    why: str | None = None
    actor: Actor | None = None

    @classmethod
    def of(cls, actor: Actor, at: datetime, why: str | None = None) -> OperatorAction:
        """The action of somebody whose permissions are known."""
        return cls(actor.name, at, why, actor)

    @property
    def who(self) -> Actor:
        """Who acts, with the permissions."""
        return self.actor or trusted(self.by)

    def history_line(self, what: str) -> str:
        """A line for a history."""
        return f"{what} by {self.by}" + (f": {self.why}" if self.why else "")
