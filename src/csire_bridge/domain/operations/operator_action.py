"""An operator action: who, why, and when. It is recorded together with what it changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from csire_bridge.domain.people.actor import Actor, trusted
from csire_bridge.domain.people.second_person import ONE_PERSON, NeedsSecondPerson, SecondPersonRules

__all__ = ["OperatorAction"]


@dataclass(frozen=True, slots=True)
class OperatorAction:
    """``by`` is the name that histories keep. ``at`` is UTC; ``why`` may be missing if something just ends.

    ``actor`` is whoever has logged in; without one, ``by`` is a name that somebody gave, and may do everything.
    ``rules`` say what needs a second person, ``approved_by`` is that one, where there was one.
    """

    by: str
    at: datetime
    why: str | None = None
    actor: Actor | None = None
    rules: SecondPersonRules = ONE_PERSON
    approved_by: str | None = None

    @classmethod
    def of(
        cls, actor: Actor, at: datetime, why: str | None = None, rules: SecondPersonRules = ONE_PERSON
    ) -> OperatorAction:
        """The action of somebody whose permissions are known."""
        return cls(actor.name, at, why, actor, rules)

    @property
    def who(self) -> Actor:
        """Who acts, with the permissions."""
        return self.actor or trusted(self.by)

    def require_second(self, what: str, *, needed: bool) -> None:
        """Raise NeedsSecondPerson where one is needed, and there was none."""
        if needed and self.approved_by is None:
            raise NeedsSecondPerson(what)

    def require_few(self, count: int) -> None:
        """Raise NeedsSecondPerson for more things at once than one person alone may act on."""
        most = self.rules.above
        self.require_second(f"an act on {count} at once, more than {most},", needed=most is not None and count > most)

    def history_line(self, what: str) -> str:
        """A line for a history."""
        second = f", approved by {self.approved_by}" if self.approved_by else ""
        return f"{what} by {self.by}{second}" + (f": {self.why}" if self.why else "")
