"""``csire-bridge pki``: certificates for trying things out."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from csire_bridge.cli.shared.console import ExitCode, err, out
from csire_bridge.runtime.steady_clock import system_clock

__all__ = ["add_to"]


class KeyKind(StrEnum):
    """Kinds of key that can be made."""

    ECDSA = "ecdsa"
    RSA = "rsa"


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(pki)


def pki(
    folder: Annotated[Path, typer.Argument(help="They are written to FOLDER/pki.", file_okay=False)] = Path(),
    algorithm: Annotated[KeyKind, typer.Option(help="ECDSA P-256 or RSA-2048.")] = KeyKind.ECDSA,
    force: Annotated[bool, typer.Option("--force", help="Replace certificates that are there.")] = False,
) -> None:
    """Make demo certificates: an authority, the hub, the operator, a supplier, a stranger. For trials only.

    Example:

        csire-bridge pki trial --algorithm rsa
    """
    from csire_bridge.lab.simulators.pki import make_demo_pki

    if (folder / "pki").exists() and not force:
        err.print(f"{folder / 'pki'} exists -> give another folder, or --force to replace what is there")
        raise typer.Exit(ExitCode.WRONG_USE)
    made = make_demo_pki(folder, system_clock(), algorithm="rsa" if algorithm is KeyKind.RSA else "ecdsa")
    for party in (made.hub, made.operator, made.supplier, made.stranger, made.expired):
        out.print(f"{party.eic}  {party.certificate_file}", highlight=False)
