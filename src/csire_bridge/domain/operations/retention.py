"""Retention: how long what has ended stays in the database."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import timedelta
from enum import StrEnum

__all__ = ["Archive", "Kept", "RetentionRules"]


class Kept(StrEnum):
    """Kinds of things that retention takes away, each for itself."""

    MESSAGES = "messages"
    ORDERS = "orders"
    EVENTS = "events"


@dataclass(frozen=True, slots=True)
class Archive:
    """A file with what was, or will be, taken away. ``sha256`` is that of the whole file, once it is written."""

    key: int
    name: str
    kind: Kept
    sha256: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionRules:
    """How long each kind stays after it came (messages, events) or was last touched (orders); None: for ever."""

    accepted: timedelta | None = None
    refused: timedelta | None = None
    duplicate: timedelta | None = None
    orders: timedelta | None = None
    events: timedelta | None = None

    @property
    def any(self) -> bool:
        """Whether anything goes at all."""
        return any(getattr(self, field.name) is not None for field in fields(self))
