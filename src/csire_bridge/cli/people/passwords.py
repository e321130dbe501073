"""Asks for passwords: at the terminal, or from a file; never as an option, which others could see."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from csire_bridge.domain.written_text import written_text

__all__ = ["PasswordFileOption", "asked", "chosen"]

PasswordFileOption = Annotated[
    Path | None,
    typer.Option("--password-file", help="File with the password in its first line.", exists=True, dir_okay=False),
]


def asked(file: Path | None, prompt: str = "Password") -> str:
    """The password from the file, or from the terminal, which does not show it."""
    if file is None:
        return str(typer.prompt(prompt, hide_input=True, err=True))
    try:
        lines = written_text(file.read_bytes()).splitlines()
    except UnicodeDecodeError as error:
        raise typer.BadParameter(f"{file} is not UTF-8") from error
    if not lines or not lines[0]:
        raise typer.BadParameter(f"the first line of {file} is empty")
    return lines[0]


def chosen(name: str, file: Path | None) -> str:
    """A new password, asked for twice at the terminal; exit code 2 for one that may not be used."""
    from csire_bridge.access.passwords import against_password

    password = asked(file, "New password")
    if file is None and typer.prompt("Again", hide_input=True, err=True) != password:
        raise typer.BadParameter("the two passwords differ")
    against = against_password(password, name)
    if against is not None:
        raise typer.BadParameter(against)
    return password
