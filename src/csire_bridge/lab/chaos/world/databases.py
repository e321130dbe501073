"""Databases for rounds: each kind gives the address of a fresh one. PostgreSQL is given by its server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

import psycopg
from sqlalchemy.engine import make_url

__all__ = ["Databases", "PostgresDatabases", "SqliteFiles"]


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


class PostgresDatabases:
    """Databases of their own on the server at ``address``, whose user may create them."""

    kind = "PostgreSQL"

    def __init__(self, address: str) -> None:
        self._address = address

    @contextmanager
    def fresh(self, _place: Path, name: str) -> Iterator[str]:
        """The address of an empty database, which is dropped at the end."""
        self._run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)', f'CREATE DATABASE "{name}" TEMPLATE template0')
        try:
            yield make_url(self._address).set(database=name).render_as_string(hide_password=False)
        finally:
            self._run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def _run(self, *statements: str) -> None:
        with psycopg.connect(self._address, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())
