"""Settings of the metrics."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from csire_bridge.config.sections.peers.parties import Part

__all__ = ["MetricsSettings"]


class MetricsSettings(Part):
    """What ``/metrics`` tells.

    Processes on one host add up their counts in ``folder``, best one in memory; without it a process tells its own.
    What is read from the database is given again for ``hold_seconds``.
    """

    enabled: bool = True
    folder: Path | None = None
    hold_seconds: float = Field(default=10, ge=0)
