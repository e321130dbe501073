"""What gates and rules hold back, and until when; read only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, func, select

from csire_bridge.domain.order.order import OrderState, WaitsFor
from csire_bridge.domain.work import WorkStep
from csire_bridge.store.queries.lists.counted import MOST_COUNTED, Counted
from csire_bridge.store.queries.search.order_search import OrderSearch
from csire_bridge.store.sql.array_parameter import in_literals
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
        given = {"reason": reason.value}
        number = connection.execute(_COUNT, given).scalar_one()
        if number:
            first, last = connection.execute(_LOOKS, given).one()
            found.append(HeldBack(reason, Counted.up_to(number), OrderSearch(waits_for=reason), first, last))
    return found


_WAITING = select(orders.c.key).where(
    orders.c.waits_for == bindparam("reason"), orders.c.state == OrderState.REGISTERED.value
)
_COUNT = select(func.count()).select_from(_WAITING.limit(MOST_COUNTED + 1).subquery())
_OLDEST = _WAITING.order_by(orders.c.registered_at).limit(_LOOKED_AT).subquery()
_DUE = work.c.due_at
_LOOKS = (
    select(func.min(_DUE, type_=_DUE.type), func.max(_DUE, type_=_DUE.type))
    .select_from(_OLDEST)
    .join(work, work.c.subject == _OLDEST.c.key)
    .where(in_literals(work.c.step, (WorkStep.EXECUTE, WorkStep.PERFORM)), work.c.parked.is_(False))
)
