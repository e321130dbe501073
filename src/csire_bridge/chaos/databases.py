"""Where a round's database lives: each kind gives an address of a fresh one. PostgreSQL is named by its server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

from sqlalchemy import Engine, create_engine
from sqlalchemy.engine import make_url

__all__ = ["Databases", "PostgresServer", "SqliteFiles"]


class Databases(Protocol):
    """Gives fresh databases of one kind."""

    @property
    def kind(self) -> str: ...

    def fresh(self, place: Path, name: str) -> AbstractContextManager[str]: ...


class SqliteFiles:
    """A file in the round's own folder."""

    kind = "SQLite"

    @contextmanager
    def fresh(self, place: Path, name: str) -> Iterator[str]:
        """The address of a database that is not there yet; it goes with the folder."""
        yield f"sqlite:///{place / name}.db"


class PostgresServer:
    """Databases of their own on a server at ``url``, whose user may create them."""

    kind = "PostgreSQL"

    def __init__(self, url: str) -> None:
        self._url = make_url(url)

    @contextmanager
    def fresh(self, _place: Path, name: str) -> Iterator[str]:
        """The address of an empty database, which is dropped at the end."""
        server = create_engine(self._url, isolation_level="AUTOCOMMIT")
        _run(server, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)', f'CREATE DATABASE "{name}"')
        try:
            yield self._url.set(database=name).render_as_string(hide_password=False)
        finally:
            _run(server, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            server.dispose()


def _run(server: Engine, *statements: str) -> None:
    with server.connect() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
