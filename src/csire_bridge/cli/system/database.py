"""``csire-bridge db``: upgrade, check, back up, restore and move the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from csire_bridge.cli.shared.arguments import OptionalByOption
from csire_bridge.cli.shared.console import ConfigOption, DatabaseOption, ExitCode, JsonOption, err, out, print_json
from csire_bridge.cli.shared.moments import MOMENT_HELP, local, parse_moment
from csire_bridge.cli.shared.operator_action import act_of
from csire_bridge.cli.shared.settings import load_settings
from csire_bridge.cli.shared.who import system_user
from csire_bridge.cli.system.database_move import move
from csire_bridge.domain.errors import BridgeError, ConfigurationError
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.people.acts import Act
from csire_bridge.domain.words import counted
from csire_bridge.runtime.steady_clock import system_clock

if TYPE_CHECKING:
    from csire_bridge.config.settings import Settings
    from csire_bridge.store.database import Database
    from csire_bridge.store.upgrade_plan import PlannedMigration

__all__ = ["add_to"]

_db = typer.Typer(help="Upgrade, check, back up, restore and move the database.", no_args_is_help=True)
LostUntilOption = Annotated[
    str | None,
    typer.Option(help=f"When the service last worked on the database that was lost; now, unless said. {MOMENT_HELP}"),
]
FileArgument = Annotated[Path, typer.Argument(help="The backup.", dir_okay=False)]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(_db, name="db")


@_db.callback()
def group() -> None:
    """Upgrade, check, back up, restore and move the database."""


@_db.command()
def upgrade(
    database: DatabaseOption = None,
    config: ConfigOption = None,
    plan: Annotated[bool, typer.Option("--plan", help="Say what would be done, and change nothing.")] = False,
) -> None:
    """Upgrade the database's tables to the version of this program, or create them.

    Example:

        csire-bridge db upgrade --database sqlite:///csire-bridge.db
    """
    with _opened(config, database) as store:
        if plan:
            _tell_plan(store.upgrade_plan())
            return
        store.upgrade()
    out.print("the database is up to date")


def _tell_plan(planned: list[PlannedMigration]) -> None:
    for one in planned:
        out.print(f"{one.revision}: {one.purpose}", markup=False, highlight=False)
        for change in one.changes:
            out.print(f"  {change}", markup=False, highlight=False)
        for table in one.works_through:
            out.print(
                f"  goes through {table.name} ({counted(table.rows, 'row')}), and locks it meanwhile", highlight=False
            )
    if planned:
        out.print(f"{len(planned)} migrations in one transaction; make a backup, and stop the service meanwhile")
    else:
        out.print("the database is up to date: there is nothing to do")


@_db.command()
def check(database: DatabaseOption = None, json_wanted: JsonOption = False, config: ConfigOption = None) -> None:
    """Check that the database is intact; exit code 3 if it is not. The service may run meanwhile.

    Checks the file and its references, the version of the tables, that commits are durable, that every hash matches,
    and that everything that waits has work.

    Example:

        csire-bridge db check --database sqlite:///csire-bridge.db
    """
    with _opened(config, database) as store:
        found = store.check()
    if json_wanted:
        print_json({"whole": not found, "problems": found})
    for problem in [] if json_wanted else found:
        err.print(problem, style="red", markup=False, highlight=False)
    if found:
        raise typer.Exit(ExitCode.OUR_FAILURE)
    if not json_wanted:
        out.print("the database is whole")


@_db.command()
def backup(file: FileArgument, database: DatabaseOption = None, config: ConfigOption = None) -> None:
    """Write a backup of an SQLite database into a new file, while the service runs.

    Everything that was committed before is in it. For PostgreSQL: docs/backups.md.

    Example:

        csire-bridge db backup backup.db --database sqlite:///csire-bridge.db
    """
    from csire_bridge.store.housekeeping.backup import back_up

    with _opened(config, database) as store:
        made = back_up(_file_of(store, f"pg_dump --format=custom --file={file}"), file)
    out.print(
        f"{made.file}: {made.bytes} bytes, tables of version {made.revision}, "
        f"{counted(made.orders, 'order')}; it is whole"
    )


@_db.command()
def restore(
    file: FileArgument,
    database: DatabaseOption = None,
    config: ConfigOption = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace a database with content; the old one is kept beside it.")
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Nothing was done since the backup: continue without stop and checks.")
    ] = False,
    lost_until: LostUntilOption = None,
    by: OptionalByOption = None,
) -> None:
    """Restore a backup of an SQLite database. Stop the service first: a database in use is never replaced.

    The backup does not know what was done after it. So the stop switch is thrown for disconnections, and orders of the
    time before --lost-until are neither sent nor answered until a person has checked each; unless --resume says that
    nothing was done since. docs/backups.md has it step by step, and for PostgreSQL.

    Example:

        csire-bridge db restore backup.db --database sqlite:///csire-bridge.db
    """
    from csire_bridge.store.housekeeping.backup import look_at
    from csire_bridge.store.housekeeping.backup import restore as put_back

    now = system_clock()
    lost, settings = _lost_until(lost_until, now), load_settings(config, database=database)
    with _opened(config, database) as store:
        target = _file_of(store, f"pg_restore {file}")
        act = _restoring(settings, store, by)
        store.require_known(look_at(file).revision)
        kept = put_back(file, target, now, force=force)
        store.upgrade()
        _note_restore(store, act, {"from": str(file), "resume": resume, "lost_until": None if resume else lost})
        if not resume:
            store.restored(now, lost)
    out.print(f"restored from {file}{'; everything goes on' if resume else ''}")
    if not resume:
        _tell_in_doubt(lost)
    if kept:
        out.print(f"the database that was there is kept as {kept}")


@_db.command()
def restored(
    database: DatabaseOption = None,
    config: ConfigOption = None,
    lost_until: LostUntilOption = None,
    by: OptionalByOption = None,
) -> None:
    """Record that PostgreSQL was restored; use it before the service starts.

    Disconnections stop until a person lifts the stop switch, and orders of the time before --lost-until are neither
    sent nor answered until a person has checked each. docs/backups.md has it step by step.

    Example:

        csire-bridge db restored --database postgresql://bridge@localhost/bridge
    """
    now = system_clock()
    lost = _lost_until(lost_until, now)
    with _opened(config, database) as store:
        store.require_current()
        act = _restoring(load_settings(config, database=database), store, by)
        _note_restore(store, act, {"lost_until": lost})
        store.restored(now, lost)
    _tell_in_doubt(lost)


def _restoring(settings: Settings, store: Database, by: str | None) -> OperatorAction:
    """Who restores: by the database that is replaced, where it can still be asked."""
    from csire_bridge.domain.people.audited import require
    from csire_bridge.store.database import Database

    try:
        with closing(Database(store.url)) as before:  # no connection of ours stays open on a file that is replaced
            before.require_current()
    except BridgeError:  # it is lost, or of another version: whoever may write its files may replace it
        act = OperatorAction.of(system_user(by), system_clock())
    else:
        act = act_of(settings, by, None, needs_why=False, needs_name=False)
    require(act.who, Act.DATABASE_RESTORE)
    return act


def _note_restore(store: Database, act: OperatorAction, facts: dict[str, object]) -> None:
    from csire_bridge.domain.people.audited import note

    with store.transaction() as tx:
        note(tx, act.who, Act.DATABASE_RESTORE, "database", act.at, after=facts)


def _lost_until(text: str | None, now: datetime) -> datetime:
    lost = now if text is None else parse_moment(text, now)
    if lost > now:
        raise typer.BadParameter("--lost-until lies in the future")
    return lost


def _tell_in_doubt(lost: datetime) -> None:
    out.print("disconnections are stopped until a person lifts that")
    out.print(
        f"orders asked for until {local(lost)} are in doubt: their contactors are read, and they wait for a person "
        "before anything is sent to a meter or to the hub; go on with docs/backups.md, `csire-bridge alerts`"
    )


_db.command("move")(move)


@contextmanager
def _opened(config: Path | None, database: str | None) -> Iterator[Database]:
    from csire_bridge.store.database import Database

    with closing(Database(load_settings(config, database=database).database)) as store:
        yield store


def _file_of(store: Database, instead: str) -> Path:
    """The file of an SQLite database; for PostgreSQL use its own tools."""
    if store.file is None:
        raise ConfigurationError("this is for SQLite files only", f"use {instead}; docs/backups.md has it in full")
    return store.file
