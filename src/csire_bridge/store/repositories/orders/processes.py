"""Market processes within one transaction; each row is locked on reading, so that no change is missed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite

from csire_bridge.domain.identifiers import MessageId, ProcessInstanceId
from csire_bridge.domain.message.processes import Process
from csire_bridge.store.sql.array_parameter import any_of
from csire_bridge.store.sql.execute_many import execute_many
from csire_bridge.store.sql.row_mapper import from_rows, to_row
from csire_bridge.store.tables import processes

__all__ = ["ProcessBook"]

_NEW = {
    "sqlite": sqlite.insert(processes).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(processes).on_conflict_do_nothing(),
}
_HELD = (
    select(processes)
    .where(any_of(processes.c.process_instance, "named"))
    .order_by(processes.c.process_instance)
    .with_for_update()
)
_THIS = processes.c.process_instance == bindparam("this")
_ASK = update(processes).where(_THIS, processes.c.kind.is_(None))
_END = update(processes).where(_THIS, processes.c.ended_at.is_(None))


class ProcessBook:
    """Processes within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def lock(self, named: Sequence[Process]) -> dict[ProcessInstanceId, Process]:
        """Lock and return each of ``named``; an unknown process is inserted as given.

        The locks last until this transaction ends: so an order and the end of its process, judged at the same time, see
        each other, whichever comes first. Rows are always locked in the same order, so there are no deadlocks.
        """
        if not named:
            return {}
        rows = sorted((to_row(process) for process in named), key=lambda row: str(row["process_instance"]))
        execute_many(self._connection, _NEW[self._connection.dialect.name], rows)
        found = self._connection.execute(_HELD, {"named": [row["process_instance"] for row in rows]})
        return {process.process_instance: process for process in from_rows(Process, found)}

    def ask(self, process: Process) -> None:
        """Record what the process asked for, if so far only its end was known."""
        asked = {"kind": process.kind, "metering_point": process.metering_point}
        row = {name: value for name, value in to_row(process).items() if name in asked}
        self._connection.execute(_ASK.values(row), {"this": str(process.process_instance)})

    def end(self, process: ProcessInstanceId, by: MessageId, at: datetime) -> None:
        """Record that the hub ended the process by force, by the message ``by`` at ``at`` (UTC). The first stays."""
        self._connection.execute(_END.values(ended_at=at, ended_by=str(by)), {"this": str(process)})
