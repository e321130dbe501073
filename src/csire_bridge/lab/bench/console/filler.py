"""Writes very many rows in bulk: without indexes first, which are made afterwards, as after a restore."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Index, Table, select, text
from sqlalchemy.schema import CreateIndex, DropIndex

from csire_bridge.lab.bench.console.many_rows import ManyRows, Row, Sizes
from csire_bridge.lab.shared.measure import Track
from csire_bridge.store.database import Database
from csire_bridge.store.tables import (
    message_events,
    messages,
    meter_installations,
    metering_points,
    order_events,
    orders,
    outbox,
    work,
)

__all__ = ["fill", "fill_if_empty"]

_CHUNK = 20_000
_REFUSED = 100
"""One refused message to so many orders."""
_FILLED = (metering_points, meter_installations, messages, orders, order_events, message_events, outbox, work)


def fill_if_empty(url: str, sizes: Sizes, now: datetime, track: Track) -> None:
    """Fill a database that has no orders; leave another one as it is."""
    with closing(Database(url)) as database:
        database.upgrade()
        with database.reading() as connection:
            if connection.execute(select(orders.c.key).limit(1)).first() is not None:
                return
    fill(url, sizes, now, track)


def fill(url: str, sizes: Sizes, now: datetime, track: Track) -> None:
    """Fill an empty database, which gets its tables first."""
    rows = ManyRows(sizes, now)
    with closing(Database(url)) as database:
        database.upgrade()
        taken_away = [index for table in _FILLED for index in table.indexes if not index.unique]
        with database.transaction() as tx:
            for index in taken_away:
                tx.connection.execute(DropIndex(index))
        total = sizes.points + sizes.orders
        parts = iter(track([_CHUNK] * (total // _CHUNK + 2), total))
        _write_points(database, rows, parts)
        _write_orders(database, rows, parts)
        _make_indexes(database, taken_away)


def _write_points(database: Database, rows: ManyRows, parts: Iterator[int]) -> None:
    for chunk in _chunks(rows.points(), _CHUNK):
        next(parts, None)
        with database.transaction() as tx:
            _put(tx.connection, metering_points, rows.POINT, [point for point, _ in chunk])
            _put(tx.connection, meter_installations, rows.INSTALLATION, [meter for _, meter in chunk])


def _write_orders(database: Database, rows: ManyRows, parts: Iterator[int]) -> None:
    for keys in _chunks(range(1, rows.sizes.orders + 1), _CHUNK):
        next(parts, None)
        made = [rows.order(key) for key in keys]
        refused = [rows.refused(rows.sizes.orders + key) for key in keys if key % _REFUSED == 0]
        with database.transaction() as tx:
            put = tx.connection
            _put(put, messages, rows.MESSAGE, [*(one[1] for one in made), *refused])
            _put(put, orders, rows.ORDER, [one[0] for one in made])
            _put(put, order_events, rows.EVENT, [line for one in made for line in one[2]])
            _put(put, message_events, rows.MESSAGE_EVENT, [line for one in made for line in one[3]])
            _put(put, outbox, rows.ANSWER, [answer for one in made for answer in one[4]])
            _put(put, work, rows.WORK, [piece for one in made for piece in one[5]])


def _make_indexes(database: Database, indexes: Sequence[Index]) -> None:
    for index in indexes:
        with database.transaction() as tx:
            if database.is_postgresql:
                tx.connection.execute(text("SET LOCAL statement_timeout = 0"))
            tx.connection.execute(CreateIndex(index))
    with database.transaction() as tx:
        _go_on_after_the_last_key(tx.connection)
        if database.is_postgresql:
            tx.connection.execute(text("SET LOCAL statement_timeout = 0"))
            tx.connection.execute(text("ANALYZE"))


def _go_on_after_the_last_key(connection: Connection) -> None:
    """Keys were given, so PostgreSQL's own counters have to be told."""
    if connection.dialect.name != "postgresql":
        return
    for name in ("orders", "messages"):
        counter = f"pg_get_serial_sequence('{name}', 'key')"
        connection.execute(text(f"SELECT setval({counter}, (SELECT max(key) FROM {name}))"))  # noqa: S608 - two names


def _put(connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[Row]) -> None:
    """Write rows by the quickest way that each database has."""
    if not rows:
        return
    plain = connection.connection.dbapi_connection
    assert plain is not None  # noqa: S101 - the connection is open
    if connection.dialect.name == "postgresql":
        _copy(plain, table, columns, rows)
        return
    processors = _processors(connection, table, columns)
    names = ", ".join(f'"{name}"' for name in columns)
    places = ", ".join("?" * len(columns))
    made = [tuple(one if do is None else do(one) for do, one in zip(processors, row, strict=True)) for row in rows]
    plain.cursor().executemany(f'INSERT INTO "{table.name}" ({names}) VALUES ({places})', made)  # noqa: S608 - names


def _processors(connection: Connection, table: Table, columns: Sequence[str]) -> list[Any]:
    types = [table.c[name].type.dialect_impl(connection.dialect) for name in columns]
    return [kind.bind_processor(connection.dialect) for kind in types]


def _copy(plain: Any, table: Table, columns: Sequence[str], rows: Sequence[Row]) -> None:
    names = ", ".join(f'"{name}"' for name in columns)
    with plain.cursor() as cursor, cursor.copy(f'COPY "{table.name}" ({names}) FROM STDIN') as lines:
        for row in rows:
            lines.write_row(row)


def _chunks(rows: Iterable[Any], size: int) -> Iterator[list[Any]]:
    going_on = iter(rows)
    while chunk := list(islice(going_on, size)):
        yield chunk
