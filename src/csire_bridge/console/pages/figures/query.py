"""What a page of figures is asked for: a period, which orders, and what they are compared with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import TypeVar
from urllib.parse import urlencode

from csire_bridge.domain.bounds import checked_day
from csire_bridge.domain.calendar.polish_month import PolishMonth
from csire_bridge.domain.figures.period import Period
from csire_bridge.domain.figures.wanted import FiguresWanted
from csire_bridge.domain.identifiers import Eic
from csire_bridge.domain.order.facts import OrderSource
from csire_bridge.domain.order.order import OrderKind

__all__ = ["NO_SUPPLIER", "Beside", "FigureQuery", "month_asked"]

NO_SUPPLIER = "-"
"""The filter for orders for which no supplier asked."""

_E = TypeVar("_E", bound=StrEnum)


class Beside(StrEnum):
    """What a period is compared with."""

    BEFORE = "before"
    YEAR_BEFORE = "year-before"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class FigureQuery:
    """``problem`` says which part of the address could not be read; what is shown then is this month."""

    period: Period
    wanted: FiguresWanted
    beside: Beside
    problem: str | None = None

    @classmethod
    def of(cls, asked: Mapping[str, str], now: datetime) -> FigureQuery:
        """What an address asks for at ``now`` (UTC)."""
        this = Period.this_month(now)
        try:
            period = _period(asked, this)
            wanted = FiguresWanted(None, _one(OrderKind, asked.get("kind")), _one(OrderSource, asked.get("source")))
            supplier = _supplier(asked.get("supplier", ""))
            beside = _one(Beside, asked.get("beside")) or Beside.BEFORE
        except ValueError as error:
            return cls(this, FiguresWanted(), Beside.BEFORE, str(error))
        return cls(period, FiguresWanted(None, wanted.kind, wanted.source, supplier), beside)

    @property
    def other(self) -> Period | None:
        """The period to compare with."""
        periods = {Beside.BEFORE: self.period.before, Beside.YEAR_BEFORE: self.period.year_before}
        return periods.get(self.beside)

    def address(self, **changes: object) -> str:
        """The query of an address that asks for the same, but for ``changes``."""
        parts = {
            "from": self.period.first,
            "to": self.period.last,
            "kind": self.wanted.kind,
            "source": self.wanted.source,
            "supplier": NO_SUPPLIER if self.wanted.supplier == "" else self.wanted.supplier,
            "beside": self.beside,
            **changes,
        }
        return urlencode({name: str(value) for name, value in parts.items() if value not in (None, "")})

    def usual(self, now: datetime) -> dict[str, str]:
        """The periods that people ask for most, by name, each as an address."""
        this = Period.this_month(now)
        year = Period(this.first.replace(month=1, day=1), this.last)
        periods = {"this": this, "last": this.before, "year": year}
        return {name: self.address(**{"from": period.first, "to": period.last}) for name, period in periods.items()}


def month_asked(text: str | None, now: datetime) -> PolishMonth:
    """The month that an address names; the present one for none. Raises ValueError."""
    return PolishMonth.parse(text) if text else PolishMonth(Period.this_month(now).first)


def _period(asked: Mapping[str, str], this: Period) -> Period:
    first, last = _day(asked.get("from")), _day(asked.get("to"))
    begin = first or (last.replace(day=1) if last else this.first)
    return Period(begin, last or max(begin, this.last))


def _day(text: str | None) -> date | None:
    return checked_day(date.fromisoformat(text)) if text else None


def _one(kind: type[_E], text: str | None) -> _E | None:
    return kind(text) if text else None


def _supplier(text: str) -> str | None:
    text = text.strip()
    if text == NO_SUPPLIER:
        return ""
    return str(Eic.parse(text)) if text else None
