"""Which module has which command, in the order of the help; a module is imported only when its command is called.

Importing all of them takes longer than most commands need for their work.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import TYPE_CHECKING

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_group

from csire_bridge.cli.shared.lab import lab_module
from csire_bridge.cli.shared.readable_help import make_readable
from csire_bridge.domain.errors import ActionRefused, ConfigurationError

if TYPE_CHECKING:  # typer carries a click of its own, and names its types nowhere else
    from typer import _click as click

__all__ = ["COMMANDS", "Commands", "load_command"]

COMMANDS = {
    "demo": (
        "lab.cli.demo",
        "Send all samples to the bridge through a simulated hub, execute orders on simulated meters, and show the "
        "results.",
    ),
    "serve": (
        "cli.system.serve",
        "Run the bridge until SIGTERM or SIGINT: the hub's webhook, the head-end system's events, and the worker.",
    ),
    "replay": ("cli.messages.replay", "Take messages in from files: first shows what it would do, then does it."),
    "validate": (
        "cli.messages.validate",
        "Check message files: number, whether valid, and every error with code, line, path and reason.",
    ),
    "mapping": ("cli.messages.mapping", "Mapping files: try one on a sample."),
    "standard": ("cli.system.standard", "The hub's standard: what is loaded, and what a new release changes."),
    "sign": ("cli.messages.sign", "Sign a message with the enveloped profile; an earlier signature is replaced."),
    "verify": (
        "cli.messages.sign",
        "Verify a message's signature: who signed, with which algorithms, and what the signature covers.",
    ),
    "stats": (
        "cli.figures.stats",
        "Execution times, the clocks of the law, and the figures that the regulator can ask for.",
    ),
    "alerts": (
        "cli.system.alerts",
        "Conditions that hold now: what waits for a person, for a release or for a partner, and since when.",
    ),
    "messages": ("cli.messages.show", "Messages: find them, show one, judge refused ones again."),
    "orders": ("cli.orders.show", "Orders: find them, show one, and act on those that wait for a person."),
    "jobs": ("cli.orders.jobs", "Acts on lists, and what waits for a second person."),
    "movements": ("cli.guards.movements", "Contactors in a state that no order explains."),
    "work": ("cli.orders.parked_work", "Parked work: it failed and waits for a person."),
    "stop": ("cli.guards.guards", "Throw the stop switch: no node sends any disconnection until `csire-bridge go`."),
    "go": (
        "cli.guards.guards",
        "Lift the stop switch. Orders that waited for it continue at once, under the cap and all other guards.",
    ),
    "hold": ("cli.guards.guards", "Holds: forbid moving the contactor of a metering point."),
    "danger": ("cli.guards.danger", "Danger to life, health or the environment: cut the supply at once."),
    "allow": ("cli.guards.guards", "Disconnections above the hourly cap; needs two persons."),
    "configurator": ("cli.rules.configurator", "Rules for sending orders."),
    "evidence": (
        "cli.messages.evidence",
        "Export every layer of a message - bytes received, receipt, order, events, answer, the hub's result - or "
        "check it.",
    ),
    "pki": (
        "lab.cli.pki",
        "Make demo certificates: an authority, the hub, the operator, a supplier, a stranger. For trials only.",
    ),
    "points": ("cli.system.points", "The registry of metering points."),
    "partner": ("cli.partners.partner", "Partners and their certificates."),
    "config": ("cli.system.configuration", "Make, check and show the settings."),
    "db": ("cli.system.database", "Upgrade, check, back up, restore and move the database."),
    "retention": (
        "cli.system.retention",
        "Archive and delete records that are older than the settings allow; the service does the same each night.",
    ),
    "users": ("cli.people.users", "Accounts of people: who they are, which role they have, and their sessions."),
    "tokens": ("cli.people.tokens", "API tokens for programs: what each may do, and until when."),
    "login": ("cli.people.login", "Log in, so that the commands that follow know who gives them."),
    "logout": ("cli.people.login", "Log out: the session ends, and its file is taken away."),
    "whoami": ("cli.people.login", "Who gives the commands, and what that one may do; exit code 1: a login is needed."),
    "audit": ("cli.people.audit", "Who did what, and who read what: list, export, verify."),
    "lab": ("lab.cli.partners", "A simulated hub, head-end system, SID and meters to test against."),
    "bench": ("lab.cli.bench", "Measure rates, and their ratio to the bare work, in one run."),
    "chaos": (
        "lab.cli.chaos",
        "Kill the bridge with SIGKILL at chosen moments, start it again, and check that nothing was lost or done "
        "twice.",
    ),
    "simulate": (
        "lab.cli.simulate",
        "Replay a month of orders through the real rules and a simulated head-end system, on a simulated clock.",
    ),
}
"""Each command with its module and what the list of commands says of it: the first sentence of its own help."""


_MAY_BE_LEFT_OUT = {"--csv": "-"}


class Commands(TyperGroup):
    """The commands of ``csire-bridge``."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names; nothing is imported."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name as the list of commands shows it; None where there is none. Nothing is imported."""
        if cmd_name not in COMMANDS:
            return None
        return TyperCommand(cmd_name, help=COMMANDS[cmd_name][1])

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Options with a value that may be left out get it here: typer knows no such options."""
        return super().parse_args(ctx, list(_filled(args)))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is called; its module is imported."""
        name, listed, rest = super().resolve_command(ctx, args)
        return name, (load_command(listed.name) if listed is not None and listed.name else listed), rest

    def invoke(self, ctx: click.Context) -> object:
        """Call the command; an act of it that is refused stands in the audit."""
        try:
            return super().invoke(ctx)
        except ActionRefused as error:
            from csire_bridge.cli.shared.refused_acts import note_refused

            note_refused(ctx.meta, error)
            raise


def _filled(args: list[str]) -> Iterator[str]:
    for word, following in zip(args, [*args[1:], "--"], strict=True):
        yield word
        if word in _MAY_BE_LEFT_OUT and following.startswith("--"):
            yield _MAY_BE_LEFT_OUT[word]


def load_command(name: str) -> click.Command:
    """The command of that name, from its module."""
    part = typer.Typer(rich_markup_mode="rich")
    room, _, module = COMMANDS[name][0].partition(".")
    try:
        found = lab_module(module) if room == "lab" else import_module(f"csire_bridge.{room}.{module}")
    except ConfigurationError as error:
        _add_not_installed(part, name, error)
    else:
        found.add_to(part)
    return make_readable(get_group(part).commands[name])


def _add_not_installed(app: typer.Typer, name: str, error: ConfigurationError) -> None:
    """A command of the laboratory that is not installed: the help lists it, and it says what to install."""
    anything = {"ignore_unknown_options": True, "allow_extra_args": True}

    @app.command(name, help=f"Not installed: {error.remedy}", context_settings=anything, add_help_option=False)
    def refuse() -> None:
        raise error
