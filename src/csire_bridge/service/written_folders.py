"""The folders on this machine into which the service writes, beside its database."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from csire_bridge.config.settings import Settings
from csire_bridge.domain.errors import ConfigurationError

__all__ = ["nearest", "require_writable", "takes_files", "written_folders"]


def written_folders(settings: Settings) -> Mapping[str, Path]:
    """Each by the name of its setting. Some are made only when something is written."""
    named = {
        "delivery_folder": None if settings.hub.url else settings.delivery_folder,
        "retention.archive": settings.retention.archive,
        "reports.folder": settings.reports.folder,
    }
    return {name: folder.absolute() for name, folder in named.items() if folder is not None}


def nearest(folder: Path) -> Path:
    """The folder, or the nearest one above that is there already."""
    return next((place for place in (folder, *folder.parents) if place.exists()), folder)


def takes_files(place: Path) -> bool:
    """Whether files can be made in a folder that is there."""
    return os.access(place, os.W_OK | os.X_OK)


def require_writable(name: str, folder: Path) -> None:
    """Raise ConfigurationError unless files can be made in ``folder``, the value of the setting ``name``."""
    place = nearest(folder)
    if not place.is_dir():
        raise ConfigurationError(f"setting {name}: {place} is a file", "name a folder, or the place for a new one")
    if not takes_files(place):
        raise ConfigurationError(
            f"setting {name}: nothing can be written in {place}", "let the user of the service write there"
        )
