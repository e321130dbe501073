"""Which module has which command, in the order of the help; a module is imported only when its command is called.

Importing all of them takes longer than most commands need for their work.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

import typer
from typer.core import TyperGroup
from typer.main import get_group

from csire_bridge.cli.shared.lab import lab_module
from csire_bridge.domain.errors import ConfigurationError

if TYPE_CHECKING:  # typer carries a click of its own, and names its types nowhere else
    from typer import _click as click

__all__ = ["MODULES", "Commands"]

MODULES = {
    "demo": "lab.cli.demo",
    "serve": "cli.system.serve",
    "replay": "cli.messages.replay",
    "validate": "cli.messages.validate",
    "sign": "cli.messages.sign",
    "verify": "cli.messages.sign",
    "stats": "cli.orders.stats",
    "alerts": "cli.orders.alerts",
    "messages": "cli.messages.show",
    "orders": "cli.orders.show",
    "movements": "cli.orders.movements",
    "work": "cli.orders.parked_work",
    "stop": "cli.orders.guards",
    "go": "cli.orders.guards",
    "hold": "cli.orders.guards",
    "allow": "cli.orders.guards",
    "configurator": "cli.rules.configurator",
    "evidence": "cli.messages.evidence",
    "pki": "lab.cli.pki",
    "points": "cli.system.points",
    "partner": "cli.partners.partner",
    "db": "cli.system.database",
    "retention": "cli.system.retention",
    "bench": "lab.cli.bench",
    "chaos": "lab.cli.chaos",
    "simulate": "lab.cli.simulate",
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
        room, _, module = MODULES[cmd_name].partition(".")
        try:
            found = lab_module(module) if room == "lab" else import_module(f"csire_bridge.{room}.{module}")
        except ConfigurationError as error:
            _add_not_installed(part, cmd_name, error)
        else:
            found.add_to(part)
        return get_group(part).commands[cmd_name]


def _add_not_installed(app: typer.Typer, name: str, error: ConfigurationError) -> None:
    """A command of the laboratory that is not installed: the help lists it, and it says what to install."""
    anything = {"ignore_unknown_options": True, "allow_extra_args": True}

    @app.command(name, help=f"Not installed: {error.remedy}", context_settings=anything, add_help_option=False)
    def refuse() -> None:
        raise error
