"""Settings of the health checks."""

from __future__ import annotations

from pydantic import Field

from csire_bridge.config.sections.peers.parties import Part

__all__ = ["HealthSettings"]


class HealthSettings(Part):
    """What makes a process "not ready" (``/readyz``).

    ``free_megabytes`` (1,000,000 bytes each) must be free where the bridge writes; the clocks of this process, this
    machine and the database may differ by ``clock_seconds``.
    """

    free_megabytes: float = Field(default=200, ge=0)
    clock_seconds: float = Field(default=10, gt=0)
