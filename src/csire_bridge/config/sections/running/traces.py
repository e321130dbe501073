"""Settings of traces."""

from __future__ import annotations

from pydantic import Field

from csire_bridge.config.sections.peers.parties import Part

__all__ = ["TracesSettings"]


class TracesSettings(Part):
    """Where spans go: ``endpoint`` is the whole address of a collector (OTLP over HTTP). None: there are no traces.

    ``share`` is the part of all messages that is traced.
    """

    endpoint: str | None = Field(default=None, pattern=r"^https?://[^\s/]+/\S*$")
    share: float = Field(default=1, ge=0, le=1)
