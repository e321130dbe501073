"""All rules of a law file, and which of them are in force on a day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from csire_bridge.domain.law.model import LawRule

__all__ = ["LawBook"]

_Rule = TypeVar("_Rule", bound=LawRule)


@dataclass(frozen=True, slots=True)
class LawBook:
    """The rules of one country's law. A name may stand several times, for times that don't overlap."""

    rules: Sequence[LawRule] = ()

    def of(self, kind: type[_Rule]) -> Iterator[_Rule]:
        """All rules of that kind, whenever they hold."""
        return (rule for rule in self.rules if isinstance(rule, kind))

    def on(self, kind: type[_Rule], day: date) -> Iterator[_Rule]:
        """The rules of that kind that are in force on a Polish day."""
        return (rule for rule in self.of(kind) if rule.holds_on(day))

    def named(self, name: str, day: date) -> LawRule | None:
        """The rule of that name that is in force on a Polish day."""
        return next((rule for rule in self.on(LawRule, day) if rule.name == name), None)

    @property
    def names(self) -> frozenset[str]:
        """The names of all rules."""
        return frozenset(rule.name for rule in self.rules)
