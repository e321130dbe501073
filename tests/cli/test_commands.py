"""The commands as people and programs use them: exit codes, JSON, sentences instead of tracebacks."""

from __future__ import annotations

import json
import re
import resource
import shutil
import sqlite3
import zipfile
from pathlib import Path

import pytest

from csire_bridge.config.resources import folder
from csire_bridge.domain.identifiers import MessageId
from csire_bridge.lab.simulators.expectations import load_expected
from tests.support.command import Command

SAMPLES = folder("samples")


def fresh(process: Command, demo: Path, sample: str, target: Path) -> Path:
    """A signed message of today, made from a sample."""
    keys = ("--key", demo / "pki" / "hub.key.pem", "--cert", demo / "pki" / "hub.cert.pem")
    done = process("sign", SAMPLES / sample, *keys, "--fresh", "--out", target)
    assert done.returncode == 0, done.stderr
    return target


def copy_of(demo: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(demo, tmp_path / "demo"))


def test_given_all_samples_when_validated_then_the_verdicts_are_the_expected_ones(process: Command) -> None:
    done = process("validate", "--json", SAMPLES)
    assert done.returncode == 1
    found = {entry["file"]: entry for entry in json.loads(done.stdout)}
    other = found.pop("other-standard/messages/work.xml")
    assert [e["code"] for e in other["errors"]] == ["schema.unknown-message"], "its standard is not loaded"
    expected = load_expected(SAMPLES).samples
    assert len(found) == len(expected)
    for sample in expected:
        entry = found[sample.file]
        assert entry["valid"] == sample.verdict.valid, entry
        assert {e["code"] for e in entry["errors"]} == {str(code) for code in sample.verdict.codes}, entry
        assert all(e["reason"] and e["remedy"] for e in entry["errors"])


def test_given_a_good_message_when_validated_then_its_number_is_told(process: Command) -> None:
    done = process("validate", SAMPLES / "good" / "8.1.1.5-debt.xml")
    assert (done.returncode, done.stderr) == (0, "")
    assert "message 8.1.1.5, valid" in done.stdout


def test_given_a_schema_error_when_validated_then_line_and_path_are_told(process: Command) -> None:
    file = SAMPLES / "bad" / "schema-out-of-order.xml"
    done = process("validate", "--json", file)
    [entry] = json.loads(done.stdout)
    [error] = entry["errors"]
    line = file.read_text("utf-8").splitlines()[error["line"] - 1]
    assert error["path"].rpartition("/")[2] in line


def test_given_a_message_when_signed_then_verify_tells_signer_and_coverage(
    process: Command, demo: Path, tmp_path: Path
) -> None:
    signed = fresh(process, demo, "good/8.1.1.5-debt.xml", tmp_path / "signed.xml")
    done = process("verify", "--json", signed, "--cert", demo / "pki" / "hub.cert.pem")
    assert done.returncode == 0
    facts = json.loads(done.stdout)
    assert facts["signer"] == "CN=10XPL-TSO------P"
    assert "the whole document" in facts["covers"]
    assert process("verify", signed, "--cert", demo / "pki" / "stranger.cert.pem").returncode == 1


def test_given_a_new_message_when_replayed_twice_then_it_is_executed_once(
    process: Command, demo: Path, tmp_path: Path
) -> None:
    place = copy_of(demo, tmp_path)
    signed = fresh(process, demo, "good/8.1.1.5-shut-down.xml", tmp_path / "signed.xml")
    first = process("replay", signed, "--out", place, "--simulate")
    second = process("replay", signed, "--out", place, "--simulate")
    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert "1 new" in first.stdout
    assert "1 done" in first.stdout
    assert "1 processed" in second.stdout
    with sqlite3.connect(place / "csire-bridge.db") as database:
        count = "select count(*) from messages where origin = 'signed.xml'"
        assert database.execute(count).fetchone() == (1,)


def test_given_a_process_that_was_answered_when_replayed_under_a_new_id_then_it_is_told_and_nothing_is_done(
    process: Command, demo: Path, tmp_path: Path
) -> None:
    place = copy_of(demo, tmp_path)
    signed = fresh(process, demo, "good/8.1.1.5-shut-down.xml", tmp_path / "signed.xml")
    assert process("replay", signed, "--out", place, "--simulate").returncode == 0
    keys = ("--key", demo / "pki" / "hub.key.pem", "--cert", demo / "pki" / "hub.cert.pem")
    again = tmp_path / "again.xml"
    text = signed.read_text("utf-8")
    again.write_text(re.sub(r"(MessageId>)[0-9a-f-]{36}", rf"\g<1>{MessageId.new()}", text, count=1), "utf-8")
    process("sign", again, *keys, "--out", again)
    done = process("replay", again, "--out", place, "--simulate")
    assert done.returncode == 1
    assert "rule.process-answered" in done.stdout
    assert "done" not in done.stdout.split("rule.process-answered")[0]


