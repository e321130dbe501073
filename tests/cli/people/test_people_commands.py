"""From the first administrator to the audit, by the commands."""

from __future__ import annotations

import csv
import json
import stat
from pathlib import Path

import pytest
from sqlalchemy import update

from csire_bridge.access import passwords
from csire_bridge.store.database import Database
from csire_bridge.store.tables import audit_entries
from tests.support.command import Command
from tests.support.people import without_audit_guard

POINT = "590243856287817706"
FIRST, SECOND = "horse battery 1", "staple correct 2"


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(passwords.Passwords.__init__, "__defaults__", (1, 8, 1))
    (tmp_path / "first").write_text(f"{FIRST}\n")
    (tmp_path / "second").write_text(f"{SECOND}\n")
    database = Database(f"sqlite:///{tmp_path / 'bridge.db'}")
    database.upgrade()
    return database


@pytest.fixture
def do(store: Database, command: Command, tmp_path: Path) -> Command:
    """A command on that database, in the folder of the passwords."""
    return lambda *words, **options: command(*words, "--database", store.url, cwd=tmp_path, **options)


def logged_in(do: Command, name: str, role: str) -> None:
    done = do("users", "add", name, "--role", role, "--by", name, "--password-file", "first")
    assert done.returncode == 0, done.stderr
    done = do("users", "password", name, "--old-password-file", "first", "--new-password-file", "second")
    assert done.returncode == 0, done.stderr
    done = do("login", name, "--password-file", "second")
    assert done.returncode == 0, done.stderr


def test_the_first_account_is_an_administrator_and_from_then_on_a_login_is_needed(do: Command) -> None:
    refused = do("users", "add", "eve", "--role", "viewer", "--by", "eve")
    assert (refused.returncode, "must be an administrator" in refused.stderr) == (1, True)
    assert do("stop", "--by", "Anna", "--why", "a trial").returncode == 0
    made = do("users", "add", "boss", "--role", "administrator", "--by", "root")
    assert "initial password, shown this once: " in made.stdout
    refused = do("stop", "--by", "Anna", "--why", "a trial")
    assert (refused.returncode, "csire-bridge login" in refused.stderr) == (1, True)
    refused = do("login", "boss", "--password-file", "first")
    assert (refused.returncode, "wrong" in refused.stderr) == (1, True)


def test_an_initial_password_is_good_for_choosing_another_one_only(do: Command) -> None:
    do("users", "add", "boss", "--role", "administrator", "--by", "boss", "--password-file", "first")
    refused = do("login", "boss", "--password-file", "first")
    assert (refused.returncode, "users password boss" in refused.stderr) == (1, True)


def test_whoever_is_logged_in_acts_in_his_own_name_only(do: Command, tmp_path: Path) -> None:
    logged_in(do, "boss", "administrator")
    (kept,) = (tmp_path / "state" / "csire-bridge").iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    refused = do("stop", "--by", "anna", "--why", "a trial")
    assert (refused.returncode, "nobody acts for somebody else" in refused.stderr) == (1, True)
    assert "by boss" in do("stop", "--why", "a trial").stdout
    assert "boss (administrator)" in do("whoami").stdout
    assert "logged out" in do("logout").stdout
    assert do("go").returncode == 1
    assert not kept.exists()


def test_a_role_that_changes_ends_sessions_and_its_rights_hold_in_every_command(do: Command) -> None:
    logged_in(do, "boss", "administrator")
    done = do("users", "add", "chief", "--role", "administrator", "--password-file", "first")
    assert done.returncode == 0, done.stderr
    assert "its sessions have ended" in do("users", "role", "boss", "viewer").stdout
    assert do("whoami").returncode == 1
    do("login", "boss", "--password-file", "second")
    for words in (
        ("stop", "--why", "a trial"),
        ("points", "show", POINT),
        ("users", "role", "boss", "administrator"),
        ("tokens", "create", "mine", "--scope", "people"),
        ("audit", "list"),
        ("evidence", "825970f3-22cb-489c-ad3d-3d89cbba8f04", "--out", "evidence.zip"),
    ):
        refused = do(*words)
        assert refused.returncode == 1, words
        assert "boss may not do this" in refused.stderr, words
        assert "administrator" in refused.stderr, words


def test_the_last_administrator_stays(do: Command) -> None:
    logged_in(do, "boss", "administrator")
    for words in (("lock", "boss", "--why", "a trial"), ("role", "boss", "viewer")):
        refused = do("users", *words)
        assert (refused.returncode, "last administrator" in refused.stderr) == (1, True)


def refusals(do: Command) -> list[tuple[str, str, str, str | None]]:
    """Who tried what, by which account of the machine's kind, and the words of the refusal; the oldest first."""
    entries = json.loads(do("audit", "list", "--act", "act.refused", "--json").stdout)
    told = [(one["actor"], one["subject"], json.loads(one["after"])["refused"], one["why"]) for one in entries]
    return told[::-1]


