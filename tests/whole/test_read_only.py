"""A database that can't be written ends the service with a sentence."""

from __future__ import annotations

from pathlib import Path

from tests.support.command import Command
from tests.support.read_only import unwritable
from tests.whole.test_serve import house


def test_given_a_read_only_database_when_served_then_it_ends_with_one_sentence(
    tmp_path: Path, command: Command
) -> None:
    home = house(tmp_path)
    with unwritable(tmp_path / "bridge.db"):
        done = command("serve", "--config", home.config, "--port", 0, "--operations-port", 0)
    assert done.returncode == 2
    (sentence,) = [line for line in done.stderr.splitlines() if " -> " in line]
    assert "can't be written, its file or file system is read-only" in sentence
    assert "Traceback" not in done.stderr
