"""What can be said of the container without building it: its files are there, and its commands exist."""

from __future__ import annotations

import json
import re
import shlex

import pytest

from csire_bridge.cli.commands import load_command
from tests.support.repository import REPOSITORY

Instruction = tuple[str, str]


@pytest.fixture(scope="module")
def instructions() -> list[Instruction]:
    """The instructions of the container file, with continued lines joined."""
    text = (REPOSITORY / "deploy" / "container" / "Containerfile").read_text("utf-8")
    lines = re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE)).splitlines()
    return [(line.split(None, 1)[0], line.split(None, 1)[1]) for line in lines if line.strip()]


def of(instructions: list[Instruction], name: str) -> list[str]:
    return [words for kind, words in instructions if kind == name]


def test_everything_that_is_copied_is_there_and_the_package_gets_all_that_it_is_built_of(
    instructions: list[Instruction],
) -> None:
    copied = [shlex.split(words)[:-1] for words in of(instructions, "COPY") if "--from" not in words]
    names = {name for each in copied for name in each}
    assert [name for name in names if not (REPOSITORY / name).exists()] == []
    assert names >= {"pyproject.toml", "constraints.txt", "README.md", "src", "schemas", "mappings", "samples"}
    ignored = (REPOSITORY / ".dockerignore").read_text("utf-8").split()
    assert not names & set(ignored)


def test_it_runs_the_service_without_rights_from_the_place_where_it_was_installed(
    instructions: list[Instruction],
) -> None:
    [entry], [command] = of(instructions, "ENTRYPOINT"), of(instructions, "CMD")
    assert json.loads(entry) == ["csire-bridge"]
    name, *words = json.loads(command)
    known = {option for parameter in load_command(name).params for option in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= known
    assert of(instructions, "USER") == ["csire-bridge"]
    assert any("/opt/csire-bridge/bin" in words for words in of(instructions, "ENV"))
    assert any("-m venv /opt/csire-bridge" in words for words in of(instructions, "RUN"))


def test_its_versions_are_those_that_were_tried_together(instructions: list[Instruction]) -> None:
    [install] = [words for words in of(instructions, "RUN") if "pip install" in words]
    assert "--constraint constraints.txt" in install
    assert set(of(instructions, "FROM")) == {"debian:12-slim AS build", "debian:12-slim"}  # the same Python in both
