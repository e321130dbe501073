"""Finds contradictions in rule sets before they are entered, each with its place and the reason."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from csire_bridge.domain.calendar.windows import OpenTimes
from csire_bridge.domain.calendar.working_days import Calendar, Weekday
from csire_bridge.domain.clock import WARSAW
from csire_bridge.domain.law.clocks import Deadlines
from csire_bridge.domain.order.deadlines import Term
from csire_bridge.domain.order.order import DisconnectionKind, OrderKind, ReconnectionReason
from csire_bridge.domain.rules.choice import ambiguities
from csire_bridge.domain.rules.decide import Rules
from csire_bridge.domain.rules.model import Rule, RuleSet, Scope

__all__ = ["RuleProblem", "check_rules"]

_AGREEMENTS = (OrderKind.AGREEMENT_START, OrderKind.AGREEMENT_END)


@dataclass(frozen=True, slots=True)
class RuleProblem:
    """A contradiction. ``rule`` is the rule's place in the set, from 0; None: ``part`` stands beside the rules."""

    rule: int | None
    part: str
    text: str


def check_rules(rule_set: RuleSet, deadlines: Deadlines, since: datetime) -> list[RuleProblem]:
    """Every contradiction in ``rule_set``, which shall hold from ``since`` (UTC) on."""
    scopes = [rule.scope for rule in rule_set.rules]
    found = [RuleProblem(place, "for", text) for place, text in ambiguities(scopes)]
    rules = Rules(rule_set)
    for place, rule in enumerate(rule_set.rules):
        times = rules.times(rule)
        parts = (
            *_days(rule),
            *_agreement(rule),
            *_weekdays(rule, rule_set.calendar),
            *_never(rule, scopes, times, deadlines, since),
        )
        found += [RuleProblem(place, part, text) for part, text in parts]
    return [*found, *_pause(rules, since)]


def _days(rule: Rule) -> Iterator[tuple[str, str]]:
    if rule.try_days is not None and rule.try_days <= rule.wait_days:
        yield (
            "try_days",
            f"the days to keep trying ({rule.try_days}) end before the days to wait ({rule.wait_days}) are over",
        )


def _agreement(rule: Rule) -> Iterator[tuple[str, str]]:
    """The problem if a rule would move agreements, which start and end on the agreed date, also on days off."""
    window = rule.window
    if rule.scope.kind in _AGREEMENTS and (
        not all(window.week.days) or not window.on_days_off or window.days_before_days_off or rule.wait_days
    ):
        yield "for", "agreements start and end on their date, on any day: a rule can limit their hours, not their days"


def _weekdays(rule: Rule, calendar: Calendar) -> Iterator[tuple[str, str]]:
    """Weekdays with hours of their own on which nothing can ever be sent; hours for every day don't count."""
    if len(set(rule.window.week.days)) == 1:
        return
    for weekday in Weekday:
        why = _taken(rule, calendar, weekday) if rule.window.week.days[weekday] else None
        if why:
            yield "hours", f"the hours of {weekday.name.lower()} never come: {why}"


def _taken(rule: Rule, calendar: Calendar, weekday: Weekday) -> str | None:
    if not rule.window.on_days_off and weekday in calendar.weekend:
        return "it is always a day off, and the rule sends nothing on days off"
    ahead = range(1, rule.window.days_before_days_off + 1)
    if any((weekday + days) % 7 in calendar.weekend for days in ahead):
        return "it is always before a day off, and the rule sends nothing then"
    return None


def _never(
    rule: Rule, scopes: Sequence[Scope], times: OpenTimes, deadlines: Deadlines, since: datetime
) -> Iterator[tuple[str, str]]:
    term = _term(rule.scope, scopes, deadlines, since.astimezone(WARSAW).date())
    if not rule.window.week:
        if term:
            yield "hours", f"every weekday is off, and such orders have a deadline: {term}"
    elif times.next_open(since) is None:
        yield "hours", "they never come in two years: days off, the days before them, or the pause take them all"


def _term(scope: Scope, scopes: Sequence[Scope], deadlines: Deadlines, day: date) -> Term | None:
    """A term of orders to which the rule for ``scope`` may apply, on a Polish day; None if there is none."""
    details: list[DisconnectionKind | ReconnectionReason | None] = [scope.disconnection_kind]
    if scope.kind is OrderKind.RECONNECT:
        details += ReconnectionReason
    elif scope.kind is OrderKind.DISCONNECT and scope.disconnection_kind is None:
        details += [d for d in DisconnectionKind if replace(scope, disconnection_kind=d) not in scopes]
    return next((term for detail in details if (term := deadlines.term_of(scope.kind, detail, day))), None)


def _pause(rules: Rules, since: datetime) -> Iterator[RuleProblem]:
    """The problem if the pause leaves no moment for disconnections without a rule of their own."""
    times = rules.times(Rule(Scope(OrderKind.DISCONNECT)))
    if rules.rule_set.pause is not None and times.next_open(since) is None:
        yield RuleProblem(None, "no_disconnection", "no hour is left in two years: no disconnection could ever be sent")
