"""Whether a ban of the law forbids an order on a day, and the first day on which none does. Pure."""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from csire_bridge.domain.clock import WARSAW
from csire_bridge.domain.law.model import Ban
from csire_bridge.domain.law.policy import LawPolicy
from csire_bridge.domain.order.deadlines import class_of
from csire_bridge.domain.order.facts import OrderFacts
from csire_bridge.domain.order.requests.operators_own import is_operators_own
from csire_bridge.domain.protection import Protection

__all__ = ["Banned", "Bans", "concerned"]

_DAY = timedelta(days=1)
_HORIZON = 2 * 366
"""How many days ahead a day without a ban is looked for."""


@dataclass(frozen=True, slots=True)
class Banned:
    """The ban that forbids an order on a day. ``open_on``: the first Polish day on which no ban forbids it.

    None: no such day comes within two years.
    """

    ban: Ban
    open_on: date | None


def concerned(order: OrderFacts, policy: LawPolicy) -> bool:
    """Whether any ban concerns orders of this class at all, whoever lives at the point; danger is never banned."""
    if is_operators_own(order):
        return False
    own = class_of(order)
    return any(own in ban.orders for ban in policy.book.of(Ban))


class Bans:
    """The bans for one class of orders and one household. Caches nothing; cheap to make."""

    def __init__(self, order: OrderFacts, protection: Protection | None, policy: LawPolicy) -> None:
        """``protection`` None: nobody knows; the bans that hold ``where_unknown`` count."""
        own = class_of(order)
        self._bans = [] if is_operators_own(order) else [ban for ban in policy.book.of(Ban) if own in ban.orders]
        self._protection = protection

    def on(self, day: date, *, without: Container[str] = ()) -> Banned | None:
        """The ban on a Polish day, leaving out rules named in ``without``; None when the order is permitted then."""
        ban = next(self._forbidding(day, without), None)
        if ban is None:
            return None
        days = (day + n * _DAY for n in range(1, _HORIZON + 1))
        return Banned(ban, next((then for then in days if not any(self._forbidding(then, without))), None))

    def all_on(self, day: date) -> list[Ban]:
        """All bans on a Polish day."""
        return list(self._forbidding(day, ()))

    def of_household(self, now: datetime) -> list[Ban]:
        """The bans in force on the Polish day of ``now`` (UTC) that concern this household, on whichever days."""
        day = now.astimezone(WARSAW).date()
        return [ban for ban in self._bans if ban.holds_on(day) and self._counts(ban, day)]

    def _forbidding(self, day: date, without: Container[str]) -> Iterator[Ban]:
        return (
            ban
            for ban in self._bans
            if ban.name not in without and ban.holds_on(day) and day in ban.days and self._counts(ban, day)
        )

    def _counts(self, ban: Ban, day: date) -> bool:
        return ban.where_unknown if self._protection is None else self._protection.on(day) in ban.whom
