"""The other orders that an order has to do with: of its point, its process and its steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, Connection, select

from csire_bridge.domain.order.order import Order, OrderKind, OrderState
from csire_bridge.store.tables import orders

__all__ = ["RelatedOrder", "Relation", "related_orders"]

MOST_RELATED = 20


class Relation(StrEnum):
    """How another order is related; the closest counts."""

    PARENT = "it is a step of this one"
    STEP = "a step of it"
    SUPERSEDED_BY = "it was superseded by this one"
    PROCESS = "of the same process"
    POINT = "of the same point"


@dataclass(frozen=True, slots=True)
class RelatedOrder:
    """Another order. ``registered_at`` and ``executed_at`` are UTC."""

    key: int
    relation: Relation
    kind: OrderKind
    state: OrderState
    registered_at: datetime
    executed_at: datetime | None
    detail: str | None


def related_orders(connection: Connection, order: Order) -> Sequence[RelatedOrder]:
    """The newest orders of each relation, the closest relation first; each order once."""
    o = orders.c
    ways: list[tuple[Relation, ColumnElement[bool]]] = []
    if order.parent is not None:
        ways.append((Relation.PARENT, o.key == order.parent))
    ways.append((Relation.STEP, o.parent == order.key))
    if order.superseded_by is not None:
        ways.append((Relation.SUPERSEDED_BY, o.key == order.superseded_by))
    if order.process_instance is not None:
        ways.append((Relation.PROCESS, o.process_instance == str(order.process_instance)))
    ways.append((Relation.POINT, o.metering_point == str(order.metering_point)))
    found: dict[int, RelatedOrder] = {}
    for relation, condition in ways:
        query = select(o.key, o.kind, o.state, o.registered_at, o.executed_at, o.detail).where(condition)
        for row in connection.execute(query.order_by(o.key.desc()).limit(MOST_RELATED + 1)):
            if row.key != order.key and row.key not in found:
                facts = OrderKind(row.kind), OrderState(row.state), row.registered_at, row.executed_at, row.detail
                found[row.key] = RelatedOrder(row.key, relation, *facts)
    return list(found.values())
