"""Templates for requests of constant structure: rendered once with placeholders, then only filled in.

Only the requests to the head-end system are filled in, because the library that writes them takes 0.3 ms each time
(docs/decisions/0011). Receipts and answers are built element by element.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Self, TypeVar
from xml.sax.saxutils import escape

__all__ = ["NOT_IN_XML", "Template"]

_Gap = TypeVar("_Gap")
_MARK = re.compile(r"@(\d+)@")
NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 can't hold."""
_NOT_AS_IT_IS = re.compile(f'[&<>"\r]|{NOT_IN_XML.pattern}')
_ESCAPES = {'"': "&quot;", "\r": "&#13;"}


@dataclass(frozen=True, slots=True)
class Template(Generic[_Gap]):
    """A document with placeholders: ``pieces`` surround the texts of ``gaps``, in order."""

    pieces: tuple[str, ...]
    gaps: tuple[_Gap, ...]

    @classmethod
    def written(cls, gaps: Sequence[_Gap], write: Callable[[Mapping[_Gap, str]], bytes]) -> Self:
        """The template of the document that ``write`` makes of a text for each of ``gaps``, in UTF-8.

        Raises ValueError unless each text occurs exactly once, as content of an element or attribute.
        """
        marks = {gap: f"@{index}@" for index, gap in enumerate(gaps)}
        found = _MARK.split(write(marks).decode())
        order = [int(index) for index in found[1::2]]
        if sorted(order) != list(range(len(gaps))):
            raise ValueError(f"there is no single place for each of {', '.join(map(str, gaps))}")
        return cls(tuple(found[::2]), tuple(gaps[index] for index in order))

    def fill(self, texts: Mapping[_Gap, str]) -> bytes:
        """The document filled with ``texts``; raises ValueError for characters that XML does not allow."""
        given = [texts[gap] for gap in self.gaps]
        if _NOT_AS_IT_IS.search("".join(given)):
            given = [_escaped(text) for text in given]
        parts = [""] * (2 * len(given) + 1)
        parts[::2], parts[1::2] = self.pieces, given
        return "".join(parts).encode()


def _escaped(text: str) -> str:
    if NOT_IN_XML.search(text):
        raise ValueError(f"{text!r} has characters that XML can't hold")
    return escape(text, _ESCAPES)
