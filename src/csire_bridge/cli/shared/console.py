"""Shared by all commands: output, exit codes, options, and the progress bar."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from enum import IntEnum
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

__all__ = [
    "ConfigOption",
    "DatabaseOption",
    "ExitCode",
    "JsonOption",
    "SchemasOption",
    "duration",
    "err",
    "out",
    "print_json",
    "with_progress",
]

# Into a pipe or a file, tables are as wide as they need to be, and nothing is folded.
out = Console(soft_wrap=True, width=None if sys.stdout.isatty() else 10_000)
err = Console(stderr=True, soft_wrap=True)
_T = TypeVar("_T")


class ExitCode(IntEnum):
    """The exit codes of all commands."""

    FINE = 0
    BAD_INPUT = 1
    NEEDS_A_PERSON = 1
    WRONG_USE = 2
    OUR_FAILURE = 3


ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", envvar="CSIRE_BRIDGE_CONFIG", help="Settings file (TOML).", dir_okay=False, exists=True),
]
DatabaseOption = Annotated[
    str | None, typer.Option("--database", help="Address of the database, such as sqlite:///demo-out/csire-bridge.db.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for a program.")]
SchemasOption = Annotated[
    list[Path] | None,
    typer.Option("--schemas", help="Folder whose schemas replace ours, file by file; may be given more than once."),
]
MappingsOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--mappings", help="Folder whose mapping files replace ours, file by file; may be given more than once."
    ),
]


def duration(seconds: float) -> str:
    """A length of time for people."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.1f} min" if seconds < 3600 else f"{seconds / 3600:.1f} h"


def print_json(value: object) -> None:
    """One JSON document on standard output."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def with_progress(items: Sequence[_T] | Iterable[_T], what: str, total: int | None = None) -> Iterator[_T]:
    """Go through ``items`` with a progress bar on standard error; without one when that is no terminal."""
    if not err.is_terminal:
        yield from items
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True) as progress:
        yield from progress.track(items, total=total, description=what)
