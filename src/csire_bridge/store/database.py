"""The store as a whole: transactions, migrations."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, update

from csire_bridge.domain.errors import ConfigurationError, StoreFailure
from csire_bridge.store.engine import open_engine, store_errors, write_transaction
from csire_bridge.store.guards import Guards
from csire_bridge.store.head_end import HeadEndEvents
from csire_bridge.store.leases import Leases
from csire_bridge.store.messages import Journal
from csire_bridge.store.orders import OrderBook
from csire_bridge.store.outbox import Outbox
from csire_bridge.store.partners import PartnerRegistry
from csire_bridge.store.points import PointRegistry
from csire_bridge.store.tables import leases
from csire_bridge.store.turn import Turn
from csire_bridge.store.work import WorkQueue

__all__ = ["Database", "StoreTransaction"]

_MIGRATIONS = Path(__file__).parent / "migrations"


class StoreTransaction:
    """Everything that one transaction can read and write."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.messages = Journal(connection)
        self.orders = OrderBook(connection)
        self.points = PointRegistry(connection)
        self.outbox = Outbox(connection)
        self.partners = PartnerRegistry(connection)
        self.head_end = HeadEndEvents(connection)
        self.guards = Guards(connection)
        self.work = WorkQueue(connection)
        self.leases = Leases(connection)


class Database:
    """A database by its address. Give it ``close`` when done."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._engine = open_engine(url)
        self._turn = Turn(self._file) if self._engine.dialect.name == "sqlite" else None

    @contextmanager
    def transaction(self) -> Iterator[StoreTransaction]:
        """A transaction that commits at the end and rolls back on any exception."""
        turn = self._turn.taken() if self._turn else nullcontext()
        with turn, write_transaction(self._engine) as connection:
            yield StoreTransaction(connection)

    @contextmanager
    def looking(self) -> Iterator[StoreTransaction]:
        """What is committed at this moment, for reading only; takes no write lock."""
        with self.reading() as connection:
            yield StoreTransaction(connection)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection for plain queries of the read side; takes no write lock."""
        with store_errors(), self._engine.connect().execution_options(read_only=True) as connection:
            yield connection

    def upgrade(self) -> None:
        """Bring the tables to the newest version; does nothing where they are. Raises StoreFailure."""
        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS))
        try:
            with write_transaction(self._engine) as connection:
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
        except OSError as error:
            raise StoreFailure(
                f"the database can't be upgraded: {error}", "look at the folder's permissions"
            ) from error

    def require_current(self) -> None:
        """Raise ConfigurationError unless the database is there, with the tables of this version; changes nothing."""
        file = self._file
        if file and not file.is_file():
            raise ConfigurationError(f"there is no database {file}", "name one with --database sqlite:///FILE")
        with self.reading() as connection:
            found = MigrationContext.configure(connection).get_current_revision()
        newest = ScriptDirectory(str(_MIGRATIONS)).get_current_head()
        if found != newest:
            raise ConfigurationError(
                f"the database's tables have version {found}, this program needs {newest}",
                "run csire-bridge db upgrade",
            )

    def require_writable(self) -> None:
        """Raise ConfigurationError or StoreFailure unless the tables are current and can be written."""
        self.require_current()
        with self.transaction() as tx:
            tx.connection.execute(update(leases).where(leases.c.name == "").values(owner=""))

    def close(self) -> None:
        """Give back every connection."""
        self._engine.dispose()
        if self._turn:
            self._turn.close()

    @property
    def _file(self) -> Path | None:
        """The file of an SQLite database."""
        name = self._engine.url.database if self._engine.dialect.name == "sqlite" else None
        return Path(name) if name and name != ":memory:" else None
