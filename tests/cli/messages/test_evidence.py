"""Evidence: every layer of one message with its bytes, and hashes that show any change."""

from __future__ import annotations

import json
import shutil
import sqlite3
import zipfile
from pathlib import Path

import pytest

from tests.support.command import Command


@pytest.fixture(scope="module")
def message_id(demo: Path) -> str:
    """An order that the hub has confirmed, so that every layer is there."""
    orders = json.loads((demo / "summary.json").read_text("utf-8"))["orders"]
    return next(str(o["message_id"]) for o in orders if o["acknowledgement_state"] == "confirmed")


def address(folder: Path) -> str:
    return f"sqlite:///{folder / 'csire-bridge.db'}"


def test_given_a_confirmed_order_then_every_layer_is_exported_and_its_hashes_hold(
    command: Command, demo: Path, message_id: str, tmp_path: Path
) -> None:
    archive = tmp_path / "evidence.zip"
    done = command("evidence", message_id, "--out", archive, "--database", address(demo))
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(archive) as zipped:
        names = set(zipped.namelist())
        answer = zipped.read("4-answer-1.xml")
    assert {
        "manifest.json",
        "1-message-1.xml",
        "1-message-1-receipt.xml",
        "1-message-1-history.json",
        "2-order.json",
        "2-order-history.json",
        "4-answer-1.xml",
        "4-answer-1-history.json",
        "5-result-1-1.xml",
    } <= names
    assert answer in [f.read_bytes() for f in (demo / "acknowledgements").glob("*.xml")]
    assert command("evidence", "--check", archive).returncode == 0


def test_given_a_changed_archive_when_checked_then_the_file_is_named(
    command: Command, demo: Path, message_id: str, tmp_path: Path
) -> None:
    archive, forged = tmp_path / "evidence.zip", tmp_path / "forged.zip"
    assert command("evidence", message_id, "--out", archive, "--database", address(demo)).returncode == 0
    with zipfile.ZipFile(archive) as zipped, zipfile.ZipFile(forged, "w") as target:
        for name in zipped.namelist():
            content = zipped.read(name)
            target.writestr(name, content.replace(b"CK0070", b"CK0069") if name == "4-answer-1.xml" else content + b" ")
    done = command("evidence", "--check", forged)
    assert done.returncode == 1
    assert "4-answer-1.xml" in done.stderr


def test_given_bytes_changed_in_the_database_when_exported_then_it_is_said(
    command: Command, demo: Path, message_id: str, tmp_path: Path
) -> None:
    place = Path(shutil.copytree(demo, tmp_path / "demo"))
    with sqlite3.connect(place / "csire-bridge.db") as database:
        database.execute("update messages set raw = raw || ' ' where message_id = ?", (message_id,))
    done = command("evidence", message_id, "--out", tmp_path / "evidence.zip", "--database", address(place))
    assert done.returncode == 1
    assert "1-message-1.xml" in done.stderr


@pytest.mark.parametrize("arguments", [[], ["no-uuid", "--out", "x.zip"], ["825970f3-22cb-489c-ad3d-000000000000"]])
def test_given_wrong_use_then_exit_2(command: Command, tmp_path: Path, arguments: list[str]) -> None:
    assert command("evidence", *arguments, cwd=tmp_path).returncode == 2
