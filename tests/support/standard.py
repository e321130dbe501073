"""The hub's standard, read once in a process as long as its files are the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from csire_bridge.config.settings import Settings
from csire_bridge.service.wiring.standard import Standard

__all__ = ["remembering"]


def remembering(load: Callable[[Settings], Standard]) -> Callable[[Settings], Standard]:
    """The same, which reads what it has read already only when a file has changed."""
    known: dict[object, Standard] = {}

    def remembered(settings: Settings) -> Standard:
        folders = (*settings.schema_path, None, *settings.mapping_path)
        files = [(file, *_age(file)) for folder in folders if folder for file in sorted(folder.rglob("*"))]
        key = str((folders, files, settings.sender_role, settings.own_eic, settings.limits))
        if key not in known:
            known[key] = load(settings)
        return known[key]

    return remembered


def _age(file: Path) -> tuple[int, int]:
    found = file.stat()
    return found.st_mtime_ns, found.st_size
