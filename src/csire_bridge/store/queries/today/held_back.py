"""What gates and rules hold back, and until when; read only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from csire_bridge.domain.order.order import OrderState, WaitsFor
from csire_bridge.domain.work import WorkStep
from csire_bridge.store.queries.lists.counted import Counted
from csire_bridge.store.queries.lists.order_pages import count_orders
from csire_bridge.store.queries.search.order_search import OrderSearch
from csire_bridge.store.tables import orders, work

__all__ = ["HeldBack", "held_back"]

_LOOKED_AT = 1000


@dataclass(frozen=True, slots=True)
class HeldBack:
    """Orders that wait for the same.

    Between ``first`` and ``last`` (UTC) they are looked at again, as far as the oldest 1,000 tell; None where they have
    no work of their own.
    """

    waits_for: WaitsFor
    count: Counted
    search: OrderSearch
    first: datetime | None
    last: datetime | None


def held_back(connection: Connection) -> list[HeldBack]:
    """For each reason for which orders wait now."""
    found = []
    for reason in WaitsFor:
        search = OrderSearch(waits_for=reason)
        count = count_orders(connection, search)
        if count.number:
            found.append(HeldBack(reason, count, search, *_looks(connection, reason)))
    return found


def _looks(connection: Connection, reason: WaitsFor) -> tuple[datetime | None, datetime | None]:
    waits = (orders.c.waits_for == reason.value, orders.c.state == OrderState.REGISTERED.value)
    oldest = select(orders.c.key).where(*waits).order_by(orders.c.registered_at).limit(_LOOKED_AT).subquery()
    due = work.c.due_at
    looks = (
        select(func.min(due, type_=due.type), func.max(due, type_=due.type))
        .select_from(oldest)
        .join(work, work.c.subject == oldest.c.key)
        .where(work.c.step.in_([WorkStep.EXECUTE.value, WorkStep.PERFORM.value]), work.c.parked.is_(False))
    )
    first, last = connection.execute(looks).one()
    return first, last
