"""An entry of an order's time line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from csire_bridge.domain.order.order import OrderState
from csire_bridge.store.queries.dossiers.stored_documents import DocumentKind

__all__ = ["MOST", "EntryKind", "StoryEntry", "in_order"]

MOST = 1000
"""So many rows of each kind are read, the newest ones; the story says so if there were more."""


class EntryKind(StrEnum):
    """What an entry is about, in the order in which entries of one moment stand."""

    MESSAGE = "message"
    VERDICT = "verdict"
    ORDER = "order"
    GUARD = "guard"
    PERSON = "person"
    NOTE = "note"
    GATE = "gate"
    COMMAND = "command"
    EVENT = "event"
    READING = "reading"
    ANSWER = "answer"
    DELIVERY = "delivery"
    RESULT = "result"
    REPORT = "report"
    CLOCK = "clock"


_OURS = frozenset({EntryKind.MESSAGE, EntryKind.EVENT, EntryKind.CLOCK})
_RANKS = {kind: place for place, kind in enumerate(EntryKind)}


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryEntry:
    """One thing that happened, or (``to_come``) will. ``at`` is UTC.

    ``text`` is a sentence. ``who`` is a person, or the partner whose signature was proven. ``state`` is that of the
    order from then on, where this changed it. ``thing`` and ``key`` name the record: a message, an order, a hold ...;
    ``document`` the kind of its bytes, found by the same key.
    """

    at: datetime
    kind: EntryKind
    text: str
    who: str | None = None
    state: OrderState | None = None
    thing: str | None = None
    key: int | None = None
    document: DocumentKind | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    to_come: bool = False

    @property
    def personal(self) -> bool:
        """Whether the text may tell of a person: histories repeat the reasons that people gave."""
        return self.kind not in _OURS


def in_order(entries: list[StoryEntry]) -> list[StoryEntry]:
    """The entries by their moments; those of one moment by what they are about, else as they were written."""
    return sorted(entries, key=lambda one: (one.at, _RANKS[one.kind]))
