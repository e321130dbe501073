"""What the bench commands share: where they measure, and their progress."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from csire_bridge.cli.shared.console import with_progress

__all__ = ["PlaceOption", "fresh_folder", "track"]

PlaceOption = Annotated[
    Path | None,
    typer.Option("--dir", help="Measure on the disk of this folder.", file_okay=False, exists=True),
]


@contextmanager
def fresh_folder(place: Path | None) -> Iterator[Path]:
    """A folder in the current directory, not in a temporary file system that may be in memory only."""
    with tempfile.TemporaryDirectory(prefix="csire-bridge-bench-", dir=place or Path.cwd()) as folder:
        yield Path(folder)


def track(rounds: Sequence[int], total: int) -> Iterator[int]:
    """Go through the sizes of the rounds and show progress."""
    yield from with_progress(rounds, "measuring", total)
