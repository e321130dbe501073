"""Retention: how long what has ended stays in the database."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import timedelta
from enum import StrEnum

__all__ = ["Archive", "Kept", "RetentionRules"]


class Kept(StrEnum):
    """Kinds of records that retention removes, each with its own rule."""

    MESSAGES = "messages"
    ORDERS = "orders"
    EVENTS = "events"
    JOBS = "jobs"


@dataclass(frozen=True, slots=True)
class Archive:
    """An archive file of records that were, or will be, deleted. ``sha256`` is of the whole file, once written."""

    key: int
    name: str
    kind: Kept
    sha256: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionRules:
    """How long each kind stays after it came (messages, events), was last touched (orders) or has ended (jobs).

    None: for ever.
    """

    accepted: timedelta | None = None
    refused: timedelta | None = None
    duplicate: timedelta | None = None
    orders: timedelta | None = None
    events: timedelta | None = None
    jobs: timedelta | None = None

    @property
    def any(self) -> bool:
        """Whether anything goes at all."""
        return any(getattr(self, field.name) is not None for field in fields(self))
