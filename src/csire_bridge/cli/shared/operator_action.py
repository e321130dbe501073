"""Shared by commands that change something: who and why, the open database, the moment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from csire_bridge.cli.shared.arguments import parse_words
from csire_bridge.cli.shared.console import out, print_json
from csire_bridge.cli.shared.settings import load_settings
from csire_bridge.domain.identifiers import MeteringPointCode
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.runtime.steady_clock import system_clock

if TYPE_CHECKING:
    from csire_bridge.config.settings import Settings
    from csire_bridge.store.database import Database
    from csire_bridge.store.unit_of_work import UnitOfWork

__all__ = [
    "act_of",
    "changing",
    "opened",
    "parse_point",
    "read_transaction",
    "tell",
]

_LONGEST = 1000


@contextmanager
def opened(settings: Settings, *, reads: bool = False) -> Iterator[Database]:
    """The database, with the tables of this version; needs no keys. If it ``reads`` only, a standby will do."""
    from csire_bridge.store.connection.options import DatabaseOptions
    from csire_bridge.store.database import Database

    options = replace(DatabaseOptions.of(settings.storage), standby=reads)
    with closing(Database(settings.database, options)) as store:
        store.require_current()
        yield store


@contextmanager
def changing(config: Path | None, database: str | None) -> Iterator[UnitOfWork]:
    """One transaction in the database that is named, or that of the settings."""
    with opened(load_settings(config, database=database)) as store, store.transaction() as tx:
        yield tx


@contextmanager
def read_transaction(config: Path | None, database: str | None) -> Iterator[UnitOfWork]:
    """The same, for reading only."""
    with opened(load_settings(config, database=database), reads=True) as store, store.read_transaction() as tx:
        yield tx


def act_of(by: str | None, why: str | None, *, needs_why: bool = True) -> OperatorAction:
    """The operator action: who, why, and now; exit code 2 with a sentence if one of them is missing."""
    for value, option in ((by, "--by"), (why, "--why") if needs_why else (by, "--by")):
        if value is None:
            raise typer.BadParameter(f"{option} is missing: whoever changes something says who and why")
    words = None if why is None else parse_words(why, "--why", longest=_LONGEST)
    return OperatorAction(parse_words(by or "", "--by"), system_clock(), words)


def parse_point(text: str) -> MeteringPointCode:
    """The code, or a sentence and exit code 2."""
    try:
        return MeteringPointCode.parse(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def tell(json_wanted: bool, facts: Mapping[str, Any], *lines: str) -> None:
    """What was changed: as JSON for a program, else as lines."""
    if json_wanted:
        print_json(facts)
        return
    for line in lines:
        out.print(line, markup=False, highlight=False)
