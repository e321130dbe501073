"""Cuts of the supply because of danger, within one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, and_, func, insert, select, update

from csire_bridge.domain.identifiers import MeteringPointCode
from csire_bridge.domain.metering_point.danger_cuts import DangerCut
from csire_bridge.domain.order.order import DisconnectionKind, OrderKind, OrderState, ReconnectionReason
from csire_bridge.store.sql.array_parameter import any_of, not_indexed
from csire_bridge.store.sql.row_mapper import from_rows, to_row
from csire_bridge.store.tables import danger_cuts, orders

__all__ = ["DangerCuts"]

_STANDING = select(danger_cuts).where(danger_cuts.c.lifted_at.is_(None)).order_by(danger_cuts.c.key)
_STANDING_AT = _STANDING.where(any_of(danger_cuts.c.metering_point, "points"))
_OF_ORDERS = select(danger_cuts).where(any_of(danger_cuts.c.order, "orders"))
_ENDED_BY = select(danger_cuts).where(any_of(danger_cuts.c.connection, "orders")).order_by(danger_cuts.c.key)


class DangerCuts:
    """Cuts within one transaction. Nothing is ever deleted."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, cut: DangerCut) -> int:
        """Write a new cut (its ``key`` is ignored); return its key."""
        new = insert(danger_cuts).values(to_row(cut, "key")).returning(danger_cuts.c.key)
        return int(self._connection.execute(new).scalar_one())

    def standing(self, points: Sequence[MeteringPointCode] | None = None) -> list[DangerCut]:
        """The cuts that nobody has lifted, the oldest first; at ``points``, or everywhere."""
        if points is None:
            return list(from_rows(DangerCut, self._connection.execute(_STANDING)))
        given = {"points": [str(point) for point in points]}
        return list(from_rows(DangerCut, self._connection.execute(_STANDING_AT, given))) if points else []

    def of_orders(self, keys: Sequence[int]) -> dict[int, DangerCut]:
        """The cuts that these orders carry out, by order."""
        if not keys:
            return {}
        found = self._connection.execute(_OF_ORDERS, {"orders": list(keys)})
        return {cut.order: cut for cut in from_rows(DangerCut, found)}

    def ended_by(self, keys: Sequence[int]) -> dict[int, list[DangerCut]]:
        """The cuts after which these orders bring the supply back, by that order."""
        ended: dict[int, list[DangerCut]] = {}
        if keys:
            for cut in from_rows(DangerCut, self._connection.execute(_ENDED_BY, {"orders": list(keys)})):
                if cut.connection is not None:
                    ended.setdefault(cut.connection, []).append(cut)
        return ended

    def goes_despite_stop(self, key: int) -> None:
        """Record that a cut goes although the stop switch holds everything back."""
        self._connection.execute(update(danger_cuts).where(danger_cuts.c.key == key).values(despite_stop=True))

    def lift(self, keys: Sequence[int], by: str, at: datetime, why: str, connection: int | None) -> None:
        """Record who lifted these cuts at ``at`` (UTC), and the order that brings the supply back."""
        values = {"lifted_at": at, "lifted_by": by, "lifted_why": why, "connection": connection}
        these = and_(danger_cuts.c.key.in_(keys), danger_cuts.c.lifted_at.is_(None))
        self._connection.execute(update(danger_cuts).where(these).values(values))

    def other_reason_to_stay_off(self, point: MeteringPointCode) -> int | None:
        """The disconnection for another reason that was done last at the point, if no connection was asked for since.

        None: no other reason keeps the supply off.
        """
        o, asked = orders.c, func.coalesce(orders.c.renewed_at, orders.c.registered_at)
        here = o.metering_point == str(point)
        off = select(o.key, o.registered_at).where(
            here,
            not_indexed(o.kind) == OrderKind.DISCONNECT.value,
            not_indexed(o.state) == OrderState.DONE.value,
            o.disconnection_kind.is_distinct_from(DisconnectionKind.DANGER.value),
        )
        last = self._connection.execute(off.order_by(o.registered_at.desc(), o.key.desc()).limit(1)).first()
        if last is None:
            return None
        since = select(o.key).where(
            here,
            not_indexed(o.kind) == OrderKind.RECONNECT.value,
            o.state != OrderState.WITHDRAWN.value,
            o.reconnection_reason.is_distinct_from(ReconnectionReason.DANGER_GONE.value),
            asked >= last.registered_at,
        )
        return None if self._connection.execute(since.limit(1)).first() else int(last.key)
