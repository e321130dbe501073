"""Settings of our signing keys."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field

from csire_bridge.config.sections.peers.parties import Part
from csire_bridge.domain.clock import WARSAW, aware_utc, start_of

__all__ = ["SigningSettings"]


def _moment(value: object) -> object:
    """A TOML date is the start of that Polish day; a time without an offset is Polish time."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value) if len(value) > len("2027-01-31") else date.fromisoformat(value)
    if isinstance(value, datetime):
        return aware_utc(value if value.tzinfo else value.replace(tzinfo=WARSAW))
    return start_of(value) if isinstance(value, date) else value


class SigningSettings(Part):
    """A private key, its certificate (both PEM files), and from when on it signs: a date (the start of that day in
    Poland) or a moment; the first key needs none. Python calls ``from`` ``starts``.
    """

    key: Path
    certificate: Path
    starts: Annotated[datetime | None, BeforeValidator(_moment)] = Field(default=None, alias="from")
