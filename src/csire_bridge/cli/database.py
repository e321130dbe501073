"""``csire-bridge db``: care of the database."""

from __future__ import annotations

import typer

from csire_bridge.cli.console import ConfigOption, out
from csire_bridge.cli.stats import DatabaseOption
from csire_bridge.settings import load_settings
from csire_bridge.store.database import Database

__all__ = ["add_to"]

_db = typer.Typer(help="Care of the database.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(_db, name="db")


@_db.callback()
def group() -> None:
    """Care of the database."""


@_db.command()
def upgrade(database: DatabaseOption = None, config: ConfigOption = None) -> None:
    """Bring the database's tables to the version of this program; make them where there are none.

    Example:

        csire-bridge db upgrade --database sqlite:///csire-bridge.db
    """
    settings = load_settings(config, database=database)
    store = Database(settings.database)
    try:
        store.upgrade()
    finally:
        store.close()
    out.print("the database is up to date")
