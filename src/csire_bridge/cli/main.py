"""The command ``csire-bridge``. Exit codes: 0 fine, 1 the input is bad, 2 wrong use, 3 our failure."""

from __future__ import annotations

import logging
import os
import sys
import traceback
from typing import Annotated

import typer

from csire_bridge.cli.commands import Commands
from csire_bridge.cli.shared.console import ExitCode, err
from csire_bridge.cli.shared.wrong_use import ClickException, NoArgsIsHelpError, words_of
from csire_bridge.domain.errors import ActionRefused, BridgeError, ConfigurationError, PartnerFault

__all__ = ["app", "run"]

app = typer.Typer(
    name="csire-bridge",
    cls=Commands,
    help="Turns disconnection and connection requests of the market hub into meter orders, "
    "and answers with signed acknowledgements.\n\n"
    "Exit codes: 0 fine, 1 the input is bad, 2 wrong use or settings, 3 our failure.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["--help", "-h"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"csire-bridge {version('csire-bridge')}")
        raise typer.Exit


@app.callback()
def main(
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show what the bridge logs.")] = False,
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and stop.")
    ] = False,
) -> None:
    if verbose:
        from csire_bridge.telemetry.log_output import set_up_logs

        set_up_logs(sys.stderr, logging.INFO)
    else:
        logging.getLogger().addHandler(logging.NullHandler())  # `serve` sets up its own
        logging.getLogger().setLevel(logging.CRITICAL)


def run() -> None:
    """Run the command; every error ends as a sentence for people and an exit code for programs."""
    try:
        sys.exit(app(prog_name="csire-bridge", standalone_mode=False) or ExitCode.FINE)
    except NoArgsIsHelpError as error:
        typer.echo(error.format_message())
        sys.exit(ExitCode.WRONG_USE)
    except ClickException as error:
        _say(words_of(error))
        sys.exit(error.exit_code)
    except typer.Abort:
        _say("stopped")
        sys.exit(ExitCode.BAD_INPUT)
    except (PartnerFault, ActionRefused) as fault:
        _say(fault)
        sys.exit(ExitCode.BAD_INPUT)
    except ConfigurationError as error:
        _say(error)
        sys.exit(ExitCode.WRONG_USE)
    except BridgeError as error:
        _say(error)
        sys.exit(ExitCode.OUR_FAILURE)
    except (FileNotFoundError, NotADirectoryError) as error:
        _say(f"{error.filename}: {error.strerror} -> name a file or folder that is there")
        sys.exit(ExitCode.WRONG_USE)
    except OSError as error:
        _say(f"{error.filename or 'the system'}: {error.strerror} -> look at free space and permissions")
        sys.exit(ExitCode.OUR_FAILURE)
    except Exception as error:  # noqa: BLE001 - the last line before a person
        err.print(f"[red]the bridge itself failed[/]: {error!r} -> run again with CSIRE_BRIDGE_DEBUG=1 and report it")
        if os.environ.get("CSIRE_BRIDGE_DEBUG"):
            traceback.print_exc()
        sys.exit(ExitCode.OUR_FAILURE)


def _say(what: object) -> None:
    err.print(str(what), style="red", markup=False, highlight=False)
