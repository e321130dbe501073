"""What differs between two rule sets, part by part, so that it can be told in words. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from csire_bridge.domain.calendar.windows import Pause, Window
from csire_bridge.domain.rules.model import Rule, RuleSet, Scope

__all__ = ["Change", "Part", "differences"]


class Part(StrEnum):
    """What of a rule set, or of one of its rules, has changed."""

    WEEKEND = "weekend"
    EXTRA_DAYS_OFF = "extra days off"
    PAUSE_HOURS = "no disconnection at these hours"
    PAUSE_DATES = "no disconnection on these dates"
    PAUSE_DAYS_OFF = "no disconnection on days off"
    PAUSE_DAYS_BEFORE = "no disconnection on days before days off"
    RULE = "rule"
    HOURS = "hours"
    ON_DAYS_OFF = "on days off"
    DAYS_BEFORE = "days before days off"
    WAIT_DAYS = "days to wait"
    TRY_DAYS = "days to keep trying"
    THEN = "then"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Change:
    """One part that differs; ``scope`` is whose rule it is of, None for what stands beside the rules.

    For ``Part.RULE`` a value of None is a rule that is not there.
    """

    scope: Scope | None
    part: Part
    before: object
    after: object


def differences(before: RuleSet, after: RuleSet) -> list[Change]:
    """Everything that differs, in the order of the file: days, pause, rules as they stand in ``after``, those gone."""
    return [*_days(before, after), *_pause(before.pause or Pause(), after.pause or Pause()), *_rules(before, after)]


def _days(before: RuleSet, after: RuleSet) -> Iterator[Change]:
    yield from _of(None, Part.WEEKEND, before.calendar.weekend, after.calendar.weekend)
    yield from _of(None, Part.EXTRA_DAYS_OFF, before.calendar.extra, after.calendar.extra)


def _pause(before: Pause, after: Pause) -> Iterator[Change]:
    yield from _of(None, Part.PAUSE_HOURS, before.week, after.week)
    yield from _of(None, Part.PAUSE_DATES, before.dates, after.dates)
    yield from _of(None, Part.PAUSE_DAYS_OFF, before.on_days_off, after.on_days_off)
    yield from _of(None, Part.PAUSE_DAYS_BEFORE, before.days_before_days_off, after.days_before_days_off)


def _rules(before: RuleSet, after: RuleSet) -> Iterator[Change]:
    was, is_now = ({rule.scope: rule for rule in rules.rules} for rules in (before, after))
    for scope, rule in is_now.items():
        if scope not in was:
            yield Change(scope, Part.RULE, None, rule)
        else:
            yield from _rule(was[scope], rule)
    for scope, rule in was.items():
        if scope not in is_now:
            yield Change(scope, Part.RULE, rule, None)


def _rule(before: Rule, after: Rule) -> Iterator[Change]:
    scope, old, new = after.scope, before.window, after.window
    yield from _window(scope, old, new)
    yield from _of(scope, Part.WAIT_DAYS, before.wait_days, after.wait_days)
    yield from _of(scope, Part.TRY_DAYS, before.try_days, after.try_days)
    yield from _of(scope, Part.THEN, before.then, after.then)
    yield from _of(scope, Part.TEXT, before.text, after.text)


def _window(scope: Scope, old: Window, new: Window) -> Iterator[Change]:
    yield from _of(scope, Part.HOURS, old.week, new.week)
    yield from _of(scope, Part.ON_DAYS_OFF, old.on_days_off, new.on_days_off)
    yield from _of(scope, Part.DAYS_BEFORE, old.days_before_days_off, new.days_before_days_off)


def _of(scope: Scope | None, part: Part, before: object, after: object) -> Iterator[Change]:
    if before != after:
        yield Change(scope, part, before, after)
