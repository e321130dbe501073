"""Which module has which command, in the order of the help; a module is imported when its command is asked for.

All of them together take longer to import than most commands take to do their work.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

import typer
from typer.core import TyperGroup
from typer.main import get_group

if TYPE_CHECKING:  # typer carries a click of its own, and names its types nowhere else
    from typer import _click as click

__all__ = ["MODULES", "Commands"]

MODULES = {
    "demo": "demo",
    "serve": "serve",
    "replay": "replay",
    "validate": "validate",
    "sign": "signing",
    "verify": "signing",
    "stats": "stats",
    "alerts": "alerts",
    "messages": "messages",
    "orders": "orders",
    "movements": "movements",
    "work": "work",
    "stop": "guards",
    "go": "guards",
    "hold": "guards",
    "allow": "guards",
    "configurator": "configurator",
    "evidence": "evidence",
    "pki": "pki",
    "points": "points",
    "partner": "partner",
    "db": "database",
    "retention": "retention",
    "bench": "bench",
    "chaos": "chaos",
    "simulate": "simulate",
}


class Commands(TyperGroup):
    """The commands of ``csire-bridge``."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names; nothing is imported."""
        return list(MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name; None where there is none."""
        if cmd_name not in MODULES:
            return None
        part = typer.Typer(rich_markup_mode="markdown")
        import_module(f"csire_bridge.cli.{MODULES[cmd_name]}").add_to(part)
        return get_group(part).commands[cmd_name]
