"""Skips what may come before a document's root element: white space, comments, processing instructions.

Read byte by byte instead of with a regular expression, because finding a hidden DOCTYPE must not depend on the
interpreter: in Python 3.11.2, possessive quantifiers sometimes don't match where they should.
"""

from __future__ import annotations

import re

__all__ = ["end_of_prolog"]

_BLANK = re.compile(rb"\s*")
_PAIRS = ((b"<!--", b"-->"), (b"<?", b"?>"))


def end_of_prolog(body: bytes) -> int:
    """The index of the first byte after white space, comments and processing instructions.

    Its cost is linear in the length of the prolog.
    """
    at = _after_blank(body, 0)
    while (end := _end_of_piece(body, at)) > at:
        at = _after_blank(body, end)
    return at


def _end_of_piece(body: bytes, at: int) -> int:
    """The end of the comment or instruction at ``at``; ``at`` itself if there is none, or it has no end."""
    for opening, closing in _PAIRS:
        if body.startswith(opening, at):
            found = body.find(closing, at + len(opening))
            return at if found < 0 else found + len(closing)
    return at


def _after_blank(body: bytes, at: int) -> int:
    found = _BLANK.match(body, at)
    return found.end() if found else at
