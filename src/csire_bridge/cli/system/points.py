"""``csire-bridge points``: the registry of metering points: import of lists, and what is known from whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from csire_bridge.cli.guards.danger import lift
from csire_bridge.cli.shared.console import (
    ConfigOption,
    DatabaseOption,
    ExitCode,
    JsonOption,
    err,
    out,
    print_json,
    with_progress,
)
from csire_bridge.cli.shared.list_command import Listing, list_command
from csire_bridge.cli.shared.moments import local
from csire_bridge.cli.shared.operator_action import act_of, opened, parse_point, reading, tell
from csire_bridge.cli.shared.settings import load_settings
from csire_bridge.cli.shared.table import Column
from csire_bridge.cli.system.point_actions import set_meter
from csire_bridge.cli.system.protection import protect, protection, unprotect
from csire_bridge.domain.clock import WARSAW
from csire_bridge.domain.errors import ActionRefused
from csire_bridge.domain.identifiers import MeteringPointCode
from csire_bridge.domain.metering_point.facts import Since, Source, Telling, origins
from csire_bridge.domain.metering_point.point_lists import BadLine, Entry, read_points
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.people.acts import Act
from csire_bridge.domain.protection import Protection
from csire_bridge.domain.words import counted
from csire_bridge.pipeline.operator.points.registry_actions import AT_ONCE, checked_list, import_points
from csire_bridge.runtime.steady_clock import system_clock
from csire_bridge.store.sql.row_mapper import to_row

if TYPE_CHECKING:
    from csire_bridge.store.database import Database

__all__ = ["add_to"]

_points = typer.Typer(help="The registry of metering points.", no_args_is_help=True)
_SHOWN = 50


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(_points, name="points")
    _points.command("lift-danger")(lift)
    _points.command("meter")(set_meter)
    _points.command("protect")(protect)
    _points.command("unprotect")(unprotect)
    _points.command("protection")(protection)


@_points.command("import")
def import_list(
    file: Annotated[Path, typer.Argument(help="The list (CSV, UTF-8).", exists=True, dir_okay=False)],
    by: Annotated[str | None, typer.Option("--by", help="Who does this; the name is kept.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what is wrong.")] = False,
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Skip bad lines and import the others.")] = False,
    database: DatabaseOption = None,
    json_wanted: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Import a list into the registry. If a line is bad, nothing is written; exit code 1.

    The first line names the columns: code, and any of meter, meter_kind, has_contactor, supplier, tariff_group,
    contracted_power, prepaid, can_be_suspended, danger_registered, connected, protected, protected_until,
    station, station_group, effective_date. Empty fields are ignored; facts with a newer effective date stay.

    Example:

        csire-bridge points import points.csv --by "Anna Nowak"
    """
    settings = load_settings(config, database=database)
    act = None if dry_run else act_of(settings, by, None, needs_why=False)
    found = read_points(file.read_bytes(), system_clock().astimezone(WARSAW).date())
    with opened(settings) as store:
        with store.read_transaction() as tx:
            found = checked_list(tx, found)
        good, bad = found.entries, found.bad
        writes = act is not None and (skip_bad or not bad)
        if act is not None and writes:
            _write(store, good, file.name, act)
    _tell_import(len(good), bad, json_wanted, written=writes)
    if bad and not skip_bad:
        raise typer.Exit(ExitCode.BAD_INPUT)


def _write(store: Database, entries: Sequence[Entry], origin: str, act: OperatorAction) -> None:
    """Write in batches; after an interruption the import is repeated."""
    for start in with_progress(range(0, len(entries), AT_ONCE), "writing"):
        with store.transaction() as tx:
            updates = [entry.update for entry in entries[start : start + AT_ONCE]]
            import_points(tx, updates, origin, replace(act, at=system_clock()))


def _tell_import(good: int, bad: Sequence[BadLine], json_wanted: bool, *, written: bool) -> None:
    if json_wanted:
        problems = [{"line": b.line, "text": b.text} for b in bad]
        print_json({"good": good, "written": good if written else 0, "bad": problems})
        return
    for line in bad:
        err.print(str(line), style="red", markup=False, highlight=False, soft_wrap=True)
    lines = len({b.line for b in bad})
    done = f"{counted(good, 'point')} written" if written else "nothing was written"
    out.print(f"{counted(good, 'good line')}, {lines} bad; {done}")


