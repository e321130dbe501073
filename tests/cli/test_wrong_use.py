"""Wrong use gets a sentence that says what is wrong and what was perhaps meant; help is readable."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from csire_bridge.cli.commands import COMMANDS, load_command
from tests.support.command import Command


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("order list", "csire-bridge: there is no command 'order' -> did you mean orders?"),
        ("orders lst", "csire-bridge orders: there is no command 'lst' -> did you mean list?"),
        ("orders list --stat parked", "there is no option --stat -> did you mean --state?"),
        ("orders list --state parkd", "--state: 'parkd' is none of registered, "),
        ("orders list --state parkd", "-> did you mean parked?"),
        ("orders list --limit many", "--limit: 'many' is no whole number"),
        ("orders list --limit 0", "--limit: 0 is too little: at least 1"),
        ("orders list --limit", "--limit needs a value"),
        ("orders list now", "'now'"),
        ("orders show", "KEY is missing"),
        ("orders list --since yesterday", "'yesterday' is no moment"),
        ("orders list --message 17", "--message: '17' is not a UUID"),
        ("orders list --columns key,reson", "there is no column 'reson' -> did you mean 'reason'?"),
        ("stats law", "--month is missing"),
    ],
)
def test_given_wrong_use_then_one_sentence_tells_it_and_the_exit_code_is_2(
    command: Command, words: str, sentence: str
) -> None:
    done = command(*words.split())
    assert done.returncode == 2
    assert sentence in " ".join(done.stderr.split())
    assert " -> " in done.stderr
    assert done.stdout == ""


def test_given_a_file_that_the_user_may_not_read_then_the_remedy_says_so(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "config.toml"
    file.touch()
    monkeypatch.setattr(os, "access", lambda place, _mode: Path(place) != file)  # as root everything can be read
    done = command("config", "check", "--config", file)
    assert done.returncode == 2
    assert "can't be read -> let the user that runs the command read it" in " ".join(done.stderr.split())


@pytest.mark.parametrize("words", ["", "orders", "orders list", "stats", "stats law", "serve", "demo"])
def test_given_h_then_it_is_the_same_as_help(command: Command, words: str) -> None:
    short, long = command(*words.split(), "-h"), command(*words.split(), "--help")
    assert (short.returncode, short.stdout) == (0, long.stdout)
    assert "Usage: csire-bridge" in short.stdout


def _all_commands() -> list[str]:
    found: list[str] = []

    def below(path: str, command: object) -> None:
        found.append(path)
        for name, child in getattr(command, "commands", {}).items():
            below(f"{path} {name}", child)

    for name in COMMANDS:
        below(name, load_command(name))
    return found


def test_given_any_command_when_its_help_is_shown_then_every_character_that_was_written_is_there(
    command: Command,
) -> None:
    for path in _all_commands():
        written = load_command(path.split()[0])
        for name in path.split()[1:]:
            written = written.commands[name]  # type: ignore[attr-defined]  # it is a group, for it has a child
        shown = re.sub(r"[\s│]", "", command(*path.split(), "-h").stdout)
        assert re.sub(r"\s", "", (written.help or "").replace("\\[", "[")) in shown, path


def test_given_the_demos_help_then_its_asterisks_are_there(command: Command) -> None:
    assert "acknowledgements/*.xml" in command("demo", "-h").stdout
