"""A rule file as a form that people fill in, and back: the same file that the one parser reads and judges.

A form keeps what was typed, right or wrong, so that mistakes can be shown where they are. Comments of a file don't
survive a form.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import yaml

from csire_bridge.config.files.marked_yaml import FileProblem, FileRefused, MarkedYaml
from csire_bridge.config.files.rule_files import checked_rules
from csire_bridge.domain.calendar.working_days import Weekday
from csire_bridge.domain.errors import ConfigurationError
from csire_bridge.domain.law.clocks import Deadlines
from csire_bridge.domain.rules.model import RuleSet

__all__ = ["EMPTY_RULE", "RuleForm", "judged", "week_of", "written_week"]

DAYS = tuple(day.name.lower() for day in Weekday)
EMPTY_RULE: Mapping[str, object] = {"for": {"kind": "disconnect"}}
_REMEDY = "correct the rule file; docs/configurator.md describes every key"


class RuleForm:
    """The keys and values of a rule file, all of them text as in the file."""

    def __init__(self, plain: Mapping[str, Any]) -> None:
        self.plain: dict[str, Any] = dict(plain)

    @classmethod
    def of(cls, text: str) -> RuleForm:
        """Raises FileRefused where the text is no YAML mapping."""
        return cls(MarkedYaml.read(text, "the rules", _REMEDY).plain)

    @property
    def rules(self) -> list[dict[str, Any]]:
        """The rules that are mappings, in their order."""
        found = self.plain.get("rules")
        return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []

    def with_rule(self, place: int | None, rule: Mapping[str, Any]) -> RuleForm:
        """With ``rule`` at a place; None: at the end. Raises IndexError."""
        rules = copy.copy(self.rules)
        if place is None:
            rules.append(dict(rule))
        else:
            rules[place] = dict(rule)
        return RuleForm({**self.plain, "rules": rules})

    def without_rule(self, place: int) -> RuleForm:
        """Without the rule at a place. Raises IndexError."""
        rules = copy.copy(self.rules)
        del rules[place]
        return RuleForm({**self.plain, "rules": rules})

    def with_days(self, days: Mapping[str, Any]) -> RuleForm:
        """With other days off and another pause; what is empty is left out."""
        there = {**self.plain, **days}
        return RuleForm({key: value for key, value in there.items() if value not in (None, "", {})})

    def text(self) -> str:
        """The file."""
        ordered = {key: self.plain[key] for key in sorted(self.plain, key=_place)}
        ordered.setdefault("rules", [])
        return yaml.safe_dump(ordered, allow_unicode=True, sort_keys=False, width=1000)


def _place(key: str) -> int:
    order = ("weekend", "extra_days_off", "no_disconnection", "rules")
    return order.index(key) if key in order else -1


def week_of(hours: object) -> dict[str, str]:
    """What a week of a file says of each weekday, as it is typed; hours of days that can't be read are left out."""
    found: dict[str, str] = {}
    for name, value in hours.items() if isinstance(hours, dict) else ():
        for day in _days(str(name)):
            found[day] = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return found


def _days(name: str) -> Iterable[str]:
    if name == "every-day":
        return DAYS
    first, _, last = name.partition("-")
    if first not in DAYS or (last or first) not in DAYS:
        return ()
    return DAYS[DAYS.index(first) : DAYS.index(last or first) + 1]


def written_week(typed: Mapping[str, str]) -> dict[str, str]:
    """A week of a file from what was typed for each weekday; days with the same hours are one line."""
    found: dict[str, str] = {}
    runs: list[tuple[str, str, str]] = []
    for day in DAYS:
        hours = typed.get(day, "").strip() or "none"
        if runs and runs[-1][2] == hours:
            runs[-1] = (runs[-1][0], day, hours)
        else:
            runs.append((day, day, hours))
    for first, last, hours in runs:
        name = first if first == last else f"{first}-{last}"
        found["every-day" if (first, last) == (DAYS[0], DAYS[-1]) else name] = hours
    return {name: hours for name, hours in found.items() if hours != "none"} or {"every-day": "none"}


def judged(text: str, deadlines: Deadlines, since: datetime) -> tuple[RuleSet | None, Sequence[FileProblem]]:
    """The rules of a text that shall hold from ``since`` (UTC); or None, and everything that is wrong with it."""
    try:
        return checked_rules(text, "the rules", deadlines, since), ()
    except FileRefused as error:
        return None, error.problems
    except ConfigurationError as error:
        return None, (FileProblem("the rules", 1, "", error.text),)
