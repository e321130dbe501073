"""Settings of the report for the board: each month by itself, into a folder, by mail, or both."""

from __future__ import annotations

from datetime import time
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from csire_bridge.config.sections.alerts import Mailbox
from csire_bridge.config.sections.peers.parties import Part

__all__ = ["ReportSettings"]


class ReportSettings(Part):
    """The report of a month is made on the day ``day`` of the next one, at the Polish time ``at``.

    ``folder`` gets it as PDF and XLSX; ``mail`` are addresses that get both, by the mail server of the alerts.
    """

    folder: Path | None = None
    mail: tuple[Mailbox, ...] = ()
    day: int = Field(default=2, ge=1, le=28)
    at: time = time(6, 0)
    language: Literal["pl", "en"] = "pl"

    @model_validator(mode="after")
    def _is_polish_time(self) -> ReportSettings:
        if self.at.tzinfo is not None:
            raise ValueError("at is Polish time, so it has no offset")
        return self

    @property
    def wanted(self) -> bool:
        """Whether a report is made at all."""
        return self.folder is not None or bool(self.mail)
