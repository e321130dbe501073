"""The configurator's data: rules, and a rule set with its calendar. For the decisions see ``decide.py``."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum

from csire_bridge.domain.calendar.windows import ANY_TIME, Pause, Window
from csire_bridge.domain.calendar.working_days import LAW, Calendar
from csire_bridge.domain.identifiers import Eic
from csire_bridge.domain.order.command_text import OrderText
from csire_bridge.domain.order.facts import OrderSource
from csire_bridge.domain.order.order import DisconnectionKind, OrderKind

__all__ = ["Rule", "RuleDraft", "RuleSet", "RuleSetVersion", "Scope", "Then"]


class Then(StrEnum):
    """What happens to an order that could not be carried out in its days, or never can."""

    FIELD_WORK = "field-work"
    REFUSE = "refuse"
    ASK = "ask"


@dataclass(frozen=True, slots=True)
class Scope:
    """The conditions of a rule; None matches everything."""

    kind: OrderKind
    disconnection_kind: DisconnectionKind | None = None
    supplier: Eic | None = None
    source: OrderSource | None = None

    def __post_init__(self) -> None:
        if self.disconnection_kind and self.kind is not OrderKind.DISCONNECT:
            raise ValueError("only disconnections have a disconnection_kind")

    @property
    def named(self) -> frozenset[tuple[str, str]]:
        """Every condition that it names."""
        pairs = ((field.name, getattr(self, field.name)) for field in fields(self))
        return frozenset((name, str(value)) for name, value in pairs if value is not None)

    def overlaps(self, other: Scope) -> bool:
        """Whether an order can be in both."""
        mine, theirs = dict(self.named), dict(other.named)
        return all(theirs[name] == value for name, value in mine.items() if name in theirs)

    def both(self, other: Scope) -> Scope:
        """The orders that are in both, which must overlap."""
        return Scope(
            self.kind,
            self.disconnection_kind or other.disconnection_kind,
            self.supplier or other.supplier,
            self.source or other.source,
        )

    def __str__(self) -> str:
        return ", ".join(str(v) for f in fields(self) if (v := getattr(self, f.name)) is not None)


@dataclass(frozen=True, slots=True)
class Rule:
    """When orders of ``scope`` are sent, and with which text.

    ``wait_days`` are whole days after registration before the first sending; ``try_days`` are the days, from
    registration or from the date that the order asks for, after which ``then`` comes; None: no end.
    """

    scope: Scope
    window: Window = ANY_TIME
    wait_days: int = 0
    try_days: int | None = None
    then: Then = Then.ASK
    text: OrderText | None = None


@dataclass(frozen=True, slots=True)
class RuleSet:
    """All rules that hold at a time. ``pause``: when no disconnection is sent, whatever a rule says."""

    rules: tuple[Rule, ...] = ()
    calendar: Calendar = LAW
    pause: Pause | None = None


@dataclass(frozen=True, slots=True)
class RuleSetVersion:
    """A rule set as a person entered it. Moments are UTC; ``text`` is the file as it was given."""

    key: int
    valid_from: datetime
    entered_at: datetime
    entered_by: str
    why: str
    text: str


@dataclass(frozen=True, slots=True)
class RuleDraft:
    """Rules that hold nowhere yet, and may be wrong. ``based_on`` is the rule set from which somebody began.

    ``changed_at`` is UTC; ``version`` is for compare-and-set.
    """

    key: int
    title: str
    text: str
    based_on: int | None
    changed_at: datetime
    changed_by: str
    version: int
