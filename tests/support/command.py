"""The real command as a process of its own."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest

from tests.support.patience import PATIENCE
from tests.support.warm import warm

Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def command(process: Command) -> Command:
    """The same, where nobody has put something quicker in its place."""
    return process


@pytest.fixture(scope="session")
def process() -> Command:
    """Run ``csire-bridge`` with arguments as a process that begins with everything imported."""
    return warm.run


@pytest.fixture(scope="session")
def installed() -> Command:
    """Run ``csire-bridge`` as a person does: it is this environment's own installation, and begins with nothing."""

    def run(*arguments: object, **options: Any) -> subprocess.CompletedProcess[str]:
        program = Path(sys.executable).with_name("csire-bridge")
        words = [str(program), *map(str, arguments)]
        return subprocess.run(words, capture_output=True, text=True, timeout=10 * PATIENCE, check=False, **options)

    return run


@pytest.fixture(scope="session")
def demo(process: Command, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that a good demo has left, to be read only: it is played once for all processes."""
    own = tmp_path_factory.getbasetemp()
    place = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    with (place / "demo.lock").open("a+") as known:
        fcntl.flock(known, fcntl.LOCK_EX)
        known.seek(0)
        if not (played := known.read()):
            played = mkdtemp(prefix="demo-", dir=place) + "/out"
            done = process("demo", "--dir", played)
            assert done.returncode == 0, done.stdout + done.stderr
            known.write(played)
    return Path(played)
