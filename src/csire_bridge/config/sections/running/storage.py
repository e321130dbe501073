"""Settings of the database's connections and of its write-ahead log."""

from __future__ import annotations

from pydantic import Field

from csire_bridge.config.sections.peers.parties import KEPT_SECONDS, KeptSeconds, Part

__all__ = ["StorageSettings"]


class StorageSettings(Part):
    """How connections to the database are kept, and how large SQLite's write-ahead log may stay.

    A connection that was idle for longer than ``kept_seconds`` is closed and opened again, because firewalls drop idle
    connections silently; PostgreSQL only. The write-ahead log of SQLite is cut when it has more than
    ``log_megabytes`` (1,000,000 bytes each).
    """

    kept_seconds: KeptSeconds = KEPT_SECONDS
    log_megabytes: float = Field(default=16, gt=0)

    @property
    def log_bytes(self) -> int:
        """The greatest size of the log."""
        return int(self.log_megabytes * 1_000_000)
