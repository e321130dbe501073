"""The settings, for commands: reading them needs pydantic, so it is imported when a command runs, not for its help."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from csire_bridge.config.settings import Settings

__all__ = ["load_settings"]


def load_settings(file: Path | None = None, **options: Any) -> Settings:
    """The settings that hold; ConfigurationError lists everything that is wrong."""
    from csire_bridge.config import settings

    return settings.load_settings(file, **options)
