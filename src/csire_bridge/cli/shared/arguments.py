"""Arguments and options that several commands share, and how they are read."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, TypeVar

import typer

from csire_bridge.domain.identifiers import Eic, MessageNumber

__all__ = [
    "AsTheHubOption",
    "EicArgument",
    "ListedKeyArgument",
    "NumberOption",
    "OptionalByOption",
    "PointArgument",
    "ProfileChoice",
    "ReasonOption",
    "SomeEicArgument",
    "parse_as",
    "parse_eic",
    "parse_numbers",
    "parse_widened",
    "parse_words",
]

EicArgument = Annotated[str, typer.Argument(metavar="EIC", help="The partner's EIC code.")]
SomeEicArgument = Annotated[str | None, typer.Argument(metavar="[EIC]", help="Only this partner.")]
ListedKeyArgument = Annotated[int, typer.Argument(metavar="KEY", help="Its key, as shown by `list`.")]
PointArgument = Annotated[str, typer.Argument(metavar="POINT", help="Code of the metering point (PPE).")]
OptionalByOption = Annotated[
    str | None,
    typer.Option("--by", help="Who does this; the name is kept. With a login: yourself.", show_default=False),
]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; the history keeps it.")]
NumberOption = Annotated[
    list[str] | None,
    typer.Option("--number", help="The hub may send this number only; may be given more than once. None: every one."),
]
AsTheHubOption = Annotated[
    list[str] | None,
    typer.Option(
        "--may-send-as-the-hub",
        help="Message number that a partner who is not the hub may send in its place; more than once; `none`: nothing.",
    ),
]


_Code = TypeVar("_Code")


class ProfileChoice(StrEnum):
    """How a partner can sign; unsigned messages can be allowed in the settings file only."""

    ENVELOPED = "enveloped"
    WSS = "wss"


def parse_as(parse: Callable[[str], _Code], text: str, option: str | None = None) -> _Code:
    """The code, or a sentence and exit code 2."""
    try:
        return parse(text.strip())
    except ValueError as error:
        raise typer.BadParameter(f"{option}: {error}" if option else str(error)) from error


def parse_eic(text: str) -> Eic:
    """The code, or a sentence and exit code 2."""
    return parse_as(Eic.parse, text)


def parse_numbers(texts: list[str] | None) -> str | None:
    """Message numbers with spaces between them, or None if the option was not given."""
    try:
        return " ".join(sorted({MessageNumber.parse(text) for text in texts})) if texts else None
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def parse_widened(texts: list[str] | None) -> str | None:
    """Message numbers with spaces between them; empty for `none`, None if the option was not given."""
    return "" if texts == ["none"] else parse_numbers(texts)


def parse_words(text: str, option: str, longest: int = 100) -> str:
    """One line of words, trimmed."""
    words = text.strip()
    if not words or len(words) > longest or not words.isprintable():
        raise typer.BadParameter(f"{option} needs 1 to {longest} characters in one line")
    return words
