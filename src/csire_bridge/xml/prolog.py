"""What may stand before a document's root element: white space, comments, processing instructions.

Read byte by byte and not by a regular expression: what a DOCTYPE hides behind must not depend on the interpreter.
Python 3.11.2, for one, lets possessive quantifiers match nothing where they should match.
"""

from __future__ import annotations

import re

__all__ = ["end_of_prolog"]

_BLANK = re.compile(rb"\s*")
_PAIRS = ((b"<!--", b"-->"), (b"<?", b"?>"))


def end_of_prolog(body: bytes) -> int:
    """Where the first thing begins that is neither white space nor a whole comment or instruction.

    Its cost grows with the length of the prolog, whatever stands in it.
    """
    at = _after_blank(body, 0)
    while (end := _end_of_piece(body, at)) > at:
        at = _after_blank(body, end)
    return at


def _end_of_piece(body: bytes, at: int) -> int:
    """The end of the comment or instruction that begins at ``at``; ``at`` itself where none does, or it has no end."""
    for opening, closing in _PAIRS:
        if body.startswith(opening, at):
            found = body.find(closing, at + len(opening))
            return at if found < 0 else found + len(closing)
    return at


def _after_blank(body: bytes, at: int) -> int:
    found = _BLANK.match(body, at)
    return found.end() if found else at
