"""``csire-bridge bench``: how much the bridge costs beside the bare work, as ratios within one run."""

from __future__ import annotations

import typer

__all__ = ["add_to"]

_bench = typer.Typer(help="Measure rates, and their ratio to the bare work, in one run.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(_bench, name="bench")
