"""The languages of the console, and which one a browser gets."""

from __future__ import annotations

from enum import StrEnum

from starlette.requests import Request

__all__ = ["LANGUAGE_COOKIE", "Language", "language_of"]

LANGUAGE_COOKIE = "csire-language"


class Language(StrEnum):
    """A language of the pages. Polish is the default."""

    POLISH = "pl"
    ENGLISH = "en"


def language_of(request: Request) -> Language:
    """The language that was chosen in this browser; else Polish."""
    chosen = request.cookies.get(LANGUAGE_COOKIE)
    return Language(chosen) if chosen in set(Language) else Language.POLISH
