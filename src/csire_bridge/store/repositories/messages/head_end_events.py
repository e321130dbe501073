"""Events of the head-end system within one transaction; append-only, raw bytes included."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, insert, select

from csire_bridge.domain.identifiers import CorrelationId
from csire_bridge.domain.meter.contactor import HeadEndEvent, most_telling
from csire_bridge.store.sql.array_parameter import any_of
from csire_bridge.store.sql.execute_many import execute_many
from csire_bridge.store.sql.row_mapper import reader_of, to_row
from csire_bridge.store.tables import head_end_events

__all__ = ["HeadEndEvents"]

_COLUMNS = [c for c in head_end_events.c if c.name in HeadEndEvent.__dataclass_fields__]

_ADD = insert(head_end_events)
_OF = (
    select(head_end_events.c.order, *_COLUMNS)
    .where(any_of(head_end_events.c.order, "orders"))
    .order_by(head_end_events.c.key)
)


class HeadEndEvents:
    """Events within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, events: Sequence[tuple[bytes, HeadEndEvent, int | None]], received_at: datetime) -> None:
        """Store events, each with its bytes and the order it was matched with; None for an unsolicited one."""
        rows = [{**to_row(e), "raw": raw, "received_at": received_at, "order": order} for raw, e, order in events]
        execute_many(self._connection, _ADD, rows)

    def latest_of(self, commands: Sequence[tuple[int, CorrelationId]]) -> dict[int, HeadEndEvent]:
        """The most telling event that answers each (order, correlation id), by order; where there is one.

        Those that say nothing of an outcome do not count.
        """
        wanted = dict(commands)
        answers: dict[int, list[HeadEndEvent]] = {}
        for order, event in self.of_orders(list(wanted)):
            if event.correlation_id == wanted[order] and event.kind.tells:
                answers.setdefault(order, []).append(event)
        return {order: most_telling(events) for order, events in answers.items()}

    def of_orders(self, orders: Sequence[int]) -> list[tuple[int, HeadEndEvent]]:
        """Every event that was matched with one of ``orders``, with the order, oldest first."""
        if not orders:
            return []
        rows = self._connection.execute(_OF, {"orders": orders})
        event_of = reader_of(HeadEndEvent, rows)
        return [(row.order, event_of(row)) for row in rows]
