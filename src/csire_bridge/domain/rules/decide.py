"""The configurator's decision: (order, rules, now) -> send, wait, give up or never. Pure; every moment is aware UTC.

``rules/choice.py`` says which rule applies. For a disconnection, the set's pause applies in addition.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from csire_bridge.domain.calendar.windows import OpenTimes
from csire_bridge.domain.calendar.working_days import after_days
from csire_bridge.domain.order.facts import OrderFacts, OrderSource, start_date
from csire_bridge.domain.order.order import OrderKind
from csire_bridge.domain.rules.choice import choose
from csire_bridge.domain.rules.model import Rule, RuleSet, Scope, Then

__all__ = [
    "Decision",
    "GiveUp",
    "GiveUpReason",
    "Never",
    "NeverReason",
    "Rules",
    "SendNow",
    "Wait",
    "WaitReason",
    "decide",
]


class WaitReason(StrEnum):
    """Why an order waits."""

    DATE = "the date that it asks for has not come"
    DAYS_TO_WAIT = "the days to wait after registration are not over"
    HOURS = "nothing is sent at this hour, or on this day"


class GiveUpReason(StrEnum):
    """Why an order is tried no longer."""

    DAYS_OVER = "the days to keep trying are over"
    NO_HOUR_LEFT = "no hour to send comes before the days to keep trying are over"


class NeverReason(StrEnum):
    """Why an order can never be sent by the rules."""

    EVERY_WEEKDAY_OFF = "every weekday is off"
    HOURS_NEVER_COME = (
        "its hours never come in the next two years: days off, the days before them, or the pause take them"
    )


@dataclass(frozen=True, slots=True)
class SendNow:
    """The order may be sent at this moment."""


@dataclass(frozen=True, slots=True)
class Wait:
    """The order waits until a moment (UTC), at which it is to be decided again."""

    until: datetime
    reason: WaitReason


@dataclass(frozen=True, slots=True)
class GiveUp:
    """The order is not sent any more. ``since`` (UTC): when its days ended, or now when no hour is left in them."""

    then: Then
    since: datetime
    reason: GiveUpReason


@dataclass(frozen=True, slots=True)
class Never:
    """The rules leave no moment for the order."""

    then: Then
    reason: NeverReason


Decision = SendNow | Wait | GiveUp | Never
SEND_NOW = SendNow()


class Rules:
    """A rule set prepared for many orders. Caches what it has calculated; safe for several threads."""

    def __init__(self, rule_set: RuleSet, name: str = "the default, without rules") -> None:
        """``name`` is the rule set as a person knows it: its number, who entered it, and when."""
        self.rule_set, self.name = rule_set, name
        self._ready = {rule.scope: (rule, self.times(rule)) for rule in rule_set.rules}
        others = (Rule(Scope(kind)) for kind in OrderKind)
        self._others = {rule.scope.kind: (rule, self.times(rule)) for rule in others}

    def rule_for(self, order: OrderFacts, source: OrderSource = OrderSource.HUB) -> Rule:
        """The rule that applies to ``order``; the default if none matches."""
        return self.rule_and_times_for(order, source)[0]

    def rule_and_times_for(self, order: OrderFacts, source: OrderSource) -> tuple[Rule, OpenTimes]:
        """The rule that applies to ``order``, and its open times."""
        found = choose(self._ready, order, source) if self._ready else None
        return found or self._others[order.kind]

    def times(self, rule: Rule) -> OpenTimes:
        """The times at which ``rule`` permits sending: its window and the calendar, minus the pause for
        disconnections."""
        pause = self.rule_set.pause if rule.scope.kind is OrderKind.DISCONNECT else None
        return OpenTimes(rule.window, self.rule_set.calendar, pause)


def decide(order: OrderFacts, rules: Rules, now: datetime, source: OrderSource = OrderSource.HUB) -> Decision:
    """What the rules say about ``order`` at ``now``.

    The days to wait count from registration, full days by the Polish clock. The days to keep trying count from
    registration, or from the start of the date that the order asks for where that is later.
    """
    rule, times = rules.rule_and_times_for(order, source)
    date = start_date(order)
    end = _end(rule, order, date)
    if end is not None and now >= end:
        return GiveUp(rule.then, end, GiveUpReason.DAYS_OVER)
    earliest = _earliest(rule, order, date)
    start = times.next_open(max(now, earliest) if earliest else now)
    if start is None:
        every = NeverReason.HOURS_NEVER_COME if rule.window.week else NeverReason.EVERY_WEEKDAY_OFF
        return Never(rule.then, every)
    if start <= now:
        return SEND_NOW
    if earliest is not None and earliest > now and (start == earliest or (end is not None and start >= end)):
        return Wait(earliest, WaitReason.DATE if earliest == date else WaitReason.DAYS_TO_WAIT)
    if end is not None and start >= end:
        return GiveUp(rule.then, now, GiveUpReason.NO_HOUR_LEFT)
    return Wait(start, WaitReason.HOURS)


def _earliest(rule: Rule, order: OrderFacts, date: datetime | None) -> datetime | None:
    if not rule.wait_days:
        return date
    waited = after_days(order.registered_at, rule.wait_days, later=True)
    return max(waited, date) if date else waited


def _end(rule: Rule, order: OrderFacts, date: datetime | None) -> datetime | None:
    if rule.try_days is None:
        return None
    return after_days(max(order.registered_at, date) if date else order.registered_at, rule.try_days, later=True)
