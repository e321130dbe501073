"""Rule sets in the order of their validity, and the plan for an order across several of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from csire_bridge.domain.law.judge import Forbidden, LawVerdict, Permitted, WaitForLaw
from csire_bridge.domain.order.facts import OrderFacts, OrderSource
from csire_bridge.domain.rules.decide import GiveUp, Never, Rules, SendNow, Wait, decide
from csire_bridge.domain.rules.model import RuleSet, RuleSetVersion

__all__ = ["Planned", "Timeline", "in_force", "plan"]


class Timeline:
    """Which rules are in force when: each from its moment (UTC) to the next one's; before the first, the default.

    Of two with the same moment, the one entered later is in force.
    """

    def __init__(self, entries: Sequence[tuple[datetime, Rules]]) -> None:
        """``entries`` are in the order in which they were entered."""
        self._entries = sorted(entries, key=lambda entry: entry[0])
        self._default = Rules(RuleSet())

    def at(self, moment: datetime) -> Rules:
        """The rules that hold at ``moment`` (UTC)."""
        return next((rules for since, rules in reversed(self._entries) if since <= moment), self._default)

    def next_change(self, moment: datetime) -> datetime | None:
        """When (UTC) other rules begin to hold after ``moment``; None when nothing more was entered."""
        return next((since for since, _ in self._entries if since > moment), None)

    def with_also(self, since: datetime, rules: Rules) -> Timeline:
        """This timeline with rules entered after all others."""
        return Timeline([*self._entries, (since, rules)])


def in_force(versions: Sequence[RuleSetVersion], moment: datetime) -> RuleSetVersion | None:
    """The one of ``versions`` that holds at ``moment`` (UTC), by the same order; None: the default does."""
    begun = [version for version in versions if version.valid_from <= moment]
    return max(begun, key=lambda version: (version.valid_from, version.key), default=None)


@dataclass(frozen=True, slots=True)
class Planned:
    """The plan for an order: sent at ``at`` (UTC), given up or forbidden by law then, or never sent by the rules."""

    what: SendNow | GiveUp | Never | Forbidden
    at: datetime

    @property
    def name(self) -> str:
        """What becomes of the order, as programs are told: ``sent``, ``forbidden``, or what the rule does then."""
        match self.what:
            case SendNow():
                return "sent"
            case Forbidden():
                return "forbidden"
            case given_up:
                return str(given_up.then)


def plan(
    order: OrderFacts,
    timeline: Timeline,
    now: datetime,
    source: OrderSource = OrderSource.HUB,
    law: Callable[[datetime], LawVerdict] = lambda _: Permitted(),
) -> Planned:
    """What the rules decide for ``order`` from ``now`` (UTC) on, if nothing else delays it.

    ``law`` says what the law says about the order at a moment; by default nothing.
    """
    moment = now
    while True:
        decision = decide(order, timeline.at(moment), moment, source)
        if isinstance(decision, Wait):
            change = timeline.next_change(moment)
            moment = min(decision.until, change) if change else decision.until
            continue
        verdict = law(moment) if isinstance(decision, SendNow) else Permitted()
        if isinstance(verdict, WaitForLaw):
            moment = verdict.until
            continue
        return Planned(verdict if isinstance(verdict, Forbidden) else decision, moment)
