"""Rules in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from enum import Enum
from typing import Any

from csire_bridge.console.language.catalogs import translations
from csire_bridge.console.language.labels import label
from csire_bridge.console.language.languages import Language
from csire_bridge.domain.calendar.hours import ALL_DAY, ALWAYS, Week
from csire_bridge.domain.calendar.windows import DateRange, Pause
from csire_bridge.domain.calendar.working_days import Calendar, Weekday
from csire_bridge.domain.law.judge import Forbidden
from csire_bridge.domain.law.model import Ban
from csire_bridge.domain.operations.statistics import Bucket
from csire_bridge.domain.order.command_text import OrderText
from csire_bridge.domain.rules.decide import GiveUp, SendNow
from csire_bridge.domain.rules.difference import Change, Part
from csire_bridge.domain.rules.model import Rule, Scope, Then
from csire_bridge.domain.rules.timeline import Planned

__all__ = ["RuleWords"]


class RuleWords:
    """Texts for rules in a language."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self._text: Callable[[str], str] = translations(language).gettext
        self._several = translations(language).ngettext

    def code(self, value: Enum) -> str:
        """The words for a code."""
        return label(value, self.language)

    def weekday(self, day: int) -> str:
        """The name of a weekday, Monday is 0."""
        _ = self._text
        days = (_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday"))
        return days[day]

    def then(self, then: Then) -> str:
        """What happens to an order that could not be carried out in its days."""
        _ = self._text
        named = {
            Then.FIELD_WORK: _("a crew goes there"),
            Then.REFUSE: _("it is refused"),
            Then.ASK: _("a person decides"),
        }
        return named[then]

    def scope(self, scope: Scope) -> str:
        """For which orders a rule is."""
        parts = [self.code(scope.kind)]
        parts += [self.code(one) for one in (scope.disconnection_kind, scope.source) if one is not None]
        parts += [str(scope.supplier)] if scope.supplier else []
        return ", ".join(parts)

    def yes(self, value: bool) -> str:
        """Yes or no."""
        _ = self._text
        return _("yes") if value else _("no")

    def days(self, count: int) -> str:
        """A number of days."""
        ngettext = self._several
        return ngettext("%(num)s day", "%(num)s days", count) % {"num": count}

    def week(self, week: Week) -> str:
        """The hours of a week."""
        _ = self._text
        if week == ALWAYS:
            return _("round the clock")
        runs: list[tuple[int, int, str]] = []
        for day in Weekday:
            hours = ", ".join(_("all day") if one == ALL_DAY else str(one) for one in week.days[day])
            if runs and runs[-1][2] == hours:
                runs[-1] = (runs[-1][0], day, hours)
            else:
                runs.append((day, day, hours))
        told = [f"{self._run(first, last)} {hours}" for first, last, hours in runs if hours]
        return "; ".join(told) or _("never")

    def _run(self, first: int, last: int) -> str:
        _ = self._text
        if (first, last) == (0, 6):
            return _("every day")
        return self.weekday(first) if first == last else f"{self.weekday(first)} – {self.weekday(last)}"

    def dates(self, dates: DateRange) -> str:
        """One day, or from one to another."""
        _ = self._text
        shape = "%d.%m" if dates.yearly else "%d.%m.%Y"
        first, last = dates.first.strftime(shape), dates.last.strftime(shape)
        told = first if first == last else f"{first} – {last}"
        return told + (" " + _("of every year") if dates.yearly else "")

    def calendar(self, calendar: Calendar) -> str:
        """Which days are off."""
        _ = self._text
        days = [self.weekday(day) for day in sorted(calendar.weekend)]
        return ", ".join([*days, _("public holidays"), *(f"{day:%d.%m.%Y}" for day in sorted(calendar.extra))])

    def pause(self, pause: Pause | None) -> str:
        """When no disconnection is sent."""
        _ = self._text
        if pause is None:
            return _("no such times")
        parts = [self.week(pause.week)] if pause.week else []
        parts += [self.dates(one) for one in pause.dates]
        parts += [_("on days off")] if pause.on_days_off else []
        parts += [self.before(pause.days_before_days_off)] if pause.days_before_days_off else []
        return "; ".join(parts) or _("no such times")

    def before(self, days: int) -> str:
        """The days before a day off."""
        ngettext = self._several
        return ngettext("the day before a day off", "the %(num)s days before a day off", days) % {"num": days}

    def rule(self, rule: Rule) -> Iterator[tuple[str, str]]:
        """A rule as names and values."""
        _ = self._text
        window = rule.window
        yield _("Sent"), self.week(window.week)
        yield _("On days off"), self.yes(window.on_days_off)
        if window.days_before_days_off:
            yield _("Not sent on"), self.before(window.days_before_days_off)
        yield _("Waits after registration"), self.days(rule.wait_days) if rule.wait_days else _("not at all")
        yield _("Tried"), self.days(rule.try_days) if rule.try_days else _("without an end")
        yield _("Then"), self.then(rule.then)
        if rule.text:
            yield _("Text of the order"), rule.text.template

    def part(self, part: Part) -> str:
        """What has changed."""
        _ = self._text
        named = {
            Part.WEEKEND: _("Weekend"),
            Part.EXTRA_DAYS_OFF: _("Own days off"),
            Part.PAUSE_HOURS: _("No disconnection at these hours"),
            Part.PAUSE_DATES: _("No disconnection on these dates"),
            Part.PAUSE_DAYS_OFF: _("No disconnection on days off"),
            Part.PAUSE_DAYS_BEFORE: _("No disconnection on days before days off"),
            Part.RULE: _("The whole rule"),
            Part.HOURS: _("Sent"),
            Part.ON_DAYS_OFF: _("On days off"),
            Part.DAYS_BEFORE: _("Days before days off on which nothing is sent"),
            Part.WAIT_DAYS: _("Days to wait"),
            Part.TRY_DAYS: _("Days to keep trying"),
            Part.THEN: _("Then"),
            Part.TEXT: _("Text of the order"),
        }
        return named[part]

    def changed(self, changes: list[Change]) -> list[tuple[str, str, str, str]]:
        """Each change: which rule, which part, what held before, and what holds after."""
        _ = self._text
        return [
            (
                self.scope(one.scope) if one.scope else _("all orders"),
                self.part(one.part),
                self.value(one.before),
                self.value(one.after),
            )
            for one in changes
        ]

    def value(self, value: object) -> str:
        """A value of a part."""
        if isinstance(value, frozenset | tuple):
            return ", ".join(sorted(map(self._one, value))) or "–"
        return self._one(value)

    def _one(self, value: Any) -> str:
        kinds: dict[type, Callable[[Any], str]] = {
            bool: self.yes,
            Then: self.then,
            Week: self.week,
            DateRange: self.dates,
            Weekday: self.weekday,
            date: lambda day: f"{day:%d.%m.%Y}",
            OrderText: lambda text: text.template,
            Rule: lambda rule: "; ".join(f"{name}: {told}" for name, told in self.rule(rule)),
            type(None): lambda _: "–",
        }
        return next((told for kind, told in kinds.items() if isinstance(value, kind)), str)(value)

    def planned(self, planned: Planned) -> str:
        """What becomes of an order, without the moment."""
        _ = self._text
        what = planned.what
        if isinstance(what, SendNow):
            return _("is sent")
        if isinstance(what, Forbidden):
            return _("forbidden by law") + f" ({what.ban.source.place})"
        return self.then(what.then) + (" (" + _("its days are over") + ")" if isinstance(what, GiveUp) else "")

    def bucket(self, bucket: Bucket) -> str:
        """The times of a bucket."""
        _ = self._text
        named = {Bucket.UP_TO_15_MIN: _("up to 15 min"), Bucket.OVER_3_H: _("over 3 h")}
        return named.get(bucket, bucket.value.replace("-", "–"))

    def ban(self, ban: Ban) -> str:
        """The sentence of a ban."""
        return ban.pl if self.language is Language.POLISH else ban.en

    def source(self, ban: Ban) -> str:
        """Where a ban is written."""
        _ = self._text
        act = _("Energy Law") if ban.source.act == "Energy Law" else ban.source.act
        return f"{act} {ban.source.place}, {ban.source.published}"
