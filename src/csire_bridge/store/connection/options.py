"""What may differ between two ways to open a database."""

from __future__ import annotations

from dataclasses import dataclass

from csire_bridge.config.sections.running.storage import StorageSettings

__all__ = ["LONGEST_WAIT_SECONDS", "DatabaseOptions"]

LONGEST_WAIT_SECONDS = 30
"""The longest wait for any lock."""

_DEFAULTS = StorageSettings()  # each default is written once, there


@dataclass(frozen=True, slots=True)
class DatabaseOptions:
    """``kept_seconds`` is the greatest age of an idle connection, ``log_bytes`` the size to which SQLite cuts its
    write-ahead log. With ``standby``, PostgreSQL servers that take no writes will do: for commands that only read.
    """

    kept_seconds: float = _DEFAULTS.kept_seconds
    log_bytes: int = _DEFAULTS.log_bytes
    standby: bool = False

    @classmethod
    def of(cls, settings: StorageSettings) -> DatabaseOptions:
        """The options that the settings ask for."""
        return cls(kept_seconds=settings.kept_seconds, log_bytes=settings.log_bytes)
