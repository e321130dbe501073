"""Events of the head-end system within one transaction; append-only, raw bytes included."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, insert, select

from csire_bridge.domain.contactor import HeadEndEvent
from csire_bridge.store.rows import from_row, to_row
from csire_bridge.store.tables import head_end_events

__all__ = ["HeadEndEvents"]

_COLUMNS = [c for c in head_end_events.c if c.name in HeadEndEvent.__dataclass_fields__]


class HeadEndEvents:
    """Events within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, raw: bytes, event: HeadEndEvent, received_at: datetime, order: int | None) -> None:
        """Store an event; ``order`` is the one whose command it answers, None for an unsolicited event."""
        row = {**to_row(event), "raw": raw, "received_at": received_at, "order": order}
        self._connection.execute(insert(head_end_events).values(row))

    def latest(self, order: int, correlation_id: str) -> HeadEndEvent | None:
        """The last event that answers the order's latest command."""
        query = (
            select(*_COLUMNS)
            .where(head_end_events.c.order == order, head_end_events.c.correlation_id == correlation_id)
            .order_by(head_end_events.c.key.desc())
            .limit(1)
        )
        row = self._connection.execute(query).one_or_none()
        return None if row is None else from_row(HeadEndEvent, row._mapping)  # type: ignore[arg-type]
