"""``csire-bridge db move``: everything from one database to another."""

from __future__ import annotations

from contextlib import closing
from typing import Annotated

import typer

from csire_bridge.cli.shared.arguments import OptionalByOption
from csire_bridge.cli.shared.console import ConfigOption, DatabaseOption, JsonOption, err, out, print_json
from csire_bridge.cli.shared.operator_action import act_of
from csire_bridge.cli.shared.settings import load_settings
from csire_bridge.domain.people.acts import Act
from csire_bridge.domain.words import counted
from csire_bridge.runtime.steady_clock import system_clock

__all__ = ["move"]

ToOption = Annotated[
    str, typer.Option("--to", help="Address of an empty database, with tables made by `csire-bridge db upgrade`.")
]


def move(
    to: ToOption,
    database: DatabaseOption = None,
    json_wanted: JsonOption = False,
    config: ConfigOption = None,
    by: OptionalByOption = None,
) -> None:
    """Copy everything into another, empty database, such as from SQLite to PostgreSQL, and compare both sides.

    Stop the service first. The old database keeps all that is in it and is marked as moved, so that nobody works on it
    by mistake. If this is cut off, nothing has happened: call it again.

    Example:

        csire-bridge db move --database sqlite:///csire-bridge.db --to postgresql://bridge@localhost/bridge
    """
    from dataclasses import asdict

    from csire_bridge.domain.people.audited import note, require
    from csire_bridge.store.database import Database
    from csire_bridge.store.move import move as move_all

    settings = load_settings(config, database=database)
    act = act_of(settings, by, None, needs_why=False, needs_name=False)
    require(act.who, Act.DATABASE_MOVE)
    with closing(Database(settings.database)) as source, closing(Database(to)) as target:
        tables = move_all(source, target, system_clock(), _tell)
        where, facts = target.name, {"from": source.name, "rows": sum(table.rows for table in tables)}
        with target.transaction() as tx:
            note(tx, act.who, Act.DATABASE_MOVE, "database", act.at, after=facts)
    if json_wanted:
        print_json({"to": where, "tables": [asdict(table) for table in tables]})
        return
    for table in tables:
        if table.rows:
            out.print(
                f"{table.name}: {counted(table.rows, 'row')}, hash {table.digest[:16]}", markup=False, highlight=False
            )
    rows = sum(table.rows for table in tables)
    out.print(
        f"{counted(rows, 'row is', 'rows are')} in {where}, the same on both sides; name it in the settings now",
        highlight=False,
    )


def _tell(table: str, done: int, whole: int) -> None:
    if whole:
        err.print(f"{table}: {done} of {counted(whole, 'row')}", end="\n" if done == whole else "\r", highlight=False)
