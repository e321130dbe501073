"""Commands start without what they don't need, and the list of commands says what each says of itself."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from csire_bridge.cli.commands import COMMANDS, load_command
from csire_bridge.store.database import Database

HEAVY = (
    "zeep",
    "xmlschema",
    "fastapi",
    "uvicorn",
    "alembic",
    "dlms_cosem",
    "signxml",
    "csire_bridge.service.wiring.bridge",
)
_NO_DATABASE = ("sqlalchemy", "pydantic_settings", "holidays", "lxml", "cryptography", "httpx", "yaml", *HEAVY)
_RUN = """
import sys
from csire_bridge.cli.main import app
try:
    app({words!r})
except SystemExit as end:
    assert not end.code, end.code
print("loaded:", *[name for name in {heavy!r} if name in sys.modules])
"""
_COMPLETE = """
import contextlib, io, sys
from csire_bridge.cli.main import app
with contextlib.redirect_stdout(io.StringIO()) as out:
    try:
        app(prog_name="csire-bridge")
    except SystemExit as end:
        assert not end.code, end.code
assert out.getvalue().split() == ["list"], out.getvalue()
print("loaded:", *[name for name in {heavy!r} if name in sys.modules])
"""
_ALL_HELP = """
import sys
from csire_bridge.cli.commands import COMMANDS, load_command
from csire_bridge.cli.main import app

def asked(words, command):
    try:
        app([*words, "--help"])
    except SystemExit as end:
        assert not end.code, end.code
    for name, below in getattr(command, "commands", {{}}).items():
        asked([*words, name], below)

for name in COMMANDS:
    asked([name], load_command(name))
print("loaded:", *[name for name in {heavy!r} if name in sys.modules])
"""


def loaded(words: list[str], heavy: tuple[str, ...]) -> str:
    """Which of the ``heavy`` modules a command of its own process has loaded by its end."""
    decided = {"CSIRE_BRIDGE_LAW__UNKNOWN_PROTECTION": "protected"}  # or ``alerts`` exits with 1
    return _loaded_by(_RUN.format(words=words, heavy=heavy), **decided)


def _loaded_by(code: str, **environment: str) -> str:
    around = {**os.environ, **environment}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=around)
    return done.stdout.rsplit("loaded:", 1)[1].strip()


@pytest.mark.parametrize("words", ["--help", "--version"])
def test_given_a_command_without_database_when_it_ends_then_nothing_heavy_was_loaded(words: str) -> None:
    assert loaded(words.split(), _NO_DATABASE) == ""


def test_given_any_command_or_group_when_its_help_is_shown_then_nothing_heavy_was_loaded() -> None:
    assert _loaded_by(_ALL_HELP.format(heavy=_NO_DATABASE)) == ""


def test_given_a_group_when_the_shell_completes_its_commands_then_nothing_heavy_was_loaded() -> None:
    completing = {"_CSIRE_BRIDGE_COMPLETE": "complete_bash", "COMP_WORDS": "csire-bridge orders li", "COMP_CWORD": "2"}
    code = _COMPLETE.format(heavy=_NO_DATABASE)
    assert _loaded_by(code, **completing) == ""


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
