"""``csire-bridge audit``: who did what and who read what."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from csire_bridge.cli.shared.console import ConfigOption, DatabaseOption, ExitCode, JsonOption, err
from csire_bridge.cli.shared.list_command import Listing, list_command
from csire_bridge.cli.shared.moments import MOMENT_HELP, parse_moment
from csire_bridge.cli.shared.operator_action import opened, reading, tell
from csire_bridge.cli.shared.settings import load_settings
from csire_bridge.cli.shared.table import Column
from csire_bridge.domain.people.acts import Act
from csire_bridge.domain.people.audit import ChainedEntry
from csire_bridge.domain.words import counted
from csire_bridge.runtime.steady_clock import system_clock

__all__ = ["add_to"]

_audit = typer.Typer(help="Who did what, and who read what: list, export, verify.")
SinceOption = Annotated[str | None, typer.Option("--since", help=f"From this moment on. {MOMENT_HELP}")]
UntilOption = Annotated[str | None, typer.Option("--until", help=f"Before this moment. {MOMENT_HELP}")]


ENTRY_COLUMNS: Sequence[Column[ChainedEntry]] = (
    Column("at", lambda one: one.entry.at),
    Column("actor", lambda one: one.entry.actor),
    Column("as", lambda one: one.entry.actor_kind, goes=4),
    Column("act", lambda one: one.entry.act),
    Column("subject", lambda one: one.entry.subject, words=True),
    Column("why", lambda one: one.entry.why, words=True, goes=1),
    Column("from", lambda one: one.entry.address or one.entry.host, goes=2),
    Column("request", lambda one: one.entry.request_id, goes=5),
    Column("day", lambda one: one.day, goes=6),
    Column("number", lambda one: one.number, goes=3, right=True),
)


class Format(StrEnum):
    """The forms of an export."""

    CSV = "csv"
    JSON = "json"


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(_audit, name="audit", no_args_is_help=True)


@_audit.command("list")
@list_command(ENTRY_COLUMNS)
def show(
    listing: Listing,
    by: Annotated[str | None, typer.Option("--by", help="Only what this person or token did.")] = None,
    act: Annotated[str | None, typer.Option("--act", help="Only this act, such as hold.set, or `hold.`.")] = None,
    subject: Annotated[str | None, typer.Option("--subject", help='Only this subject, such as "order 17".')] = None,
    since: SinceOption = None,
    until: UntilOption = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Show at most this many.")] = 50,
) -> None:
    """Entries of the audit, the newest first. That you have read it is written down, too.

    Examples:

        csire-bridge audit list --by anna --since 2026-11-23

        csire-bridge audit list --act hold. --subject "point 590243856287817706"
    """
    from csire_bridge.access.audit_export import as_facts

    with reading(listing.settings(), Act.AUDIT_READ, "audit") as tx:
        found = tx.audit.page(
            limit=limit, actor=by, act=act, subject=subject, since=_moment(since), until=_moment(until)
        )
    listing.show(
        ENTRY_COLUMNS, found, title="Audit", nothing="no such entry", facts=lambda: [as_facts(one) for one in found]
    )


@_audit.command()
def export(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file to write, which must not exist; `-`: output.")],
    form: Annotated[Format, typer.Option("--format", help="csv: for a spreadsheet; json: a line each.")] = Format.CSV,
    since: SinceOption = None,
    until: UntilOption = None,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """Write entries into a file, the oldest first, with the hashes of the chain.

    Examples:

        csire-bridge audit export audit.csv --since 2026-11-01

        csire-bridge audit export audit.jsonl --format json
    """
    from csire_bridge.access.audit_export import write_csv, write_json_lines

    settings = load_settings(config, database=database)
    after, before = _moment(since), _moment(until)
    write = write_csv if form is Format.CSV else write_json_lines
    with reading(settings, Act.AUDIT_EXPORT, "audit") as tx:
        chosen = _between(tx.audit.entries(), after, before)
        if str(file) == "-":
            count = write(chosen, sys.stdout)
        else:
            try:
                with file.open("x", encoding="utf-8", newline="") as stream:
                    count = write(chosen, stream)
            except FileExistsError as error:
                raise typer.BadParameter(f"{file} is there already") from error
    err.print(counted(count, "entry", "entries"), highlight=False)


def _between(
    entries: Iterator[ChainedEntry], after: datetime | None, before: datetime | None
) -> Iterator[ChainedEntry]:
    for one in entries:
        if (after is None or one.entry.at >= after) and (before is None or one.entry.at < before):
            yield one


@_audit.command()
def verify(
    expect: Annotated[
        str | None, typer.Option("--expect", help="A hash that was noted before: the chain must still have it.")
    ] = None,
    database: DatabaseOption = None,
    json_wanted: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Check the chain of hashes. Exit code 1, with the first broken entry, if anything was changed, added or is gone.

    Note the last hash outside of this machine now and then: whoever can write into the database could write the whole
    chain anew, and only a hash that he can't reach shows it.

    Example:

        csire-bridge audit verify
    """
    from csire_bridge.access.audit_verify import verify as verified
    from csire_bridge.store.housekeeping.audit_guard import missing_guards

    with opened(load_settings(config, database=database)) as store, store.read_transaction() as tx:
        found = verified(tx.audit, missing_guards(tx.connection), expect)
    tell(json_wanted, asdict(found) | {"whole": found.whole}, *found.sentences())
    if not found.whole:
        raise typer.Exit(ExitCode.BAD_INPUT)


def _moment(text: str | None) -> datetime | None:
    return None if text is None else parse_moment(text, system_clock())
