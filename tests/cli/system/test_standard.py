# ruff: noqa: E501 - a table with a line for each change
"""``csire-bridge standard``: a new bundle is looked at before anything starts with it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from csire_bridge.config.resources import folder
from tests.support.command import Command

SCHEMAS = folder("schemas")
OLD = "process_8_1/8_1_1_5.xsd"
WHAT = "Payload/DisconnectionRequestData"


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle of one message."""
    place = tmp_path_factory.mktemp("old")
    (place / "process_8_1").mkdir()
    for name in ("businessDataTypes.xsd", "technical.xsd", OLD):
        shutil.copy(SCHEMAS / name, place / name)
    return place


@pytest.mark.parametrize(
    ("change", "path", "words", "key"),
    [
        (("RequestedExecutionDate", "RequestedExecutionDay"), f"{WHAT}/RequestedExecutionDate", "is gone", "fields.requested_date"),
        (("RequestedExecutionDate", "RequestedExecutionDay"), f"{WHAT}/RequestedExecutionDay", "is new: date, may stand there", None),
        (("String250_Type", "String2000_Type"), f"{WHAT}/RequestDescription", "its longest text had 250 characters, and has 2000", "fields.description"),
        (('type="xs:date" minOccurs="0"', 'type="xs:date"'), f"{WHAT}/RequestedExecutionDate", "must stand there now", "fields.requested_date"),
        (('type="xs:date" minOccurs="0"', 'type="xs:dateTime" minOccurs="0"'), f"{WHAT}/RequestedExecutionDate", "its type was date, and is dateTime", "fields.requested_date"),
        (('type="xs:date" minOccurs="0"', 'type="xs:date" minOccurs="0" maxOccurs="2"'), f"{WHAT}/RequestedExecutionDate", "may stand once, now 2 times", "fields.requested_date"),
    ],
)  # fmt: skip
def test_given_a_new_bundle_when_compared_then_each_change_and_the_lines_that_it_touches_are_shown(
    command: Command, old: Path, tmp_path: Path, change: tuple[str, str], path: str, words: str, key: str | None
) -> None:
    (tmp_path / "process_8_1").mkdir()
    text = (SCHEMAS / OLD).read_text("utf-8")
    assert change[0] in text
    (tmp_path / OLD).write_text(text.replace(*change).replace("_8_1_1_5:v1", "_8_1_1_5:v2"), "utf-8")
    done = command("standard", "diff", "--json", old, tmp_path)
    assert done.returncode == 1
    (found,) = [one for one in json.loads(done.stdout) if one["path"] == path]
    assert found["change"] == words
    assert found["message"] == "DisconnectionRequest"
    assert any(line.endswith(f"key {key}") for line in found["lines"]) is (key is not None)


def test_given_new_codes_when_compared_then_they_are_named(command: Command, old: Path, tmp_path: Path) -> None:
    text = (SCHEMAS / "businessDataTypes.xsd").read_text("utf-8")
    (tmp_path / "businessDataTypes.xsd").write_text(text.replace('value="CK0346"', 'value="CK9346"'), "utf-8")
    done = command("standard", "diff", old, tmp_path)
    assert f"{WHAT}/DisconnectionRequestType: new codes CK9346; gone codes CK0346" in done.stdout
    assert "key fields.disconnection_kind" in done.stdout


def test_given_the_same_bundle_when_compared_then_nothing_differs(command: Command, old: Path) -> None:
    done = command("standard", "diff", old, old)
    assert (done.returncode, done.stdout) == (0, "0 differences\n")


def test_given_what_comes_with_the_bridge_when_listed_and_checked_then_it_fits_together(command: Command) -> None:
    done = command("standard", "list", "--json")
    rows = {row["numbers"]: row for row in json.loads(done.stdout)}
    assert rows["8.1.1.5"]["schema"] == OLD
    assert rows["8.1.1.5"]["direction"] == "inbound"
    assert (
        command("standard", "check").stdout
        == "12 messages to read and 6 to write: schemas and mapping files fit together\n"
    )
