"""Commands start without what they don't need, and the list of commands says what each says of itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from csire_bridge.cli.commands import COMMANDS, load_command
from csire_bridge.store.database import Database

HEAVY = ("zeep", "xmlschema", "fastapi", "uvicorn", "alembic", "dlms_cosem", "signxml", "csire_bridge.service.bridge")
_NO_DATABASE = ("sqlalchemy", *HEAVY)
_RUN = """
import sys
from csire_bridge.cli.main import app
try:
    app({words!r})
except SystemExit as end:
    assert not end.code, end.code
print("loaded:", *[name for name in {heavy!r} if name in sys.modules])
"""


def loaded(words: list[str], heavy: tuple[str, ...]) -> str:
    """Which of the ``heavy`` modules a command of its own process has loaded by its end."""
    code = _RUN.format(words=words, heavy=heavy)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.rsplit("loaded:", 1)[1].strip()


@pytest.mark.parametrize("words", ["--help", "--version", "pki --help"])
def test_given_a_command_without_database_when_it_ends_then_nothing_heavy_was_loaded(words: str) -> None:
    assert loaded(words.split(), _NO_DATABASE) == ""


@pytest.mark.parametrize(
    "words",
    ["orders list", "alerts", "stats", "messages list", "movements list", "work list", "hold list", "stop --show"],
)
def test_given_a_command_that_opens_only_the_database_when_it_ends_then_no_partner_was_loaded(
    words: str, tmp_path: Path
) -> None:
    address = f"sqlite:///{tmp_path / 'bridge.db'}"
    database = Database(address)
    database.upgrade()
    database.close()
    assert loaded([*words.split(), "--database", address], HEAVY) == ""


@pytest.mark.parametrize("name", COMMANDS)
def test_given_the_list_of_commands_then_each_line_is_what_the_command_says_of_itself(name: str) -> None:
    command = load_command(name)
    own = (command.short_help or command.help or "").strip().split("\n\n")[0].replace("\n", " ")
    assert COMMANDS[name][1] == own
