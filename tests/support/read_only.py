"""A file that nobody can write."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

__all__ = ["unwritable"]


@contextmanager
def unwritable(file: Path) -> Iterator[None]:
    """Nobody can write the file, not even root; skips where that can't be had."""
    chattr = shutil.which("chattr")
    if os.geteuid() != 0:
        file.chmod(0o400)
        yield
        return
    if chattr is None or subprocess.run([chattr, "+i", str(file)], capture_output=True, check=False).returncode:
        pytest.skip("as root, a file can be made read-only by chattr only, which this file system does not know")
    try:
        yield
    finally:
        subprocess.run([chattr, "-i", str(file)], check=True)
