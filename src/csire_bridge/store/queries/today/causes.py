"""Failures with the same cause: what waits for a person, by why it was not delivered, and by station. Read only."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from csire_bridge.domain.order.order import NotDelivered, OrderState
from csire_bridge.store.queries.search.order_search import OrderSearch
from csire_bridge.store.tables import FOR_A_PERSON, metering_points, orders

__all__ = ["Cause", "common_causes"]

_LOOKED_AT = 10_000
_SHOWN = 12
_FEWEST = 2


@dataclass(frozen=True, slots=True)
class Cause:
    """Orders that wait for a person for the same cause, at one station."""

    state: OrderState
    why: NotDelivered
    station: str
    count: int

    @property
    def search(self) -> OrderSearch:
        """What finds exactly these."""
        return OrderSearch(states=(self.state,), undelivered=self.why, station=self.station)


def common_causes(connection: Connection) -> list[Cause]:
    """The causes with the most orders, among the first 10,000 that wait for a person; those with several only."""
    o = orders.c
    waiting = (
        select(o.state, o.undelivered_why, o.metering_point)
        .where(FOR_A_PERSON, o.undelivered_why.is_not(None))
        .limit(_LOOKED_AT)
        .subquery()
    )
    station, number = metering_points.c.station, func.count().label("number")
    kinds = (waiting.c.state, waiting.c.undelivered_why, station)
    query = (
        select(*kinds, number)
        .select_from(waiting)
        .join(metering_points, metering_points.c.code == waiting.c.metering_point)
        .where(station.is_not(None))
        .group_by(*kinds)
        .having(number >= _FEWEST)
        .order_by(number.desc(), *kinds)
        .limit(_SHOWN)
    )
    return [
        Cause(OrderState(state), NotDelivered(why), str(place), count)
        for state, why, place, count in connection.execute(query)
    ]
