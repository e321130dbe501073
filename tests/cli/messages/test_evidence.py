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


def test_given_an_order_or_an_answer_then_the_archive_is_that_of_its_message(
    command: Command, demo: Path, message_id: str, tmp_path: Path
) -> None:
    with sqlite3.connect(demo / "csire-bridge.db") as database:
        join = 'orders o join outbox a on a."order" = o.key'
        query = f"select o.key, a.message_id from {join} where o.source_message = ?"  # noqa: S608
        key, answer = database.execute(query, (message_id,)).fetchone()
    told = []
    for number, wanted in enumerate((message_id, key, answer)):
        archive = tmp_path / f"{number}.zip"
        assert command("evidence", wanted, "--out", archive, "--database", address(demo)).returncode == 0
        with zipfile.ZipFile(archive) as zipped:
            told.append({name: zipped.read(name) for name in zipped.namelist() if name.endswith(".xml")})
    assert told[0] == told[1] == told[2]
    assert "1-message-1.xml" in told[0]


def test_given_an_order_of_sid_then_it_has_evidence_too(command: Command, demo: Path, tmp_path: Path) -> None:
    with sqlite3.connect(demo / "csire-bridge.db") as database:
        [(key, *_), *_] = database.execute('select "order" from sid_orders').fetchall()
    archive = tmp_path / "sid.zip"
    assert command("evidence", key, "--out", archive, "--database", address(demo)).returncode == 0
    with zipfile.ZipFile(archive) as zipped:
        assert {"1-message-1.xml", "2-order.json", "summary.html"} <= set(zipped.namelist())


def test_given_an_archive_then_its_page_tells_the_story_with_signer_and_hashes_and_no_markup_of_others(
    command: Command, demo: Path, message_id: str, tmp_path: Path
) -> None:
    place, archive = Path(shutil.copytree(demo, tmp_path / "demo")), tmp_path / "evidence.zip"
    with sqlite3.connect(place / "csire-bridge.db") as database:
        update = "update orders set description = '<script>alert(1)</script>' where source_message = ?"
        database.execute(update, (message_id,))
    assert command("evidence", message_id, "--out", archive, "--database", address(place)).returncode == 0
    with zipfile.ZipFile(archive) as zipped:
        page, manifest = zipped.read("summary.html").decode(), json.loads(zipped.read("manifest.json"))
    for words in ("Message", "Komunikat", "Order", "Zlecenie", "Answer", "Odpowiedź", "R_1", "CN=10XPL-TSO------P"):
        assert words in page
    for name, sha256 in manifest["sha256"].items():
        assert name in ("summary.html", "summary.css") or (name in page and sha256 in page)
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "style=" not in page
