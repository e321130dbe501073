"""Rule sets, and what differs between two, in English words: the one place with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import NoneType
from typing import Any

from csire_bridge.domain.calendar.hours import ALWAYS, Week
from csire_bridge.domain.calendar.windows import DateRange, Pause
from csire_bridge.domain.calendar.working_days import Calendar, Weekday
from csire_bridge.domain.order.command_text import OrderText
from csire_bridge.domain.rules.model import Rule, RuleSet, Then

__all__ = ["THEN", "rule_set_words", "value_words"]

THEN = {Then.FIELD_WORK: "field work", Then.REFUSE: "refuse it", Then.ASK: "ask a person"}


def rule_set_words(rule_set: RuleSet) -> Iterator[str]:
    """A rule set, line by line."""
    yield f"Days off: {_calendar(rule_set.calendar)}"
    yield f"No disconnection: {_pause(rule_set.pause) if rule_set.pause else 'no such times'}"
    for rule in rule_set.rules:
        yield f"For {rule.scope}:"
        yield from (f"  {line}" for line in _rule(rule))
    yield "For all other orders: sent at once, round the clock"


def _calendar(calendar: Calendar) -> str:
    weekend = [day.name.lower() for day in sorted(calendar.weekend)]
    return ", ".join([*weekend, "public holidays", *(day.isoformat() for day in sorted(calendar.extra))])


def _pause(pause: Pause) -> str:
    parts = [str(pause.week)] if pause.week else []
    parts += [_dates(dates) for dates in pause.dates]
    parts += ["days off"] if pause.on_days_off else []
    parts += [_before(pause.days_before_days_off)] if pause.days_before_days_off else []
    return "; ".join(parts) or "no such times"


def _dates(dates: DateRange) -> str:
    first, last = (f"{d:%m-%d}" if dates.yearly else d.isoformat() for d in (dates.first, dates.last))
    return (first if first == last else f"{first} to {last}") + (" of every year" if dates.yearly else "")


def _before(days: int) -> str:
    return "the day before a day off" if days == 1 else f"the {days} days before a day off"


def _rule(rule: Rule) -> Iterator[str]:
    window = rule.window
    yield f"sent: {_week(window.week)}"
    yield f"on days off: {'yes' if window.on_days_off else 'no'}"
    if window.days_before_days_off:
        yield f"not on {_before(window.days_before_days_off)}"
    yield f"waits after registration: {_days(rule.wait_days) if rule.wait_days else 'no'}"
    yield f"kept trying: {_days(rule.try_days) if rule.try_days else 'without an end'}; then: {THEN[rule.then]}"
    if rule.text:
        yield f"text: {rule.text.template}"


def _days(days: int) -> str:
    return "1 day" if days == 1 else f"{days} days"


def value_words(value: object) -> str:
    """A value of a part that has changed."""
    if isinstance(value, frozenset | tuple):
        return ", ".join(sorted(map(_one, value))) or "none"
    return _one(value)


def _one(value: object) -> str:
    words = next((words for kind, words in _WORDS.items() if isinstance(value, kind)), str)
    return words(value)


def _week(week: Week) -> str:
    return "round the clock" if week == ALWAYS else str(week)


_WORDS: Mapping[type, Callable[[Any], str]] = {
    bool: lambda value: "yes" if value else "no",
    NoneType: lambda _: "none",
    Then: THEN.__getitem__,
    Week: _week,
    OrderText: lambda text: text.template,
    Rule: lambda rule: "; ".join(_rule(rule)),
    Weekday: lambda day: day.name.lower(),
    DateRange: _dates,
}
