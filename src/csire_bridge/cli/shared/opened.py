"""The database, for commands."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from csire_bridge.config.settings import Settings
    from csire_bridge.store.database import Database

__all__ = ["opened"]


@contextmanager
def opened(settings: Settings, *, reads: bool = False) -> Iterator[Database]:
    """The database, with the tables of this version; needs no keys. If it ``reads`` only, a standby will do."""
    from csire_bridge.store.connection.options import DatabaseOptions
    from csire_bridge.store.database import Database

    options = replace(DatabaseOptions.of(settings.storage), standby=reads)
    with closing(Database(settings.database, options)) as store:
        store.require_current()
        yield store
