"""The store as a whole: units of work (transactions), migrations, checks."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text, update

from csire_bridge.domain.errors import ConfigurationError, StoreFailure
from csire_bridge.domain.metering_point.guards import StopScope
from csire_bridge.domain.operations.restores import Restore
from csire_bridge.store.connection.durability import durability_problems
from csire_bridge.store.connection.engine import open_engine, write_transaction
from csire_bridge.store.connection.failures import store_errors
from csire_bridge.store.connection.moved import moved_to
from csire_bridge.store.connection.options import DatabaseOptions
from csire_bridge.store.connection.private_file import keep_private
from csire_bridge.store.connection.sqlite import LogState, checkpoint, cut_log, is_writable, shrink, sqlite_file
from csire_bridge.store.connection.sqlite_writer_lock import WriterLock
from csire_bridge.store.housekeeping.integrity_check import inspect_database
from csire_bridge.store.tables import leases
from csire_bridge.store.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from csire_bridge.store.upgrade_plan import PlannedMigration

__all__ = ["Database", "make_current", "table_version"]

_MIGRATIONS = Path(__file__).parent / "migrations"
_LOOK_SECONDS = 1.0
_TAKES_WRITES = text("SELECT NOT pg_is_in_recovery() AND current_setting('default_transaction_read_only') = 'off'")
_VERSION = text("SELECT max(version_num) FROM alembic_version")


class Database:
    """A database by its address. Give it ``close`` when done."""

    def __init__(self, url: str, options: DatabaseOptions | None = None) -> None:
        self.url = url
        self.options = options or DatabaseOptions()
        self._engine = open_engine(url, self.options)
        self._writer = None if self.is_postgresql else WriterLock()
        self._looked_at = -_LOOK_SECONDS

    @contextmanager
    def transaction(self) -> Iterator[UnitOfWork]:
        """A transaction that commits at the end and rolls back on any exception.

        Raises StoreFailure if the tables were upgraded to a version newer than this program, which must not write into
        them, or moved to another database.
        """
        alone = self._writer.taken() if self._writer else nullcontext()
        with alone, write_transaction(self._engine) as connection:
            self._refuse_newer(connection)
            tx = UnitOfWork(connection)
            yield tx
            tx.finish()
        tx.committed()

    def _refuse_newer(self, connection: Connection) -> None:
        """Check now and then that the tables are not newer; a service may still run while another version upgrades."""
        now = time.monotonic()
        if now - self._looked_at < _LOOK_SECONDS:
            return
        found = table_version(connection)
        if found is not None and found not in _known():
            raise StoreFailure(*_newer(self.name, found))
        if moved := moved_to(connection):
            raise StoreFailure(*moved)
        self._looked_at = now

    @contextmanager
    def read_transaction(self) -> Iterator[UnitOfWork]:
        """What is committed at this moment, for reading only; takes no write lock."""
        with self.reading() as connection:
            yield UnitOfWork(connection)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection for queries of the read side: one consistent snapshot, without a write lock."""
        view = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True} if self.is_postgresql else {}
        with store_errors(), self._engine.connect() as plain:
            yield plain.execution_options(read_only=True, **view)

    @property
    def is_postgresql(self) -> bool:
        """Whether this is PostgreSQL; else it is SQLite."""
        return self._engine.dialect.name == "postgresql"

    @property
    def takes_writes(self) -> bool:
        """Whether anything can be written: no for a read-only file, and for a standby. Raises StoreFailure."""
        if not self.is_postgresql:
            return self.file is None or is_writable(self.file)
        with self.reading() as connection:
            return bool(connection.execute(_TAKES_WRITES).scalar_one())

    @property
    def name(self) -> str:
        """The address for people: without a password."""
        address = self._engine.url
        return address.set(drivername=address.get_backend_name()).render_as_string(hide_password=True)

    def upgrade(self) -> None:
        """Bring the tables to the newest version; does nothing where they are. Raises StoreFailure,
        ConfigurationError when the tables are newer than this program.

        Several processes may call it at once: one migrates, the others wait for it. An SQLite file is made private to
        its owner.
        """
        if self.file:
            keep_private(self.file)
        # Alembic takes longer to import than most commands need for their work, and only this one needs it.
        from csire_bridge.store.table_upgrade import upgrade_tables  # noqa: PLC0415

        upgrade_tables(self._engine, _MIGRATIONS, self.require_known)

    def upgrade_plan(self) -> list[PlannedMigration]:
        """What ``upgrade`` would do; changes nothing, and makes no file. Raises StoreFailure, ConfigurationError."""
        if self.file and not self.file.is_file():
            raise ConfigurationError(
                f"there is no database {self.file}", "it would be made, with all tables, by csire-bridge db upgrade"
            )
        from csire_bridge.store.upgrade_plan import plan_upgrade  # noqa: PLC0415 - as above

        with self.reading() as connection:
            found = table_version(connection)
            if found is not None:
                self.require_known(found)
            return plan_upgrade(connection, _MIGRATIONS, found)

    def require_current(self) -> None:
        """Raise ConfigurationError unless the database is there, with the tables of this version; changes nothing."""
        file = self.file
        if file and not file.is_file():
            raise ConfigurationError(
                f"there is no database {file}",
                "name the right one (setting database, or --database sqlite:///FILE); a new one is made by "
                "csire-bridge db upgrade",
            )
        with self.reading() as connection:
            found, moved = table_version(connection), moved_to(connection)
        newest = max(_known())
        if found is None:
            raise ConfigurationError(
                f"the database {self.name} has no tables of csire-bridge",
                "name the right one (setting database); csire-bridge db upgrade makes the tables in an empty one",
            )
        if found not in _known():
            raise ConfigurationError(*_newer(self.name, found))
        if moved:
            raise ConfigurationError(*moved)
        if found != newest:
            raise ConfigurationError(
                f"the tables of {self.name} have version {found}, this program needs {newest}",
                "run csire-bridge db upgrade",
            )

    def require_known(self, revision: str) -> None:
        """Raise ConfigurationError unless this program can bring tables of that version to its own."""
        if revision not in _known():
            raise ConfigurationError(*_newer(self.name, revision))

    def check(self) -> list[str]:
        """Everything that is wrong with the database, a sentence each: version, durability, contents.

        Raises ConfigurationError when it is not there or has other tables. Changes nothing.
        """
        self.require_current()
        with self.reading() as connection:
            if self.is_postgresql:
                connection.execute(text("SET LOCAL statement_timeout = 0"))
            return [*durability_problems(connection), *inspect_database(connection)]

    def restored(self, at: datetime, lost_until: datetime) -> None:
        """Mark this database as restored from a backup: it does not know what was done up to ``lost_until`` (UTC).

        Its orders are uncertain until a person has checked them, and the stop switch is thrown for disconnections.
        """
        why = "restored from a backup: which disconnections were carried out or overtaken since is not known"
        with self.transaction() as tx:
            tx.restores.add(Restore.starting(at, lost_until, tx.restores.last()))
            tx.guards.throw_stop(StopScope.DISCONNECTIONS, "csire-bridge db", why, at)

    def require_durable(self) -> None:
        """Raise ConfigurationError, with everything that is wrong, unless the database keeps what it commits."""
        if not self.is_postgresql and self.file is None:
            raise ConfigurationError(
                "a database in memory forgets everything when the process ends", "name a file: sqlite:///FILE"
            )
        if self.file and not is_writable(self.file):
            raise ConfigurationError(
                f"the database {self.file} can't be written, its file or file system is read-only",
                "let the user of the service write the file and its folder; look whether the disk failed",
            )
        with self.reading() as connection:
            found = durability_problems(connection)
        if found:
            raise ConfigurationError("\n".join(found))

    def require_writable(self) -> None:
        """Raise ConfigurationError or StoreFailure unless the tables are current and can be written."""
        self.require_current()
        with self.transaction() as tx:
            tx.connection.execute(update(leases).where(leases.c.name == "").values(owner=""))

    def give_space_back(self) -> None:
        """Return unused pages to the file system, in small steps; SQLite only.

        A file created before this option was set keeps its size, and SQLite reuses such pages.
        """
        if self._writer is None:
            return
        going_on = True
        while going_on:
            with self._writer.taken(), store_errors():
                going_on = shrink(self._engine)

    def checkpoint(self) -> LogState | None:
        """Bring what is in SQLite's write-ahead log into the database file, and cut the log where it is too long.

        Waits for no reader and no other process. Returns how much is left; None for PostgreSQL. Raises StoreFailure.
        """
        if self._writer is None:
            return None
        with store_errors():
            left = checkpoint(self._engine)
            if left.frames == left.done and self.log_size > self.options.log_bytes:
                with self._writer.taken():
                    left = cut_log(self._engine)
        return left

    @property
    def log_size(self) -> int:
        """The bytes of SQLite's write-ahead log; 0 where there is none."""
        file = self.file
        log = file and file.with_name(f"{file.name}-wal")
        return log.stat().st_size if log and log.is_file() else 0

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    @property
    def file(self) -> Path | None:
        """The file of an SQLite database; None where there is none."""
        return None if self.is_postgresql else sqlite_file(self._engine.url)


def make_current(url: str) -> None:
    """Make the database where there is none, and bring its tables to the newest version. Raises as ``upgrade``."""
    with closing(Database(url)) as database:
        database.upgrade()


@cache
def _known() -> frozenset[str]:
    """The versions of the tables that this program knows: each migration's file begins with its own."""
    return frozenset(file.name.partition("_")[0] for file in (_MIGRATIONS / "versions").glob("[0-9]*_*.py"))


def table_version(connection: Connection) -> str | None:
    """The version of the database's tables; None where there are none of ours."""
    version: str | None = None
    if inspect(connection).has_table("alembic_version"):
        version = connection.execute(_VERSION).scalar()
    return version


def _newer(name: str, revision: str) -> tuple[str, str]:
    return (
        f"the tables of {name} have version {revision}, which this program does not know: it is older than they are",
        "use the version of csire-bridge that made them, or a newer one; stop every process of this one",
    )
