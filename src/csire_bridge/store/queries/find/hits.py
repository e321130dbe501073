"""What a pasted key leads to, each by an index; read only."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, Connection, Select, exists, func, or_, select, union

from csire_bridge.domain.order.order import Order
from csire_bridge.domain.pasted_key import KeyKind, PastedKey
from csire_bridge.store.queries.find.archived import ArchivedOrder, archived_orders_where
from csire_bridge.store.queries.search.message_search import FOUND_COLUMNS, FoundMessage, found_message
from csire_bridge.store.sql.row_mapper import from_rows
from csire_bridge.store.tables import (
    archived_orders,
    messages,
    meter_installations,
    metering_points,
    orders,
    outbox,
    sid_orders,
    sid_reports,
    sid_withdrawals,
)

__all__ = ["MOST_HITS", "PERSONAL_KEYS", "Hit", "HitKind", "Hits", "hits_of"]

MOST_HITS = 20
"""Of one kind."""
PERSONAL_KEYS = frozenset({KeyKind.POINT, KeyKind.METER, KeyKind.SID_NUMBER})
"""What may be looked up only by whoever may read personal data: that it is found would tell."""


class HitKind(StrEnum):
    """What was found. ``SUPPLIER``: the orders of a supplier. ``ARCHIVED``: an order that retention has taken out."""

    ORDER = "order"
    POINT = "point"
    MESSAGE = "message"
    SUPPLIER = "supplier"
    ARCHIVED = "archived"


@dataclass(frozen=True, slots=True)
class Hit:
    """Something that was found; ``by``: what the key is of that led there. ``order``, ``archived`` or ``message`` is
    itself.
    """

    kind: HitKind
    key: str
    by: KeyKind
    order: Order | None = None
    message: FoundMessage | None = None
    archived: ArchivedOrder | None = None


@dataclass(frozen=True, slots=True)
class Hits:
    """Everything that a key leads to. ``more``: there are more than are told of one kind."""

    pasted: PastedKey
    hits: tuple[Hit, ...]
    more: bool = False

    @property
    def only(self) -> Hit | None:
        """The one hit, where there is just one."""
        return self.hits[0] if len(self.hits) == 1 else None

    @property
    def wrong(self) -> str | None:
        """Why nothing was found, where the key itself says so."""
        return None if self.hits else self.pasted.wrong


def hits_of(connection: Connection, pasted: PastedKey, kinds: Container[KeyKind] = frozenset(KeyKind)) -> Hits:
    """What the key leads to, as far as it is one of ``kinds``. A message is left out where its order was found."""
    found: dict[tuple[HitKind, str], Hit] = {}
    for meaning in pasted.meanings:
        if meaning.kind in kinds:
            for hit in _FINDERS[meaning.kind](connection, meaning.text):
                found.setdefault((hit.kind, hit.key), hit)
    hits = _without_messages_of_orders(list(found.values()))
    told = [hit for kind in HitKind for hit in [one for one in hits if one.kind is kind][:MOST_HITS]]
    return Hits(pasted, tuple(told), more=len(told) < len(hits))


def _without_messages_of_orders(hits: list[Hit]) -> list[Hit]:
    asked = {hit.order.source_message for hit in hits if hit.order} | {
        hit.order.process_instance for hit in hits if hit.order
    }
    return [hit for hit in hits if hit.message is None or not ({hit.message.message_id, hit.message.process} & asked)]


def _orders(connection: Connection, by: KeyKind, wanted: ColumnElement[bool]) -> Iterator[Hit]:
    query = select(orders).where(wanted).order_by(orders.c.key.desc()).limit(MOST_HITS + 1)
    for order in from_rows(Order, connection.execute(query)):
        yield Hit(HitKind.ORDER, str(order.key), by, order=order)


def _messages(connection: Connection, by: KeyKind, wanted: ColumnElement[bool]) -> Iterator[Hit]:
    query = select(*FOUND_COLUMNS).where(wanted).order_by(messages.c.key.desc()).limit(MOST_HITS + 1)
    for row in connection.execute(query):
        message = found_message(row)
        yield Hit(HitKind.MESSAGE, str(message.key), by, message=message)


def _archived(connection: Connection, by: KeyKind, wanted: ColumnElement[bool]) -> Iterator[Hit]:
    for order in archived_orders_where(connection, wanted, MOST_HITS + 1):
        yield Hit(HitKind.ARCHIVED, str(order.key), by, archived=order)


def _by_order(connection: Connection, key: str) -> Iterator[Hit]:
    yield from _orders(connection, KeyKind.ORDER, orders.c.key == int(key))
    yield from _archived(connection, KeyKind.ORDER, archived_orders.c.order == int(key))


def _by_point(connection: Connection, code: str) -> Iterator[Hit]:
    known = or_(
        exists().where(metering_points.c.code == code),
        exists().where(orders.c.metering_point == code),
        exists().where(messages.c.metering_point == code),
    )
    if connection.execute(select(known)).scalar():
        yield Hit(HitKind.POINT, code, KeyKind.POINT)


def _by_meter(connection: Connection, number: str) -> Iterator[Hit]:
    """The points where the meter is or was; where none is known, the orders that were for it."""
    installed = meter_installations.c
    there = select(installed.metering_point).distinct().where(func.lower(installed.meter) == number.lower())
    codes = connection.execute(there.limit(MOST_HITS + 1)).scalars().all()
    for code in codes:
        yield Hit(HitKind.POINT, code, KeyKind.METER)
    if not codes:
        yield from _orders(connection, KeyKind.METER, orders.c.meter == number)


def _by_id(connection: Connection, identifier: str) -> Iterator[Hit]:
    yield from _orders(connection, KeyKind.ID, orders.c.key.in_(_orders_of_id(identifier)))
    yield from _archived(connection, KeyKind.ID, archived_orders.c.process_instance == identifier)
    m = messages.c
    wanted: Select[tuple[int]] = select(m.key).where(m.message_id == identifier)
    others = (select(m.key).where(column == identifier) for column in (m.claimed_id, m.process_instance))
    yield from _messages(connection, KeyKind.ID, m.key.in_(union(wanted, *others)))


def _orders_of_id(identifier: str) -> Select[tuple[int]]:
    """The orders of a message or process, of an answer or a report of ours, or of a command; each by its index."""
    asked = [
        select(orders.c.key).where(column == identifier)
        for column in (orders.c.source_message, orders.c.process_instance, orders.c.correlation_id)
    ]
    told = [select(outbox.c.order).where(outbox.c.message_id == identifier)]
    reported = [select(sid_reports.c.order).where(sid_reports.c.report_id == identifier)]
    every = union(*asked, *told, *reported).subquery()
    return select(every.c.key)


def _by_supplier(connection: Connection, code: str) -> Iterator[Hit]:
    if connection.execute(select(exists().where(orders.c.supplier == code))).scalar():
        yield Hit(HitKind.SUPPLIER, code, KeyKind.SUPPLIER)


def _by_sid_number(connection: Connection, number: str) -> Iterator[Hit]:
    of_number = select(sid_orders.c.order).where(sid_orders.c.number == number)
    yield from _orders(connection, KeyKind.SID_NUMBER, orders.c.key.in_(of_number))
    taken_back = select(sid_withdrawals.c.message).where(sid_withdrawals.c.number == number)
    yield from _messages(connection, KeyKind.SID_NUMBER, messages.c.key.in_(taken_back))


_FINDERS: Mapping[KeyKind, Callable[[Connection, str], Iterator[Hit]]] = {
    KeyKind.ORDER: _by_order,
    KeyKind.POINT: _by_point,
    KeyKind.METER: _by_meter,
    KeyKind.ID: _by_id,
    KeyKind.SUPPLIER: _by_supplier,
    KeyKind.SID_NUMBER: _by_sid_number,
}
