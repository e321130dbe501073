"""Settings of the law's rules: what the operator has decided about them."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from csire_bridge.config.sections.peers.parties import Part
from csire_bridge.domain.errors import ConfigurationError
from csire_bridge.domain.law.book import LawBook
from csire_bridge.domain.law.model import Ban
from csire_bridge.domain.law.policy import LawPolicy, Loosened, UnknownProtection, WhenBanned

__all__ = ["LawSettings", "LoosenedSettings"]


class LoosenedSettings(Part):
    """A rule of the law file that is not applied: who of the operator decided it, and why."""

    rule: str
    by: str = Field(min_length=3, max_length=100)
    why: str = Field(min_length=3, max_length=1000)


class LawSettings(Part):
    """How the rules of the law file are applied.

    ``unknown_protection`` says how a household is treated of which nobody knows whether it is protected: ``ask`` (SID
    is asked; where it doesn't know, the household counts as protected), ``protected``, or ``not-protected``. Undecided,
    it is treated as by ``ask``, and an alert stays open. ``when_banned`` says for a ban by its name whether an order
    waits (``wait``), is answered with "cannot" (``refuse``), or waits only where the ban ends within ``wait_days``
    (``by-length``, the default). ``loosened`` names rules that are not applied.
    """

    unknown_protection: UnknownProtection = UnknownProtection.UNDECIDED
    wait_days: int = Field(default=7, ge=0, le=3660)
    when_banned: Mapping[str, WhenBanned] = Field(default_factory=dict)
    loosened: tuple[LoosenedSettings, ...] = ()

    def as_policy(self, book: LawBook) -> LawPolicy:
        """The same as values of the domain; raises ConfigurationError where a rule is named that ``book`` has not."""
        bans = {ban.name for ban in book.of(Ban)}
        named = [("when_banned", name, name in bans) for name in self.when_banned]
        named += [("loosened", one.rule, one.rule in book.names) for one in self.loosened]
        wrong = [
            f"setting law.{place}: the law file has no such rule: {name}" for place, name, known in named if not known
        ]
        if wrong:
            raise ConfigurationError("\n".join(wrong), f"the names of its rules: {', '.join(sorted(book.names))}")
        return LawPolicy(
            book=book,
            unknown=self.unknown_protection,
            wait_days=self.wait_days,
            when_banned=dict(self.when_banned),
            loosened={one.rule: Loosened(one.rule, one.by, one.why) for one in self.loosened},
        )
