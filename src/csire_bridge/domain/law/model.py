"""The rules of a law file. Each has a source, the days on which it holds, and a sentence in both languages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from csire_bridge.domain.calendar.windows import DateRange
from csire_bridge.domain.calendar.working_days import Calendar, Weekday
from csire_bridge.domain.order.deadlines import Term
from csire_bridge.domain.protection import ProtectedKind

__all__ = [
    "Ban",
    "BanDays",
    "ClockStart",
    "ComplaintBlock",
    "Duty",
    "LawClock",
    "LawRule",
    "LegalSource",
    "ShareFigure",
]


@dataclass(frozen=True, slots=True)
class LegalSource:
    """Where a rule is written: the act, the place in it, and the publication that was read."""

    act: str
    place: str
    published: str

    def __str__(self) -> str:
        return f"{self.act} {self.place}, {self.published}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LawRule:
    """One rule of the law. ``first`` and ``last`` (None: no end is known) are the Polish dates on which it holds.

    ``en`` and ``pl`` are sentences that can be read to a customer.
    """

    name: str
    source: LegalSource
    first: date
    en: str
    pl: str
    last: date | None = None

    def holds_on(self, day: date) -> bool:
        """Whether the rule is in force on a Polish day."""
        return self.first <= day and (self.last is None or day <= self.last)

    @property
    def version(self) -> str:
        """The rule as a sentence names it: its name and the day from which this wording holds."""
        return f"{self.name} of {self.first.isoformat()}"

    @property
    def words(self) -> str:
        """The sentence with rule and source, for histories and answers."""
        return f"{self.en} ({self.source}; rule {self.version})"


@dataclass(frozen=True, slots=True, kw_only=True)
class BanDays:
    """The days of a ban: every day, or dates of the year, weekdays, public holidays, and the days before one of these.

    ``days_before_days_off`` counts days just before a weekday of ``weekdays`` or a public holiday.
    """

    always: bool = False
    dates: tuple[DateRange, ...] = ()
    weekdays: frozenset[Weekday] = frozenset()
    public_holidays: bool = False
    days_before: int = 0

    def __contains__(self, day: date) -> bool:
        if self.always or any(day in dates for dates in self.dates):
            return True
        return any(self._is_off(day + timedelta(days=n)) for n in range(self.days_before + 1))

    def _is_off(self, day: date) -> bool:
        if self.public_holidays:
            return Calendar(self.weekdays).is_day_off(day)
        return day.weekday() in self.weekdays


@dataclass(frozen=True, slots=True, kw_only=True)
class Ban(LawRule):
    """Orders of the classes ``orders`` must not be carried out on ``days`` where a household of ``whom`` lives.

    ``where_unknown``: it also holds where nobody knows whether the household is protected, unless a setting decides
    otherwise.
    """

    orders: frozenset[str]
    whom: frozenset[ProtectedKind]
    days: BanDays
    where_unknown: bool = False


class ClockStart(StrEnum):
    """From when on a clock matters: from receipt, or once a command could not be delivered (it counts from receipt)."""

    RECEIPT = "receipt"
    UNDELIVERED = "undelivered"


@dataclass(frozen=True, slots=True, kw_only=True)
class LawClock(LawRule):
    """By when orders of the classes ``orders`` must be carried out."""

    orders: frozenset[str]
    within: Term
    starts: ClockStart = ClockStart.RECEIPT


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintBlock(LawRule):
    """A complaint forbids orders of the classes ``orders``; one that is not decided within ``decide_within`` counts
    as upheld."""

    orders: frozenset[str]
    decide_within: Term


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty(LawRule):
    """Something that the operator must do, which the code carries out; the file holds its source and sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareFigure(LawRule):
    """At least ``percent`` of the commands are delivered ``within`` a term, for each group of ``group`` meters at
    most."""

    percent: int
    within: Term
    group: int
