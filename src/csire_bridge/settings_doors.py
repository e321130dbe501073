"""Settings of the service's own door. Times are in seconds."""

from __future__ import annotations

from pydantic import Field

from csire_bridge.settings_parties import Part

__all__ = ["WebSettings"]


class WebSettings(Part):
    """The door of the service: where it listens, and how much it takes.

    ``batch`` messages at most share a commit. A message must come within ``body_seconds``, and from ``grace_seconds``
    on with ``bytes_per_second`` on the average; its headers within ``header_seconds``. ``strangers_per_minute`` and
    ``strangers_at_once`` limit all callers together who name no partner. At the end, open requests have
    ``stop_seconds``.
    """

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    batch: int = Field(default=64, gt=0, le=1000)
    body_seconds: float = Field(default=30, gt=0)
    grace_seconds: float = Field(default=5, gt=0)
    bytes_per_second: float = Field(default=1024, gt=0)
    header_seconds: float = Field(default=10, gt=0)
    keep_alive_seconds: int = Field(default=30, gt=0)
    strangers_per_minute: int = Field(default=6000, gt=0)
    strangers_at_once: int = Field(default=64, gt=0)
    stop_seconds: int = Field(default=30, gt=0)
