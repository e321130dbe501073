"""The command within this process: starting another one takes longer than most commands do."""

from __future__ import annotations

import io
import subprocess
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from unittest import mock

import pytest

from csire_bridge.cli.main import run
from tests.support.command import Command


@pytest.fixture(scope="session")
def command() -> Command:
    """What ``csire-bridge`` prints and how it ends, without a process of its own; test_commands.py has real ones."""

    def called(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        words, out, err = ["csire-bridge", *map(str, arguments)], io.StringIO(), io.StringIO()
        ended = 0
        with mock.patch("sys.argv", words), chdir(cwd or Path.cwd()), redirect_stdout(out), redirect_stderr(err):
            try:
                run()
            except SystemExit as end:
                ended = int(end.code or 0)
        return subprocess.CompletedProcess(words, ended, out.getvalue(), err.getvalue())

    return called
