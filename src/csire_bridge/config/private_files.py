"""Files that hold a secret - private keys, passwords - are for the user of the service only.

They are found by the names of their settings (``..._key``, ``..._password_file`` and so on), so a new setting needs
no entry here. Where the system knows no POSIX permissions, nothing is checked.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel

from csire_bridge.config.sources.model import dotted, leaves
from csire_bridge.domain.errors import ConfigurationError

__all__ = ["PRIVATE_MODE", "private_files", "require_private_files", "too_wide", "write_private"]

PRIVATE_MODE = 0o600
"""Read and written by the owner, nobody else."""

_GROUP_MAY_READ = 0o640
_PRIVATE = re.compile(r"(?:^|_)(?:key|password|secret|token)(?:_file)?$")


def private_files(settings: BaseModel) -> Iterator[tuple[str, Path]]:
    """Each file of the settings that holds a secret, with the name of its setting."""
    for key, named, value in leaves(settings):
        if isinstance(value, Path) and _PRIVATE.search(named.name):
            yield dotted(key), value


def require_private_files(settings: BaseModel, *, group_may_read: bool) -> None:
    """Raise ConfigurationError with every file of a secret that others can get at; files that are missing are not told.

    With ``group_may_read`` the group of the file may read it, as with secrets that a container gets mounted.
    """
    allowed = _GROUP_MAY_READ if group_may_read else PRIVATE_MODE
    if os.name != "posix":
        return
    if found := [told for name, file in private_files(settings) if (told := _against(name, file, allowed))]:
        raise ConfigurationError("\n".join(found))


def too_wide(file: Path, allowed: int = PRIVATE_MODE) -> str | None:
    """The permissions of a file, such as ``0644``, if they allow more than ``allowed``; None if not, or not there."""
    try:
        mode = stat.S_IMODE(file.stat().st_mode)
    except OSError:
        return None  # who reads it tells
    return f"{mode:04o}" if mode & 0o077 & ~allowed and os.name == "posix" else None


def write_private(file: Path, content: bytes, *, replace: bool = False) -> None:
    """Write a file that nobody else can read, from its first byte on.

    Raises FileExistsError if it is there already, unless ``replace``; OSError if it can't be written.
    """
    if replace:
        file.unlink(missing_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_MODE), "wb") as stream:
        stream.write(content)


def _against(name: str, file: Path, allowed: int) -> str | None:
    if mode := too_wide(file, allowed):
        return f"setting {name}: others can get at {file} (its mode is {mode}) -> chmod {allowed:o} {file}"
    if not _is_ours(file):
        return f"setting {name}: {file} belongs to another user, who could change it -> chown it to the service's user"
    return None


def _is_ours(file: Path) -> bool:
    """Whether it belongs to us or to root; root looks after the files of everybody."""
    try:
        owner = file.stat().st_uid
    except OSError:
        return True
    return os.geteuid() == 0 or owner in (0, os.geteuid())
