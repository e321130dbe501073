"""Shifts: three a day, by Polish clocks. What happened in one, and what it hands over to the next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from csire_bridge.domain.clock import WARSAW, at_wall_clock
from csire_bridge.domain.people.acts import Act

__all__ = ["DESK_ACTS", "Shift"]

_BEGINS = (time(6), time(14), time(22))
_FOREIGN = (
    "login.",
    "user.",
    "token.",
    "session.",
    "audit.",
    "database.",
    "retention.",
    "settings.",
    "evidence.",
    "list.",
)

DESK_ACTS = tuple(act for act in Act if not act.endswith(".read") and not act.startswith(_FOREIGN))
"""Acts at orders, points, messages, guards, rules, partners and alerts: what a shift is about. No readings."""


@dataclass(frozen=True, slots=True)
class Shift:
    """The shift ``number`` (0 to 2) that begins on the Polish day ``day``: at 6, 14 and 22 o'clock."""

    day: date
    number: int

    @classmethod
    def at(cls, moment: datetime) -> Shift:
        """The one at a moment (aware)."""
        local = moment.astimezone(WARSAW)
        begun = [number for number, begin in enumerate(_BEGINS) if begin <= local.time()]
        return cls(local.date(), begun[-1]) if begun else cls(local.date() - timedelta(days=1), len(_BEGINS) - 1)

    @property
    def since(self) -> datetime:
        """Its begin (UTC)."""
        return at_wall_clock(datetime.combine(self.day, _BEGINS[self.number]), later=False)

    @property
    def until(self) -> datetime:
        """Its end (UTC), which is the begin of the next one."""
        return self.after.since

    @property
    def after(self) -> Shift:
        """The next one."""
        last = self.number == len(_BEGINS) - 1
        return Shift(self.day + timedelta(days=1), 0) if last else Shift(self.day, self.number + 1)

    @property
    def before(self) -> Shift:
        """The one before it."""
        return (
            Shift(self.day, self.number - 1) if self.number else Shift(self.day - timedelta(days=1), len(_BEGINS) - 1)
        )