@_points.command("show")
def show(
    code: Annotated[str, typer.Argument(metavar="CODE", help="Code of the metering point.")],
    database: DatabaseOption = None,
    json_wanted: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """What is known of a point, from whom and since when, with the history of all statements.

    Example:

        csire-bridge points show 590243856287817706
    """
    chosen = parse_point(code)
    with reading(load_settings(config, database=database), Act.POINT_READ, f"point {chosen}") as tx:
        record, history = tx.points.record(chosen), tx.points.history(chosen)
        if record is None and not history:
            raise ActionRefused(f"the point {chosen} is not known", "import it, or look the code up")
    known = origins(record, history) if record else {}
    point = record.point if record else None
    facts = {name: _known(getattr(point, name), since, telling) for name, (since, telling) in known.items()}
    lines = [
        f"{name} = {f['value']}: from {f['effective_date']} on, {f['from']}, heard {f['heard_at']}"
        for name, f in facts.items()
    ]
    told = [_told(telling) for telling in history]
    updated = f"; last changed {local(point.updated_at)}" if point else " from a later date on only"
    tell(
        json_wanted,
        {"code": chosen, "updated_at": point.updated_at if point else None, "facts": facts, "history": told},
        f"point {chosen}, known{updated}",
        *lines,
        "told:" if told else "nothing was told of it",
        *(f"  {t['told_at']} {t['from']}, from {t['effective_date']} on: {t['facts']}" for t in told),
    )


_MASKED = "masked: `points protection` shows it, and notes who has read it"


def _known(value: object, since: Since | None, telling: Telling | None) -> dict[str, Any]:
    return {
        "value": _MASKED if isinstance(value, Protection) else value,
        "from": _source(telling) if telling else "found in an execution, or entered by other means",
        "effective_date": since.effective if since else "a date that was not kept",
        "heard_at": local(since.heard) if since else "at a time that was not kept",
    }


def _source(telling: Telling) -> str:
    if telling.source is Source.IMPORT:
        return f"import by {telling.told_by}"
    if telling.source is Source.PERSON:
        return f"{telling.told_by}: {telling.why}"
    if telling.source is Source.SID:
        return "SID"
    if telling.source is Source.METER:
        return "the meter itself"
    return f"message of process {telling.update.process_instance}"


def _told(telling: Telling) -> dict[str, Any]:
    facts = {n: v for n, v in to_row(telling.update, "process_instance", "metering_point").items() if v is not None}
    effective = facts.pop("effective_date")
    if "protection" in facts:
        facts["protection"] = "(masked)"
    said = ", ".join(f"{name} {value}" for name, value in facts.items())
    holds = "" if telling.applied_at else " (does not hold yet)"
    return {
        "told_at": local(telling.told_at),
        "applied_at": telling.applied_at,
        "from": _source(telling),
        "effective_date": effective,
        "facts": said + holds,
    }


POINT_COLUMNS: Sequence[Column[tuple[MeteringPointCode, datetime]]] = (
    Column("point", lambda row: str(row[0])),
    Column("told", lambda row: row[1]),
)


@_points.command("list")
@list_command(POINT_COLUMNS)
def show_old(
    listing: Listing,
    older_than: Annotated[int, typer.Option("--older-than", min=0, help="Days without any news.")] = 0,
    limit: Annotated[int, typer.Option(min=1, help="Show at most this many.")] = _SHOWN,
) -> None:
    """Points without any news for this many days, the oldest first.

    Example:

        csire-bridge points list --older-than 365
    """
    before = system_clock() - timedelta(days=older_than)
    with listing.reading() as tx:
        found = tx.points.not_told_since(before, limit)
    listing.show(
        POINT_COLUMNS,
        found,
        title="Points without news",
        nothing="no such point",
        facts=lambda: [{"code": code, "told_at": at} for code, at in found],
    )
