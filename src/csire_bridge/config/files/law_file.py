"""Reads the law file: rules of the law, as YAML in which every value is text. What each key means: docs/law.md."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    StringConstraints,
    ValidationError,
)

from csire_bridge.config.files.calendar_values import read_date, read_dates, read_weekday
from csire_bridge.config.files.marked_yaml import FileProblem, MarkedYaml, raise_problems
from csire_bridge.domain.calendar.working_days import Weekday
from csire_bridge.domain.errors import ConfigurationError
from csire_bridge.domain.law.book import LawBook
from csire_bridge.domain.law.model import (
    Ban,
    BanDays,
    ClockStart,
    ComplaintBlock,
    Duty,
    LawClock,
    LawRule,
    LegalSource,
    ShareFigure,
)
from csire_bridge.domain.order.deadlines import Term, Unit, known_class, order_classes
from csire_bridge.domain.order.order import OrderKind
from csire_bridge.domain.order.requests.operators_own import OPERATORS_OWN
from csire_bridge.domain.protection import ProtectedKind
from csire_bridge.domain.written_text import written_text

__all__ = ["LAW_FILE", "load_law", "read_law"]

LAW_FILE = Path("law") / "pl.yaml"
"""The place of the law file within a folder of mappings."""

_REMEDY = "correct the law file; docs/law.md describes every key"
_LONGEST_FILE = 256 * 1024
_TWO_YEARS = 2 * 366

_Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=400)]
_Name = Annotated[str, StringConstraints(pattern="^[a-z][a-z0-9-]{2,59}$")]
_Day = Annotated[Any, PlainValidator(read_date)]
_Within = Annotated[Any, PlainValidator(lambda value: Term.parse(str(value)))]


def _in_hours(term: Term) -> Term:
    if term.unit is not Unit.HOURS:
        raise ValueError(f"{term} is no number of hours, by which a share is counted")
    return term


_Orders = Annotated[tuple[Annotated[str, AfterValidator(known_class)], ...], Field(min_length=1)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Source(_Model):
    act: _Text
    place: _Text
    published: _Text


class _Rule(_Model):
    name: _Name
    source: _Source
    holds_from: _Day
    holds_until: _Day = None
    en: _Text
    pl: _Text

    def common(self) -> Mapping[str, Any]:
        return {
            "name": self.name,
            "source": LegalSource(self.source.act, self.source.place, self.source.published),
            "first": self.holds_from,
            "last": self.holds_until,
            "en": self.en,
            "pl": self.pl,
        }


class _Days(_Model):
    always: bool = False
    dates: tuple[Annotated[Any, PlainValidator(read_dates)], ...] = ()
    weekdays: frozenset[Annotated[Any, PlainValidator(read_weekday)]] = frozenset()
    public_holidays: bool = False
    days_before: int = Field(default=0, ge=0, le=7)

    def days(self) -> BanDays:
        return BanDays(
            always=self.always,
            dates=self.dates,
            weekdays=frozenset(map(Weekday, self.weekdays)),
            public_holidays=self.public_holidays,
            days_before=self.days_before,
        )


def _not_danger(orders: tuple[str, ...]) -> tuple[str, ...]:
    if not OPERATORS_OWN.isdisjoint(orders):
        raise ValueError(f"danger is never banned (Energy Law art. 6b(4)): take out {', '.join(sorted(OPERATORS_OWN))}")
    return orders


class _Ban(_Rule):
    kind: Literal["ban"]
    orders: Annotated[_Orders, AfterValidator(_not_danger)]
    whom: Annotated[tuple[ProtectedKind, ...], Field(min_length=1)]
    where_unknown: bool = False
    days: _Days

    def rule(self) -> Ban:
        return Ban(
            **self.common(),
            orders=_with_details(self.orders) - OPERATORS_OWN,
            whom=frozenset(self.whom),
            where_unknown=self.where_unknown,
            days=self.days.days(),
        )


class _Clock(_Rule):
    kind: Literal["clock"]
    orders: _Orders
    within: _Within
    starts: ClockStart = ClockStart.RECEIPT

    def rule(self) -> LawClock:
        return LawClock(**self.common(), orders=_with_details(self.orders), within=self.within, starts=self.starts)


class _Complaint(_Rule):
    kind: Literal["complaint"]
    orders: _Orders
    decide_within: _Within

    def rule(self) -> ComplaintBlock:
        return ComplaintBlock(**self.common(), orders=_with_details(self.orders), decide_within=self.decide_within)


class _Duty(_Rule):
    kind: Literal["duty"]

    def rule(self) -> Duty:
        return Duty(**self.common())


class _Share(_Rule):
    kind: Literal["share"]
    percent: int = Field(ge=1, le=100)
    within: Annotated[_Within, AfterValidator(_in_hours)]
    group: int = Field(ge=1)

    def rule(self) -> ShareFigure:
        return ShareFigure(**self.common(), percent=self.percent, within=self.within, group=self.group)


_AnyRule = Annotated[_Ban | _Clock | _Complaint | _Duty | _Share, Field(discriminator="kind")]


class _File(_Model):
    country: Literal["pl"]
    rules: tuple[_AnyRule, ...]


def _with_details(orders: Sequence[str]) -> frozenset[str]:
    """A kind of order stands for all classes of its orders."""
    kinds = {kind.value for kind in OrderKind}
    found = set(orders)
    for name in orders:
        if name in kinds:
            found |= {known for known in order_classes() if known.startswith(f"{name}-")}
    return frozenset(found)


def load_law(folders: Sequence[Path]) -> LawBook:
    """The law file of the first of ``folders`` (of mappings) that has one.

    Raises ConfigurationError when none has, or everything that is wrong with it, by line and key.
    """
    for place in folders:
        file = place / LAW_FILE
        if file.is_file():
            try:
                text = written_text(file.read_bytes())
            except (OSError, ValueError) as error:
                raise ConfigurationError(f"the law file {file} can't be read: {error}", _REMEDY) from error
            return read_law(text, str(file))
    raise ConfigurationError(f"there is no law file {LAW_FILE} in any folder of mappings", "install the package again")


@lru_cache(maxsize=4)
def read_law(text: str, name: str) -> LawBook:
    """Read a law file; raise ConfigurationError with everything that is wrong, by line and key.

    ``name`` is the file's name in error messages. A bridge asks for the same text six times while it starts.
    """
    if len(text) > _LONGEST_FILE:
        raise ConfigurationError(f"{name}: a law file has at most {_LONGEST_FILE} characters", _REMEDY)
    marked = MarkedYaml.read(text, name, _REMEDY)
    try:
        rules = tuple(entry.rule() for entry in _File.model_validate(marked.plain).rules)
    except ValidationError as error:
        raise marked.refused(error, "ban", "clock", "complaint", "duty", "share") from error
    raise_problems(list(_contradictions(rules, marked)), _REMEDY)
    return LawBook(rules)


def _contradictions(rules: Sequence[LawRule], marked: MarkedYaml) -> Iterator[FileProblem]:
    if not rules:
        yield marked.problem(["rules"], "the file has no rule")
    for place, rule in enumerate(rules):
        if rule.last is not None and rule.last < rule.first:
            yield marked.problem(["rules", place, "holds_until"], "the rule ends before it begins")
        for other in rules[:place]:
            if other.name == rule.name and _overlap(other, rule):
                text = f"another rule {rule.name} holds at the same time: give the earlier one a holds_until"
                yield marked.problem(["rules", place, "name"], text)
        if isinstance(rule, Ban):
            yield from (marked.problem(["rules", place, "days"], text) for text in _wrong_days(rule))


def _overlap(one: LawRule, other: LawRule) -> bool:
    return one.first <= (other.last or date.max) and other.first <= (one.last or date.max)


def _wrong_days(ban: Ban) -> Iterator[str]:
    days = ban.days
    calendar = bool(days.dates or days.weekdays or days.public_holidays or days.days_before)
    if days.always and calendar:
        yield "always is every day: take out the other keys, or take out always"
    if not days.always and not calendar:
        yield "the ban has no day: name dates, weekdays or public_holidays, or write always: yes"
    if days.days_before and not (days.weekdays or days.public_holidays):
        yield "days_before counts from weekdays or public_holidays: name one of them"
    if not days.always and calendar and all(ban.first + timedelta(days=n) in days for n in range(_TWO_YEARS)):
        yield "the ban never ends: no day of two years is left; write always: yes if that is meant"
