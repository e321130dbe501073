"""``csire-bridge config``: make, check and show the settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from csire_bridge.cli.shared.console import ConfigOption, DatabaseOption, ExitCode, JsonOption, err, out, print_json
from csire_bridge.cli.system.config_init import init, key
from csire_bridge.domain.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path

    from csire_bridge.service.startup_checks import Finding

__all__ = ["add_to"]

_config = typer.Typer(help="Make, check and show the settings.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(_config, name="config")


@_config.callback()
def group() -> None:
    """Make, check and show the settings."""


_config.command()(init)
_config.command()(key)


@_config.command()
def check(config: ConfigOption = None, database: DatabaseOption = None, json_wanted: JsonOption = False) -> None:
    """Check everything that `serve` would check, and start nothing.

    Settings, keys, certificates, passwords, schemas, mappings, the law file, partners and the database. Each problem
    is told with its place and what to do; exit code 2 if the service would not start, 0 with warnings only.

    Example:

        csire-bridge config check --config config.toml
    """
    problems, warnings = _looked_at(config, database)
    if json_wanted:
        print_json({"fine": not problems, "problems": _as_json(problems), "warnings": _as_json(warnings)})
    else:
        for one in problems:
            err.print(str(one), style="red", markup=False, highlight=False)
        for one in warnings:
            err.print(f"warning: {one}", style="yellow", markup=False, highlight=False)
    if problems:
        raise typer.Exit(ExitCode.WRONG_USE)
    if not json_wanted:
        out.print("the settings are fine: the service can start with them")


def _looked_at(config: Path | None, database: str | None) -> tuple[list[Finding], list[Finding]]:
    """Problems and warnings."""
    from csire_bridge.cli.shared.settings import load_settings
    from csire_bridge.service.startup_checks import Finding, findings, warnings

    try:
        settings = load_settings(config, database=database)
    except ConfigurationError as error:
        return Finding.all_of(error), []
    return findings(settings), list(warnings(settings))


def _as_json(found: list[Finding]) -> list[dict[str, str]]:
    return [{"problem": one.problem, "remedy": one.remedy} for one in found]


@_config.command()
def show(
    only: Annotated[
        str | None, typer.Argument(metavar="[SETTING]", help="Only this setting or group, such as `head_end`.")
    ] = None,
    config: ConfigOption = None,
    database: DatabaseOption = None,
    host: Annotated[str | None, typer.Option("--host", help="As for `serve`.")] = None,
    port: Annotated[int | None, typer.Option("--port", min=0, max=65535, help="As for `serve`.")] = None,
    changed: Annotated[bool, typer.Option("--changed", help="Only values that are not the default.")] = False,
    json_wanted: JsonOption = False,
) -> None:
    """Show every setting: its value, and where it comes from.

    Passwords in addresses and other secrets are masked. A value comes from an option, an environment variable, a line
    of the settings file, or is the default.

    Example:

        csire-bridge config show head_end --changed --config config.toml
    """
    from csire_bridge.config.settings import read_settings
    from csire_bridge.config.shown import shown_settings

    web = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    lines = list(shown_settings(read_settings(config, database=database, web=web or None)))
    wanted = [one for one in lines if (not changed or one.changed) and (only is None or one.is_below(only))]
    if only is not None and not any(one.is_below(only) for one in lines):
        raise typer.BadParameter(_no_such(only))
    if json_wanted:
        print_json([one.as_json() for one in wanted])
        return
    for one in wanted:
        out.print(str(one), markup=False, highlight=False)


def _no_such(name: str) -> str:
    from csire_bridge.config.settings import Settings
    from csire_bridge.config.sources.names import all_names, nearest

    meant = nearest(name, map(".".join, all_names(Settings)), ".")
    return f"there is no setting {name}" + (f": did you mean {' or '.join(meant)}?" if meant else "")
