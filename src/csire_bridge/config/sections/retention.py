"""Settings of retention: what is taken out of the database, when, and where it goes."""

from __future__ import annotations

from datetime import time, timedelta
from pathlib import Path

from pydantic import Field, model_validator

from csire_bridge.config.sections.peers.parties import Part
from csire_bridge.domain.operations.retention import RetentionRules

__all__ = ["RetentionSettings"]


class RetentionSettings(Part):
    """How many days things stay in the database; what is not set stays for ever.

    ``accepted_days``, ``refused_days`` and ``duplicate_days`` are for messages, ``orders_days`` for orders that have
    ended and whose answers the hub has confirmed, ``events_days`` for the head-end system's events, ``jobs_days`` for
    jobs of people that have ended, ``audit_days`` for whole days of the audit. Everything is archived in the folder
    ``archive`` before it is deleted, each night ``at`` that Polish time.
    """

    archive: Path | None = None
    at: time = time(2, 30)
    accepted_days: int | None = Field(default=None, gt=0)
    refused_days: int | None = Field(default=None, gt=0)
    duplicate_days: int | None = Field(default=None, gt=0)
    orders_days: int | None = Field(default=None, gt=0)
    events_days: int | None = Field(default=None, gt=0)
    jobs_days: int | None = Field(default=None, gt=0)
    audit_days: int | None = Field(default=None, ge=31)
    batch: int = Field(default=200, gt=0, le=5000)

    @model_validator(mode="after")
    def _goes_together(self) -> RetentionSettings:
        if self.at.tzinfo is not None:
            raise ValueError("at is Polish time, so it has no offset")
        if self.orders_days is not None and (self.accepted_days is None or self.accepted_days > self.orders_days):
            raise ValueError("orders go after their messages: accepted_days must be set too, and not be more")
        if (self.as_rules().any or self.audit_days) and self.archive is None:
            raise ValueError("nothing is deleted that is not archived: set archive to a folder")
        return self

    def as_rules(self) -> RetentionRules:
        """The same as values of the domain."""
        names = ("accepted", "refused", "duplicate", "orders", "events", "jobs")
        days = {name: getattr(self, f"{name}_days") for name in names}
        return RetentionRules(**{n: None if count is None else timedelta(days=count) for n, count in days.items()})
