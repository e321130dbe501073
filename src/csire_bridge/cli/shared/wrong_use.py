"""Wrong use of the command line, told as every other error: what is wrong, and what to do."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

# Typer carries a click of its own and has no public names for these errors.
from typer._click.exceptions import (
    BadParameter,
    ClickException,
    MissingParameter,
    NoArgsIsHelpError,
    NoSuchOption,
    UsageError,
)
from typer.core import TyperArgument, TyperGroup, TyperOption

__all__ = ["ClickException", "NoArgsIsHelpError", "did_you_mean", "words_of"]

_REWORDED = (
    (r"No such command '(.*?)'\..*", r"there is no command '\1'"),
    (r"Got unexpected extra arguments?\(?s?\)? \((.*)\)", r"nothing is expected behind the options: '\1'"),
    (r"Option '(.*)' requires an argument\.", r"\1 needs a value"),
)
_NUMBERS = {
    "int_parsing": "{input!r} is no whole number",
    "int_type": "{input!r} is no whole number",
    "float_parsing": "{input!r} is no number",
    "greater_than_equal": "{input} is too little: at least {ge}",
    "less_than_equal": "{input} is too much: at most {le}",
}


def words_of(error: ClickException) -> str:
    """The sentence: command, what is wrong, and what to do."""
    if not isinstance(error, UsageError):
        return error.format_message()
    command = error.ctx.command_path if error.ctx else "csire-bridge"
    text = _text(error).rstrip(".")
    remedy = "" if " -> " in text else f" -> {did_you_mean(*_word_and_known(error))}see {command} --help"
    return f"{command}: {text}{remedy}" if error.ctx else f"{text}{remedy}"


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """A question with the known word that is most like it; empty where none is."""
    found = get_close_matches(word.lower(), known, 1)
    return f"did you mean {found[0]}? Else " if found else ""


def _text(error: UsageError) -> str:
    if isinstance(error, NoSuchOption):
        return f"there is no option {error.option_name}"
    if isinstance(error, BadParameter) and error.param is not None:
        return _of_param(error, error.param)
    for pattern, words in _REWORDED:
        if re.fullmatch(pattern, error.message, re.DOTALL):
            return re.sub(pattern, words, error.message, flags=re.DOTALL)
    return error.message


def _of_param(error: BadParameter, param: object) -> str:
    name, known = _name(param), ", ".join(_known_values(param))
    if isinstance(error, MissingParameter):
        return f"{name} is missing" + (f": one of {known}" if known else "")
    if known:
        return f"{name}: {_quoted(error.message)!r} is none of {known}"
    details: dict[str, Any] = getattr(error.__cause__, "errors", lambda: [{}])()[0]
    words = _NUMBERS.get(details.get("type", ""))
    if unreadable := re.fullmatch(r"(.*) is not readable\.", error.message):
        return f"{name}: {unreadable[1]} can't be read -> let the user that runs the command read it"
    values = {"input": details.get("input"), **details.get("ctx", {})}
    return f"{name}: {words.format(**values) if words else error.message}"


def _word_and_known(error: UsageError) -> tuple[str, Sequence[str]]:
    """The word that was not known, and those that are."""
    if isinstance(error, NoSuchOption):
        return error.option_name, list(error.possibilities or ())
    if isinstance(error, BadParameter):
        return _quoted(error.message), _known_values(error.param)
    if error.ctx is not None and isinstance(error.ctx.command, TyperGroup):
        return _quoted(error.message), error.ctx.command.list_commands(error.ctx)
    return "", ()


def _quoted(text: str) -> str:
    """What stands in the first quotation marks."""
    return text.partition("'")[2].partition("'")[0]


def _name(param: object) -> str:
    if isinstance(param, TyperOption):
        return param.opts[0]
    return param.display_name_raw if isinstance(param, TyperArgument) else str(param)


def _known_values(param: object) -> list[str]:
    choices = param.type_descriptor.choices if isinstance(param, TyperOption | TyperArgument) else ()
    return [str(getattr(choice, "value", choice)) for choice in choices or ()]
