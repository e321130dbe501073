"""A week of a rule as a drawing: when orders are sent, what the pause takes, and what the law forbids.

Each has a pattern of its own and is named, and the drawing says in words what it shows. It is a week without public
holidays, between the dates of the law's winter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from csire_bridge.console.pages.rules.words import RuleWords
from csire_bridge.domain.calendar.hours import DAY_MINUTES
from csire_bridge.domain.calendar.windows import OpenTimes, Pause
from csire_bridge.domain.calendar.working_days import Calendar
from csire_bridge.domain.law.model import Ban
from csire_bridge.domain.law.policy import LawPolicy
from csire_bridge.domain.order.deadlines import order_class
from csire_bridge.domain.order.order import DisconnectionKind, OrderKind
from csire_bridge.domain.rules.model import Rule, RuleSet, Scope

__all__ = ["Stripe", "WeekGrid", "bans_for", "week_grid"]

_PLAIN_MONDAY = date(2026, 9, 7)
LEFT, ROW, WIDTH = 90.0, 20.0, 480.0


@dataclass(frozen=True, slots=True)
class Stripe:
    """A stretch of a day. ``kind``: ``open``, ``paused`` or ``banned``."""

    kind: str
    x: float
    y: float
    width: float
    words: str


@dataclass(frozen=True, slots=True)
class WeekGrid:
    """The drawing. ``days`` are names with their places; ``about`` says everything in words."""

    name: str
    stripes: Sequence[Stripe]
    days: Sequence[tuple[str, float]]
    hours: Sequence[tuple[str, float]]
    about: str
    kinds: frozenset[str]
    height: float = ROW * 7 + 18


def week_grid(name: str, rule: Rule, rules: RuleSet, bans: Sequence[Ban], words: RuleWords) -> WeekGrid:
    """The week of ``rule``, which is one of ``rules``; ``bans`` are those that concern its orders."""
    calendar = Calendar(rules.calendar.weekend)
    times = OpenTimes(rule.window, calendar)
    pause = rules.pause if rule.scope.kind is OrderKind.DISCONNECT else None
    stripes: list[Stripe] = []
    told: list[str] = []
    for weekday in range(7):
        day = _PLAIN_MONDAY + timedelta(days=weekday)
        opened, held = list(times.minutes(day)), _held(pause, day, calendar)
        told.append(f"{words.weekday(weekday)}: {', '.join(map(_clock, opened)) or '–'}")
        row = [("open", opened), ("paused", held)]
        row += [("banned", [(0, DAY_MINUTES)])] if any(_is_weekly(ban, day) for ban in bans) else []
        for kind, minutes in row:
            stripes += [_stripe(kind, weekday, one, words.weekday(weekday)) for one in minutes]
    days = [(words.weekday(at), at * ROW + 14) for at in range(7)]
    hours = [(f"{hour:02}", _x(hour * 60)) for hour in range(0, 25, 3)]
    return WeekGrid(name, stripes, days, hours, "; ".join(told), frozenset(one.kind for one in stripes))


def bans_for(scope: Scope, law: LawPolicy) -> list[Ban]:
    """The bans that are applied and concern orders of a rule."""
    own = order_class(scope.kind, scope.disconnection_kind)
    wide = scope.kind is OrderKind.DISCONNECT and scope.disconnection_kind is None
    classes = {own, *(order_class(scope.kind, detail) for detail in DisconnectionKind if wide)}
    return [ban for ban in law.book.of(Ban) if ban.orders & classes and ban.name not in law.loosened]


def _is_weekly(ban: Ban, day: date) -> bool:
    return not ban.days.always and day in replace(ban.days, dates=())


def _held(pause: Pause | None, day: date, calendar: Calendar) -> list[tuple[int, int]]:
    if pause is None:
        return []
    if replace(pause, dates=()).holds_all(day, calendar):
        return [(0, DAY_MINUTES)]
    return [*pause.week.spilled(day.weekday()), *pause.week.minutes(day.weekday())]


def _stripe(kind: str, weekday: int, minutes: tuple[int, int], day: str) -> Stripe:
    start, end = minutes
    x = _x(start)
    return Stripe(kind, x, weekday * ROW + 2, round(_x(end) - x, 1), f"{day} {_clock(minutes)}")


def _x(minute: int) -> float:
    return round(LEFT + (WIDTH - LEFT - 8) * minute / DAY_MINUTES, 1)


def _clock(minutes: tuple[int, int]) -> str:
    start, end = minutes
    return f"{start // 60:02}:{start % 60:02}–{end // 60:02}:{end % 60:02}"
