"""Help as people read it: whole paragraphs, no character taken for markup, values in words instead of types."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

from rich.markup import escape
from typer.core import TyperArgument, TyperGroup, TyperOption

if TYPE_CHECKING:
    from typer import _click as click

__all__ = ["make_readable"]

_TYPES = {str: "TEXT", int: "NUMBER", float: "NUMBER", bool: None}


def make_readable(command: click.Command) -> click.Command:
    """The command, whose help and that of all commands below it can be printed as it was written."""
    command.help = _paragraphs(command.help) if command.help else command.help
    for param in command.params:
        if isinstance(param, TyperOption | TyperArgument):
            _make_param_readable(param)
    _make_help_option_readable(command)
    for below in command.commands.values() if isinstance(command, TyperGroup) else ():
        make_readable(below)
    return command


def _paragraphs(text: str) -> str:
    """Lines of a paragraph follow each other; examples, which are indented, stay lines."""
    paragraphs = inspect.cleandoc(text).split("\n\n")
    return escape("\n\n".join(p if p.startswith(" ") else p.replace("\n", " ") for p in paragraphs))


def _make_param_readable(param: TyperOption | TyperArgument) -> None:
    choices = [str(getattr(choice, "value", choice)) for choice in param.type_descriptor.choices or ()]
    one_of = f"One of: {', '.join(choices)}." if choices else None
    param.help = escape(" ".join(filter(None, (param.help, one_of))))
    if isinstance(param, TyperOption):
        shown = None if param.metavar is None and choices else param.metavar or _value(param)
        param.display_type_rich = lambda ctx: shown  # type: ignore[method-assign]  # typer shows types of Python


def _value(param: TyperOption) -> str | None:
    descriptor = param.type_descriptor
    if descriptor.is_path:
        return {"dir": "FOLDER"}.get(descriptor.path_type, descriptor.path_type.upper())
    wanted = descriptor.annotation
    return _TYPES.get(wanted, "TEXT") if isinstance(wanted, type) else "TEXT"


def _make_help_option_readable(command: click.Command) -> None:
    given = command.get_help_option

    def readable(ctx: click.Context) -> TyperOption | None:
        found = given(ctx)
        if found is not None:
            _make_param_readable(found)
        return found

    command.get_help_option = readable  # type: ignore[method-assign]  # typer makes it anew for each context
