"""Settings of the log."""

from __future__ import annotations

import logging
from enum import StrEnum

from pydantic import Field, field_validator

from csire_bridge.config.sections.peers.parties import Part
from csire_bridge.telemetry.log_output import LogForm
from csire_bridge.telemetry.logs import floor_of

__all__ = ["LoggingSettings"]


class _Level(StrEnum):
    """The levels, as they are written."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"

    @property
    def number(self) -> int:
        """The same for the standard library."""
        return logging.getLevelNamesMapping()[self.upper()]


class LoggingSettings(Part):
    """What is logged to standard error, and how.

    ``levels`` are those of single modules, such as ``"csire_bridge.worker"``, or of libraries. A library that would
    write personal data or secrets below a level can't be set lower.
    """

    level: _Level = _Level.INFO
    levels: dict[str, _Level] = Field(default={})
    format: LogForm = LogForm.AUTO

    @field_validator("levels")
    @classmethod
    def _not_below_the_floor(cls, levels: dict[str, _Level]) -> dict[str, _Level]:
        for name, level in levels.items():
            if level.number < floor_of(name):
                lowest = logging.getLevelName(floor_of(name)).lower()
                raise ValueError(f"{name} may not be logged below {lowest}: it would write what no log may hold")
        return levels
