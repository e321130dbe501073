"""Where a simulation keeps its orders: a real database, empty at the start."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from csire_bridge.domain.errors import ConfigurationError
from csire_bridge.store.database import Database
from csire_bridge.store.queries.reports import last_order

__all__ = ["empty_database"]

_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it


@contextmanager
def empty_database(url: str | None = None) -> Iterator[Database]:
    """The database of that address with current tables; None: a file of our own, in memory where that is possible.

    Raises ConfigurationError when it has orders: they would be carried out too.
    """
    place = _MEMORY if _MEMORY.is_dir() else None
    with (
        tempfile.TemporaryDirectory(prefix="csire-bridge-simulate-", dir=place) as folder,
        closing(Database(url or f"sqlite:///{folder}/simulated.db")) as store,
    ):
        store.upgrade()
        with store.reading() as connection:
            used = last_order(connection)
        if used:
            raise ConfigurationError(f"the database {url} has orders", "name an empty one to simulate in")
        yield store
