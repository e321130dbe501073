"""Notes that people write on orders. A note is never changed or deleted; a wrong one is corrected by another one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from csire_bridge.domain.errors import ActionRefused

__all__ = ["LONGEST_NOTE", "MOST_NOTES", "Note", "checked_note"]

LONGEST_NOTE = 2000
"""Characters of one note."""
MOST_NOTES = 500
"""Notes on one order; more are no notes any more."""


@dataclass(frozen=True, slots=True)
class Note:
    """What somebody wrote on an order. ``at`` is UTC; ``by`` is the name that histories keep."""

    key: int
    order: int
    at: datetime
    by: str
    text: str


def checked_note(text: str) -> str:
    """The text of a note as it is kept: without blanks around it, its lines as written.

    Raises ActionRefused for one that is empty, too long, or has characters that can't be shown.
    """
    kept = "\n".join(line.rstrip() for line in text.strip().splitlines())
    if not kept:
        raise ActionRefused("the note is empty", "write what others shall know")
    if len(kept) > LONGEST_NOTE:
        raise ActionRefused(
            f"the note has {len(kept)} characters, more than {LONGEST_NOTE}", "say it shorter, or write two notes"
        )
    if not kept.replace("\n", "").replace("\t", "").isprintable():
        raise ActionRefused("the note has characters that can't be shown", "write plain text")
    return kept
