"""Settings of deadlines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, Field

from csire_bridge.config.sections.peers.parties import Part
from csire_bridge.domain.clock import WARSAW, start_of
from csire_bridge.domain.errors import ConfigurationError
from csire_bridge.domain.law.clocks import Deadlines
from csire_bridge.domain.law.model import ClockStart, LawClock
from csire_bridge.domain.law.policy import LawPolicy
from csire_bridge.domain.order.deadlines import CountFrom, Term, known_class
from csire_bridge.domain.order.order import OrderKind

__all__ = ["DeadlineSettings"]


_TWO_YEARS = 2 * 366
_NOON = timedelta(hours=12)


def _term(text: str) -> str:
    if text != "none":
        Term.parse(text)
    return text


class DeadlineSettings(Part):
    """By when orders must be carried out: by the clocks of the law file, and by the operator's own terms.

    ``within`` names own terms by kind of order, such as ``disconnect-prepaid = "4 hours"``; where the law has a clock
    too, the earlier end counts. A term that is longer than the law's, or ``"none"`` where the law has one, is refused
    unless the rule is named under ``[[law.loosened]]``. With less than ``near_seconds`` left an order goes to field
    work. ``count_from`` is ``message`` (its own timestamp, the strict reading) or ``receipt``.
    """

    near_seconds: float = Field(default=3600, ge=0)
    count_from: CountFrom = CountFrom.MESSAGE
    within: dict[Annotated[str, AfterValidator(known_class)], Annotated[str, AfterValidator(_term)]] = Field(
        default_factory=dict
    )

    def as_deadlines(self, law: LawPolicy) -> Deadlines:
        """The same as values of the domain, with the clocks of the law that are applied.

        Raises ConfigurationError where a term would loosen a clock of the law that the operator has not loosened.
        """
        clocks = tuple(clock for clock in law.book.of(LawClock) if clock.name not in law.loosened)
        terms = {name: None if text == "none" else Term.parse(text) for name, text in self.within.items()}
        wrong = [problem for clock in clocks for problem in _looser(terms, clock)]
        if wrong:
            remedy = "take the term out or name a shorter one; or name the rule under [[law.loosened]], by whom and why"
            raise ConfigurationError("\n".join(wrong), remedy)
        return Deadlines(terms, timedelta(seconds=self.near_seconds), self.count_from, clocks)


def _looser(terms: Mapping[str, Term | None], clock: LawClock) -> Iterator[str]:
    """Own terms of orders whose clock runs from receipt on, that leave more time than the law."""
    if clock.starts is not ClockStart.RECEIPT or clock.last is not None:
        return
    kinds = {kind.value for kind in OrderKind}
    for name in sorted(clock.orders):
        kind = next((k for k in kinds if name.startswith(f"{k}-") and name not in kinds), name)
        key = name if name in terms else kind
        if key in terms:
            why = _leaves_more(terms[key], clock)
            if why:
                yield f"setting deadlines.within.{key}: {why} that the rule {clock.name} of the law gives {name}"


def _leaves_more(term: Term | None, clock: LawClock) -> str | None:
    if term is None:
        return f'"none" takes away the {clock.within}'
    noons = (start_of(clock.first + timedelta(days=n)) + _NOON for n in range(_TWO_YEARS))
    longer = next((noon for noon in noons if term.after(noon) > clock.within.after(noon)), None)
    if longer is None:
        return None
    return f"{term} from {longer.astimezone(WARSAW):%Y-%m-%d %H:%M} on is longer than the {clock.within}"