def test_a_refused_act_stands_in_the_audit_whoever_tried_it(do: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: "carl")
    assert do("orders", "retry", "17", "--by", "Anna", "--why", "signal").returncode == 1
    do("hold", "release", "3", "--by", "Anna")
    logged_in(do, "boss", "administrator")
    do("stop", "--by", "anna", "--why", "a trial")
    do("logout")
    do("go")
    assert do("login", "boss", "--password-file", "second").returncode == 0
    assert [(who, what, why) for who, what, _, why in refusals(do)] == [
        ("Anna", "orders retry 17", "signal"),
        ("Anna", "hold release 3", None),
        ("boss", "stop", "a trial"),
        ("carl", "go", None),
    ]
    assert "nobody acts for somebody else" in refusals(do)[2][2]
    assert do("audit", "verify").returncode == 0


def test_wrong_use_and_a_question_about_what_is_not_there_are_no_refused_acts(do: Command) -> None:
    assert do("stop", "--by", "Anna").returncode == 2
    assert do("jobs", "show", "3").returncode == 1
    assert refusals(do) == []


def test_the_audit_is_shown_with_the_columns_that_are_wanted(do: Command) -> None:
    do("stop", "--by", "Anna", "--why", "a trial")
    said = do("audit", "list", "--columns", "actor,act,why", "--act", "stop.").stdout.splitlines()
    assert [line.split() for line in said[1:]] == [["actor", "act", "why"], ["Anna", "stop.throw", "a", "trial"]]
    assert do("audit", "list", "--act", "stop.", "--csv").stdout.startswith("at;actor;as;act;subject;why")


def test_acts_and_readings_stand_in_the_audit_and_a_changed_entry_is_found(
    do: Command, store: Database, tmp_path: Path
) -> None:
    logged_in(do, "boss", "administrator")
    do("stop", "--why", "=1+1")
    do("points", "show", POINT)
    listed = do("audit", "list", "--by", "boss", "--columns", "actor,act,subject,why").stdout
    assert [line.split() for line in listed.splitlines() if "boss" in line][1:3] == [
        ["boss", "point.read", "point", POINT],
        ["boss", "stop.throw", "stop", "=1+1"],
    ]
    assert do("audit", "export", "audit.csv").returncode == 0
    rows = list(csv.DictReader((tmp_path / "audit.csv").read_text("utf-8").splitlines()))
    assert [row["why"] for row in rows if row["act"] == "stop.throw"] == ["'=1+1"]
    assert not any(FIRST in str(row) or "$argon2" in str(row) for row in rows)
    whole = do("audit", "verify", "--expect", rows[0]["hash"])
    assert (whole.returncode, "the chain holds" in whole.stdout) == (0, True)
    assert do("audit", "verify", "--expect", "ab" * 32).returncode == 1
    with store.transaction() as tx:
        without_audit_guard(tx.connection)
        tx.connection.execute(update(audit_entries).where(audit_entries.c.act == "stop.throw").values(actor="eve"))
    broken = do("audit", "verify")
    assert broken.returncode == 1
    assert f"BROKEN at {rows[0]['day']}, entry " in broken.stdout


def test_a_list_of_households_that_leaves_the_bridge_stands_in_the_audit(do: Command, tmp_path: Path) -> None:
    assert do("orders", "list", "--state", "parked", "--csv", "orders.csv").returncode == 0
    assert (tmp_path / "orders.csv").exists()
    (line,) = [one for one in do("audit", "list").stdout.splitlines() if "list.export" in one]
    assert "list Orders" in line


def test_a_token_is_shown_once_and_can_be_revoked(do: Command) -> None:
    made = do("tokens", "create", "reports", "--scope", "read", "--by", "root")
    secret = made.stdout.split()[-1]
    assert secret.startswith("csb_")
    listed = do("tokens", "list", "--json")
    assert "reports" in listed.stdout
    assert secret not in listed.stdout
    assert do("tokens", "revoke", "reports", "--by", "root").returncode == 0
    again = do("tokens", "revoke", "reports", "--by", "root")
    assert (again.returncode, "revoked before" in again.stderr) == (1, True)


def test_by_the_system_user_its_account_acts(do: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "carl")
    do("users", "add", "boss", "--role", "administrator", "--by", "root", "--password-file", "first")
    (tmp_path / "config.toml").write_text('[access]\nby = "system-user"\n')
    refused = do("stop", "--why", "a trial", "--config", "config.toml")
    assert (refused.returncode, "carl has no account" in refused.stderr) == (1, True)
    monkeypatch.setenv("LOGNAME", "boss")
    do("users", "add", "carl", "--role", "operator", "--config", "config.toml", "--password-file", "first")
    monkeypatch.setenv("LOGNAME", "carl")
    assert "by carl" in do("stop", "--why", "a trial", "--config", "config.toml").stdout
    refused = do("go", "--config", "config.toml")
    assert "carl may not do this" in refused.stderr
