"""Orders that retention has archived: where they are now; read only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, select

from csire_bridge.domain.order.order import OrderState
from csire_bridge.store.tables import archived_orders, archives

__all__ = ["ArchivedOrder", "archived_order", "archived_orders_where"]


@dataclass(frozen=True, slots=True)
class ArchivedOrder:
    """``state`` is how it ended, ``archived_at`` (UTC) when its archive was begun, ``sha256`` of the whole file."""

    key: int
    state: OrderState
    archive: str
    archived_at: datetime | None
    sha256: str | None


def archived_order(connection: Connection, key: int) -> ArchivedOrder | None:
    """The archived order of that key; None where none is."""
    return next(iter(archived_orders_where(connection, archived_orders.c.order == key, 1)), None)


def archived_orders_where(connection: Connection, wanted: ColumnElement[bool], limit: int) -> Sequence[ArchivedOrder]:
    """Up to ``limit`` archived orders, the newest first."""
    a = archived_orders.c
    columns = (a.order, a.state, a.archive, archives.c.begun_at, archives.c.sha256)
    source = archived_orders.outerjoin(archives, archives.c.name == a.archive)
    query = select(*columns).select_from(source).where(wanted).order_by(a.order.desc()).limit(limit)
    return [
        ArchivedOrder(row.order, OrderState(row.state), row.archive, row.begun_at, row.sha256)
        for row in connection.execute(query)
    ]