def test_given_an_archive_when_replayed_dry_then_the_plan_is_told_and_nothing_is_written(
    process: Command, demo: Path, tmp_path: Path
) -> None:
    place = copy_of(demo, tmp_path)
    signed = fresh(process, demo, "good/8.2.1.6-reason-gone.xml", tmp_path / "signed.xml")
    archive = tmp_path / "messages.zip"
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.write(signed, "one.xml")
        zipped.write(SAMPLES / "good" / "8.1.1.5-debt.xml", "unsigned.xml")
    before = (place / "csire-bridge.db").read_bytes()
    done = process("replay", archive, "--out", place, "--simulate", "--dry-run", "--json")
    plan = json.loads(done.stdout)
    assert done.returncode == 1
    assert [entry["verdict"] for entry in plan["plan"]] == ["new", "refused"]
    with sqlite3.connect(place / "csire-bridge.db") as database:
        assert database.execute("select count(*) from messages where origin like 'messages.zip%'").fetchone() == (0,)
    assert before[:16] == b"SQLite format 3\x00"


def test_given_the_demos_database_when_stats_are_asked_then_they_agree_with_its_summary(
    process: Command, demo: Path
) -> None:
    done = process("stats", "--json", "--database", f"sqlite:///{demo / 'csire-bridge.db'}")
    lines = json.loads(done.stdout)
    summary = json.loads((demo / "summary.json").read_text("utf-8"))
    for bucket, count in summary["buckets"].items():
        assert sum(line["buckets"][bucket] for line in lines) == count
    assert all(line["p50_seconds"] <= line["p90_seconds"] <= line["p99_seconds"] for line in lines)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["validate", "/no/such/file.xml"], 2),
        (["replay", "/no/such/folder"], 2),
        (["verify", "nothing.xml"], 2),
        (["frobnicate"], 2),
        (["stats", "--database", "no database address"], 2),
        (["replay", str(SAMPLES)], 2),
    ],
)
def test_given_wrong_use_then_a_sentence_and_the_documented_exit_code(
    process: Command, tmp_path: Path, arguments: list[str], code: int
) -> None:
    done = process(*arguments, cwd=tmp_path)
    assert done.returncode == code, done.stdout + done.stderr
    assert done.stdout or done.stderr
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize("word", ["--help", "--version"])
def test_given_the_installed_program_then_it_says_what_it_is(installed: Command, word: str) -> None:
    done = installed(word)
    assert (done.returncode, done.stderr) == (0, "")
    assert "csire-bridge" in done.stdout


@pytest.mark.parametrize("name", ["demo", "replay", "validate", "verify", "sign", "stats", "pki", "bench", "db"])
def test_given_help_then_every_command_shows_an_example(command: Command, name: str) -> None:
    done = (
        command(name, "--help")
        if name not in ("db", "bench")
        else command(name, {"db": "upgrade", "bench": "intake"}[name], "--help")
    )
    assert done.returncode == 0
    assert f"csire-bridge {name}" in done.stdout


def test_given_wrong_settings_then_all_of_them_are_told_at_once(process: Command, tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text('own_eic = "19XENERGAOPERATX"\nhub = 3\n[limits]\nclock_skew_seconds = -1\n')
    done = process("validate", SAMPLES / "good", "--config", file)
    assert done.returncode == 2
    for place in ("own_eic", "hub", "limits.clock_skew_seconds"):
        assert f"setting {place}:" in done.stderr


def test_given_a_full_disk_then_exit_3_and_a_sentence(installed: Command, tmp_path: Path) -> None:
    def tiny_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (64 * 1024, 64 * 1024))

    done = installed("demo", "--dir", tmp_path / "out", preexec_fn=tiny_files)
    assert done.returncode == 3, done.stdout + done.stderr
    assert "look at free space" in done.stderr
    assert "Traceback" not in done.stderr


def test_given_a_place_that_cannot_be_written_then_exit_3_and_a_sentence(process: Command) -> None:
    # /sys takes no new folders from anybody, not even from root.
    done = process("demo", "--dir", "/sys/csire-bridge-demo")
    assert done.returncode == 3, done.stdout + done.stderr
    assert "permissions" in done.stderr
    assert "Traceback" not in done.stderr
