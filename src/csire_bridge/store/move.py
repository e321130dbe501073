"""Moves everything from one database to another, such as from SQLite to PostgreSQL, and checks that it arrived.

All rows are copied and compared in one transaction of the target, while the source takes no writes: after a crash the
target is empty again, or it has everything. Then the source is marked as moved; its rows stay as they were.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Row, Table, func, insert, select, text

from csire_bridge.domain.errors import ConfigurationError, StoreFailure
from csire_bridge.store.connection.dialects import lift_limits
from csire_bridge.store.connection.moved import mark_moved
from csire_bridge.store.database import Database
from csire_bridge.store.tables import clocks, leases, metadata

__all__ = ["MovedTable", "move"]

_BATCH = 500
_ALIVE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class MovedTable:
    """A table, its rows, and the hash of all of them, which is the same on both sides whatever their order."""

    name: str
    rows: int
    digest: str


Told = Callable[[str, int, int], object]
"""What is told of the progress: the table, its rows done, and its rows in all."""


def move(source: Database, target: Database, now: datetime, told: Told) -> list[MovedTable]:
    """Copy every table, compare both sides, and mark the source as moved at ``now`` (UTC). Return the tables.

    If an earlier try was cut off after everything had been committed, only the comparison is done again. Raises
    ConfigurationError where a process of the service runs, the target is not empty, or the source was moved before;
    StoreFailure where the sides differ: then nothing is changed.
    """
    if source.name == target.name:
        raise ConfigurationError("a database can't be moved onto itself", "name another one with --to")
    source.require_current()
    target.require_current()
    with source.transaction() as given:
        lift_limits(given.connection)
        _lock(given.connection)
        _refuse_running(given.connection, now)
        with target.transaction() as taken:
            sent = _copy(given.connection, taken.connection, told)
        mark_moved(given.connection, target.name, now)
    return sent


def _copy(source: Connection, target: Connection, told: Told) -> list[MovedTable]:
    lift_limits(target)
    copying = _is_empty(target)
    sent = [_send(table, source, target if copying else None, told) for table in _tables()]
    _compare(sent, [_digest(table, target) for table in _tables()], copying=copying)
    _continue_keys(target)
    return sent


def _tables() -> Sequence[Table]:
    return metadata.sorted_tables


def _lock(connection: Connection) -> None:
    """Keep all others from writing until the transaction ends; SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        names = ", ".join(f'"{table.name}"' for table in _tables())
        connection.execute(text(f"LOCK TABLE {names} IN SHARE ROW EXCLUSIVE MODE"))


def _refuse_running(connection: Connection, now: datetime) -> None:
    ticking = select(clocks.c.process).where(clocks.c.at > now - _ALIVE)
    leading = select(leases.c.owner).where(leases.c.until > now, leases.c.owner != "")
    running = sorted({*connection.execute(ticking).scalars(), *connection.execute(leading).scalars()})
    if running:
        raise ConfigurationError(
            f"the service runs on the database that is to be moved: {', '.join(running)}",
            "stop every process of it; one that was killed counts as running for a minute",
        )


def _is_empty(connection: Connection) -> bool:
    return not any(connection.execute(select(table).limit(1)).first() for table in _tables())


def _send(table: Table, source: Connection, target: Connection | None, told: Told) -> MovedTable:
    """Read all rows, and insert them into the target if there is one."""
    whole = source.execute(select(func.count()).select_from(table)).scalar_one()
    sums = _Sum()
    told(table.name, 0, whole)
    for rows in _batches(table, source):
        sums.add(rows)
        if target is not None:
            target.execute(insert(table), [dict(row._mapping) for row in rows])
        told(table.name, sums.rows, whole)
    return sums.of(table)


def _digest(table: Table, connection: Connection) -> MovedTable:
    sums = _Sum()
    for rows in _batches(table, connection):
        sums.add(rows)
    return sums.of(table)


def _batches(table: Table, connection: Connection) -> Iterator[Sequence[Row[Any]]]:
    with connection.execute(select(table), execution_options={"yield_per": _BATCH}) as result:
        yield from result.partitions()


class _Sum:
    """The sum of the rows' hashes: it does not depend on their order, which is another one in each database."""

    def __init__(self) -> None:
        self.rows = 0
        self._sum = 0

    def add(self, rows: Sequence[Row[Any]]) -> None:
        self.rows += len(rows)
        for row in rows:
            told = "\x1f".join(map(_plain, row)).encode("utf-8", "surrogatepass")
            self._sum += int.from_bytes(hashlib.sha256(told).digest())

    def of(self, table: Table) -> MovedTable:
        return MovedTable(table.name, self.rows, f"{self._sum % (1 << 256):064x}")


def _plain(value: object) -> str:
    """A value as text, the same whichever database it comes from."""
    match value:
        case bytes() | memoryview():
            return f"bytes {hashlib.sha256(value).hexdigest()}"
        case Decimal():
            return f"number {value.normalize():f}"
        case datetime() | date():
            return f"moment {value.isoformat()}"
        case _:
            return f"{type(value).__name__} {value}"


def _compare(sent: Sequence[MovedTable], arrived: Sequence[MovedTable], *, copying: bool) -> None:
    other = [there for here, there in zip(sent, arrived, strict=True) if here != there]
    if other and not copying:
        raise ConfigurationError(
            f"the database to move to is not empty: {', '.join(f'{one.name} ({one.rows})' for one in other)}",
            "name an empty one, with the tables of this version (csire-bridge db upgrade)",
        )
    if other:
        raise StoreFailure(
            f"what arrived differs from what was sent: {', '.join(one.name for one in other)}",
            "nothing was changed; report it, and go on with the old database",
        )


def _continue_keys(connection: Connection) -> None:
    """Let PostgreSQL give new rows keys behind those that were copied; SQLite does so by itself."""
    if connection.dialect.name != "postgresql":
        return
    for table in _tables():
        key = table.autoincrement_column
        if key is None:
            continue
        sequence = connection.execute(select(func.pg_get_serial_sequence(table.name, key.name))).scalar()
        last = connection.execute(select(func.max(key))).scalar()
        if sequence and last:
            connection.execute(select(func.setval(sequence, last)))
