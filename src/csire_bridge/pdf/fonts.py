"""The letters of our paper: Source Sans Pro, embedded, so that it looks the same everywhere."""

from __future__ import annotations

from collections.abc import Set
from functools import cache
from importlib.resources import files
from pathlib import Path

from fontTools.ttLib import TTFont

__all__ = ["BOLD", "FAMILY", "REGULAR", "printable"]

FAMILY = "SourceSansPro"
_FOLDER = Path(str(files("font_source_sans_pro"))) / "files"
REGULAR, BOLD = _FOLDER / "SourceSansPro-Regular.ttf", _FOLDER / "SourceSansPro-Bold.ttf"
_UNKNOWN = "?"


@cache
def _letters() -> Set[int]:
    with TTFont(REGULAR, lazy=True) as font:
        return frozenset(font.getBestCmap())


def printable(text: str) -> str:
    """The text as it can be printed: lines stay, tabs are blanks, letters that the font lacks become question marks."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    return "".join(letter if letter == "\n" or ord(letter) in _letters() else _UNKNOWN for letter in lines)
