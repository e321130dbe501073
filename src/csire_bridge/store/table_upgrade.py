"""Brings the tables to the newest version, with Alembic."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Engine

from csire_bridge.domain.errors import StoreFailure
from csire_bridge.store.connection.dialects import lift_limits, take_turns
from csire_bridge.store.connection.engine import migration_transaction

__all__ = ["upgrade_tables"]


def upgrade_tables(engine: Engine, migrations: Path, require_known: Callable[[str], None]) -> None:
    """Run what is missing of the folder ``migrations``, in one transaction; other processes that do the same wait.

    ``require_known`` raises for a version that this program does not know. Raises StoreFailure where a file can't be
    written.
    """
    config = Config()
    config.set_main_option("script_location", str(migrations))
    try:
        with migration_transaction(engine) as connection:
            lift_limits(connection)
            take_turns(connection, "upgrade")
            revision = MigrationContext.configure(connection).get_current_revision()
            if revision:
                require_known(revision)
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except OSError as error:
        raise StoreFailure(f"the database can't be upgraded: {error}", "look at the folder's permissions") from error
