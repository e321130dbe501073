"""Which of several requests for one metering point has precedence, read from the orders of a transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from csire_bridge.domain.identifiers import MeteringPointCode
from csire_bridge.domain.meter.contactor import ContactorAction
from csire_bridge.domain.order.order import Order, OrderKind
from csire_bridge.domain.order.requests.precedence import Ruling, asked_at, precedence, undone_by
from csire_bridge.pipeline.ports.store import Transaction

__all__ = ["NEWER", "Turns"]

NEWER = "a newer request to connect was received for the metering point"
_OLDER = "waits: an older request to connect the metering point has not ended"


class Turns:
    """The requests around some orders, read once for all of them."""

    def __init__(self, tx: Transaction, new: Sequence[Order], now: datetime) -> None:
        self._tx, self._now = tx, now
        connecting = [order for order in new if order.kind is OrderKind.RECONNECT]
        points = [order.metering_point for order in connecting]
        since = min(map(asked_at, connecting), default=now)
        self._disconnected = tx.neighbours.disconnected(points, since)
        concerned = [
            o.metering_point for o in new if o.kind is OrderKind.DISCONNECT or o.metering_point in self._disconnected
        ]
        self._connections = tx.neighbours.reconnections(concerned, now)

    def of(self, order: Order) -> tuple[Ruling, str]:
        """The ruling for ``order``, with the reason if it must not go."""
        point = order.metering_point
        connections, disconnected = self._connections.get(point), self._disconnected.get(point, ())
        protected = bool(disconnected) and order.kind is OrderKind.RECONNECT and self._is_protected(point)
        ruling = precedence(order, connections, disconnected, protected=protected)
        if order.kind is OrderKind.DISCONNECT:
            return ruling, NEWER if ruling is Ruling.GIVES_WAY else _OLDER
        newer = undone_by(order, connections, disconnected)
        return (
            ruling,
            f"a disconnection that was asked for after it was done already (order {newer.key})" if newer else "",
        )

    def _is_protected(self, point: MeteringPointCode) -> bool:
        holds = self._tx.guards.holds_of([point], self._now).get(point, [])
        return any(hold.kind.stops is ContactorAction.DISCONNECT for hold in holds)
