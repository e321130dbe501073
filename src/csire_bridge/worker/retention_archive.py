"""Archives of retention: a zip with rows as JSON, all bytes received or sent, and a manifest of hashes.

``csire-bridge evidence --check FILE`` checks the hashes. A file gets its name only when it is complete and synced.
"""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO, Any

from csire_bridge.domain.errors import StoreFailure
from csire_bridge.domain.operations.retention import Archive, Kept
from csire_bridge.store.housekeeping.retention import Unit
from csire_bridge.store.sql.plain_values import facts_of

__all__ = ["archived_keys", "write_archive"]

_MANIFEST = "manifest.json"


def write_archive(folder: Path, archive: Archive, units: Iterable[tuple[int, Unit]]) -> tuple[str, int]:
    """Write the archive, and return the file's SHA-256 and how much is in it.

    A file of that name left by a crash is replaced. Raises StoreFailure.
    """
    part = folder / f".{archive.name}.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(part, os.O_CREAT | os.O_TRUNC | os.O_RDWR, 0o600), "w+b") as file:
            count = _fill(file, archive.kind, units)
            file.flush()
            os.fsync(file.fileno())
            file.seek(0)
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        part.replace(folder / archive.name)
        _sync_folder(folder)
    except OSError as error:
        raise StoreFailure(
            f"the archive {folder / archive.name} can't be written: {error.strerror}",
            "look at free space and permissions",
        ) from error
    return digest, count


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _fill(file: IO[bytes], kind: Kept, units: Iterable[tuple[int, Unit]]) -> int:
    hashes: dict[str, str] = {}
    keys: list[int] = []
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for key, unit in units:
            for name, data in _files(f"{kind}/{key}", unit):
                hashes[name] = hashlib.sha256(data).hexdigest()
                archive.writestr(name, data)
            keys.append(key)
        archive.writestr(_MANIFEST, _json({"kind": kind, "keys": keys, "sha256": hashes}))
    return len(keys)


def _files(name: str, unit: Unit) -> list[tuple[str, bytes]]:
    """A JSON file with the rows by table, and a file for each column that holds bytes."""
    rows, files = {}, []
    for table, found in unit.items():
        rows[table.name] = [facts_of(row) for row in found]
        for facts, row in zip(rows[table.name], found, strict=True):
            for column, value in row._mapping.items():
                if isinstance(value, bytes):
                    facts[column] = f"{name}/{table.name}-{row.key}-{column}.xml"
                    files.append((facts[column], value))
    return [(f"{name}.json", _json(rows)), *files]


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, indent=1, ensure_ascii=False, default=str).encode()


def archived_keys(folder: Path, archive: Archive) -> list[int]:
    """The keys of the archive's rows; raises StoreFailure if the file is missing or was changed."""
    file = folder / archive.name
    try:
        with file.open("rb") as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
        if digest != archive.sha256:
            raise _lost(f"the archive {file} is not the one that was written: its SHA-256 is another one")
        with zipfile.ZipFile(file) as opened_zip:
            keys: list[int] = json.loads(opened_zip.read(_MANIFEST))["keys"]
    except OSError as error:
        raise _lost(f"the archive {file} can't be read: {error.strerror}") from error
    return keys


def _lost(text: str) -> StoreFailure:
    return StoreFailure(
        text, "put it back where it was, or run retention on the machine that wrote it; nothing is lost"
    )
