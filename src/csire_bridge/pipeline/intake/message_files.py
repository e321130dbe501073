"""Replay: message files, folders and zip archives are taken in by the same steps as all other messages.

A plan is made first and can be shown. No file is read twice, and a message that was processed before is recognised by
its bytes.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from csire_bridge.domain.errors import Problem, ProblemCode, Unreadable
from csire_bridge.pipeline.intake.receive import Arrival

__all__ = ["MAX_FILE_BYTES", "ReplayFile", "find_files"]

MAX_FILE_BYTES = 50 * 1024 * 1024
"""A larger file is no message; the limit also stops archives that unpack to gigabytes."""


@dataclass(frozen=True, slots=True)
class ReplayFile:
    """One message to replay: a file, or a member of an archive."""

    origin: str
    file: Path
    member: str | None = None

    def read(self) -> Arrival:
        """Its bytes; raises Unreadable when it is too large or the archive is broken, OSError when it is gone."""
        if self.member is None:
            size = self.file.stat().st_size
            return Arrival(self.origin, self.file.read_bytes()) if size <= MAX_FILE_BYTES else self._too_large(size)
        try:
            with zipfile.ZipFile(self.file) as archive:
                size = archive.getinfo(self.member).file_size
                if size > MAX_FILE_BYTES:
                    return self._too_large(size)
                with archive.open(self.member) as stream:
                    return Arrival(self.origin, stream.read(MAX_FILE_BYTES))
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
            raise _broken(self.file, error) from error

    def _too_large(self, size: int) -> Arrival:
        text = f"{self.origin} has {size} bytes, more than the limit of {MAX_FILE_BYTES}"
        raise Unreadable([Problem(ProblemCode.TOO_LARGE, text, "give single messages")])


def find_files(paths: Sequence[Path]) -> Iterator[ReplayFile]:
    """Every message under ``paths``, in order of name: ``*.xml`` in folders, every file named, members of archives.

    Raises Unreadable for a broken archive, OSError for a path that is not there.
    """
    for path in paths:
        if path.is_dir():
            for file in sorted(f for f in path.rglob("*") if f.suffix.lower() in (".xml", ".zip") and f.is_file()):
                yield from _one(file, file.relative_to(path).as_posix())
        else:
            path.stat()
            yield from _one(path, path.name)


def _one(file: Path, origin: str) -> Iterator[ReplayFile]:
    if file.suffix.lower() != ".zip":
        yield ReplayFile(origin, file)
        return
    try:
        with zipfile.ZipFile(file) as archive:
            names = sorted(n for n in archive.namelist() if n.lower().endswith(".xml"))
    except zipfile.BadZipFile as error:
        raise _broken(file, error) from error
    for name in names:
        yield ReplayFile(f"{origin}:{name}", file, name)


def _broken(file: Path, error: Exception) -> Unreadable:
    text = f"the archive {file.name} can't be read: {error}"
    return Unreadable([Problem(ProblemCode.NOT_WELL_FORMED, text, "give an intact zip archive")])
