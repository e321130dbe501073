"""Reads rule sets that people write: YAML in which every value is text. What each key means: docs/configurator.md.

``read_rules`` finds wrong keys and values; ``checked_rules`` also finds contradictions.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    ValidationError,
    model_validator,
)

from csire_bridge.config.files.calendar_values import read_date, read_dates, read_weekday
from csire_bridge.config.files.marked_yaml import MarkedYaml, raise_problems
from csire_bridge.domain.calendar.hours import ALL_DAY, ALWAYS, NO_HOURS, Hours, Week
from csire_bridge.domain.calendar.windows import Pause, Window
from csire_bridge.domain.calendar.working_days import Calendar, Weekday
from csire_bridge.domain.errors import ConfigurationError
from csire_bridge.domain.identifiers import Eic
from csire_bridge.domain.law.clocks import Deadlines
from csire_bridge.domain.order.command_text import OrderText
from csire_bridge.domain.order.facts import OrderSource
from csire_bridge.domain.order.order import DisconnectionKind, OrderKind
from csire_bridge.domain.rules.checks import check_rules
from csire_bridge.domain.rules.model import Rule, RuleSet, Scope, Then

__all__ = ["DEFAULT_TEXT", "LONGEST_FILE", "checked_rules", "read_rules"]

DEFAULT_TEXT = "# No rule: every order is sent at once, round the clock.\nrules: []\n"
LONGEST_FILE = 256 * 1024
"""Characters of a rule file."""

_REMEDY = "correct the rule file; docs/configurator.md describes every key"


def _hours(value: object) -> tuple[Hours, ...]:
    if value == "none":
        return ()
    if value == "all-day":
        return (ALL_DAY,)
    texts = value.split(",") if isinstance(value, str) else value
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
        raise ValueError("write hours such as 08:00-15:00, several with commas between them, or all-day, or none")
    return tuple(Hours.parse(text) for text in texts)


def _week(value: dict[str, tuple[Hours, ...]]) -> Week:
    return Week.of(value)


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


_Week = Annotated[dict[str, Annotated[Any, PlainValidator(_hours)]], AfterValidator(_week)]
_Dates = Annotated[Any, PlainValidator(read_dates)]
_Days = Annotated[int, Field(ge=0, le=30)]
_Supplier = Annotated[str, AfterValidator(Eic.parse)]


class _For(_Model):
    kind: OrderKind
    disconnection_kind: DisconnectionKind | None = None
    supplier: _Supplier | None = None
    source: OrderSource | None = None

    @model_validator(mode="after")
    def _fits(self) -> _For:
        self.scope()
        return self

    def scope(self) -> Scope:
        if self.disconnection_kind is DisconnectionKind.DANGER or self.source is OrderSource.PERSON:
            raise ValueError("an order that a person gives because of danger is never held up: no rule concerns it")
        supplier = Eic(self.supplier) if self.supplier else None
        return Scope(self.kind, self.disconnection_kind, supplier, self.source)


class _RuleEntry(_Model):
    scope: _For = Field(alias="for")
    hours: _Week | None = None
    on_days_off: bool = True
    days_before_days_off: _Days = 0
    wait_days: int = Field(default=0, ge=0, le=366)
    try_days: int | None = Field(default=None, ge=1, le=3660)
    then: Then = Then.ASK
    text: Annotated[Any, PlainValidator(lambda value: OrderText.parse(str(value)))] = None

    def rule(self) -> Rule:
        week = ALWAYS if self.hours is None else self.hours
        window = Window(week, self.on_days_off, self.days_before_days_off)  # type: ignore[arg-type]
        return Rule(self.scope.scope(), window, self.wait_days, self.try_days, self.then, self.text)


class _PauseEntry(_Model):
    hours: _Week | None = None
    dates: tuple[_Dates, ...] = ()
    days_off: bool = False
    days_before_days_off: _Days = 0

    def pause(self) -> Pause:
        week = NO_HOURS if self.hours is None else self.hours
        return Pause(week, self.dates, self.days_off, self.days_before_days_off)  # type: ignore[arg-type]


def _none_as_empty(value: object) -> object:
    return [] if value == "" else value


class _File(_Model):
    weekend: frozenset[Annotated[Any, PlainValidator(read_weekday)]] = frozenset({Weekday.SATURDAY, Weekday.SUNDAY})
    extra_days_off: Annotated[frozenset[Annotated[Any, PlainValidator(read_date)]], BeforeValidator(_none_as_empty)] = (
        frozenset()
    )
    no_disconnection: _PauseEntry | None = None
    rules: Annotated[tuple[_RuleEntry, ...], BeforeValidator(_none_as_empty)]

    def rule_set(self) -> RuleSet:
        pause = self.no_disconnection.pause() if self.no_disconnection else None
        rules = tuple(entry.rule() for entry in self.rules)
        return RuleSet(rules, Calendar(self.weekend, self.extra_days_off), pause)


def read_rules(text: str, name: str) -> RuleSet:
    """Read a rule file; raise ConfigurationError with every wrong key or value, by line and key.

    ``name`` is the file's name in error messages.
    """
    return _read(text, name)[0]


def checked_rules(text: str, name: str, deadlines: Deadlines, since: datetime) -> RuleSet:
    """Read a rule file that shall hold from ``since`` (UTC); raise ConfigurationError also for contradictions."""
    rule_set, marked = _read(text, name)
    problems = []
    for problem in check_rules(rule_set, deadlines, since):
        key: list[str | int] = [problem.part] if problem.rule is None else ["rules", problem.rule, problem.part]
        problems.append(marked.problem(key, problem.text))
    raise_problems(problems, _REMEDY)
    return rule_set


def _read(text: str, name: str) -> tuple[RuleSet, MarkedYaml]:
    if len(text) > LONGEST_FILE:
        raise ConfigurationError(f"{name}: a rule file has at most {LONGEST_FILE} characters", _REMEDY)
    marked = MarkedYaml.read(text, name, _REMEDY)
    try:
        return _File.model_validate(marked.plain).rule_set(), marked
    except ValidationError as error:
        raise marked.refused(error) from error
