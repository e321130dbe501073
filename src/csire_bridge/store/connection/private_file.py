"""The file of an SQLite database is for the service's own user: it holds personal data."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from csire_bridge.config.private_files import PRIVATE_MODE, too_wide
from csire_bridge.domain.errors import StoreFailure

__all__ = ["keep_private", "with_companions"]

_COMPANIONS = ("-wal", "-shm", "-journal")  # SQLite gives them the mode of the database


def with_companions(file: Path) -> list[Path]:
    """The database's file, and those that SQLite keeps beside it; whether they are there or not."""
    return [file, *(file.with_name(f"{file.name}{end}") for end in _COMPANIONS)]


def keep_private(file: Path) -> None:
    """Make a new, empty file that only its owner can use; take the rights of others from one that is there.

    Raises StoreFailure if they can't be taken. A folder that can't be written is told by who opens the database.
    """
    with suppress(OSError):  # never opened if it is there: closing it would end SQLite's locks of this process
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDWR, PRIVATE_MODE))
    for one in with_companions(file):
        if too_wide(one):
            _tighten(one)


def _tighten(file: Path) -> None:
    try:
        file.chmod(PRIVATE_MODE)
    except FileNotFoundError:
        return  # a log that SQLite has just removed
    except OSError as error:
        raise StoreFailure(
            f"others can read the database {file}, and that can't be changed: {error.strerror}",
            f"let its owner do: chmod {PRIVATE_MODE:o} {file}",
        ) from error
