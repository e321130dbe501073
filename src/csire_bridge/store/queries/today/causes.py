"""Failures with the same cause: what waits for a person, by why it was not delivered, and by station. Read only."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, Select, func, select, union_all

from csire_bridge.domain.order.order import NEEDS_OPERATOR, NotDelivered, OrderState
from csire_bridge.store.queries.lists.counted import Counted
from csire_bridge.store.queries.search.order_search import OrderSearch
from csire_bridge.store.tables import FOR_A_PERSON, metering_points, orders

__all__ = ["Cause", "common_causes"]

_LOOKED_AT = 500
"""Orders of each state, the newest ones: for each of them the station of its point is looked up."""
_SHOWN = 12
_FEWEST = 2


@dataclass(frozen=True, slots=True)
class Cause:
    """Orders that wait for a person for the same cause, at one station."""

    state: OrderState
    why: NotDelivered
    station: str
    count: Counted

    @property
    def search(self) -> OrderSearch:
        """What finds exactly these."""
        return OrderSearch(states=(self.state,), undelivered=self.why, station=self.station)


def common_causes(connection: Connection) -> list[Cause]:
    """The causes with the most orders among the newest 500 of each state that waits for a person.

    Those with several only. Where more wait, a count is not exact.
    """
    rows = connection.execute(_CAUSES).all()
    looked_at: dict[str, int] = {}
    for state, _, _, number in rows:
        looked_at[state] = looked_at.get(state, 0) + number
    common = [row for row in rows if row.why and row.station and row.number >= _FEWEST]
    return [
        Cause(OrderState(state), NotDelivered(why), station, Counted(number, exact=looked_at[state] < _LOOKED_AT))
        for state, why, station, number in common[:_SHOWN]
    ]


def _newest(state: OrderState) -> Select[str, str | None, str]:
    o = orders.c
    of_state = select(o.state, o.undelivered_why, o.metering_point).where(FOR_A_PERSON, o.state == state.value)
    newest = of_state.order_by(o.registered_at.desc()).limit(_LOOKED_AT).subquery()
    return select(newest)


_WAITING = union_all(*map(_newest, sorted(NEEDS_OPERATOR))).subquery()
_KINDS = (_WAITING.c.state, _WAITING.c.undelivered_why.label("why"), metering_points.c.station)
_NUMBER = func.count().label("number")
_CAUSES = (
    select(*_KINDS, _NUMBER)
    .select_from(_WAITING)
    .outerjoin(metering_points, metering_points.c.code == _WAITING.c.metering_point)
    .group_by(*_KINDS)
    .order_by(_NUMBER.desc(), *_KINDS)
)
