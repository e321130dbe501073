"""Backups through the real command: taken while another process writes, put back, and checked."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from csire_bridge.cli.main import app
from csire_bridge.domain.errors import ConfigurationError, StoreFailure
from csire_bridge.store.database import Database
from tests.conftest import Servers
from tests.support.command import Command

# Says the number of each message once it is committed.
WRITER = """
import hashlib, sys
from datetime import UTC, datetime
from csire_bridge.domain.message.message import Channel, Form
from csire_bridge.domain.work import WorkStep
from csire_bridge.store.database import Database
database = Database(sys.argv[1])
for number in range(1_000_000):
    raw = b"%d" % number
    row = (str(number), raw, hashlib.sha256(raw).hexdigest(), Form.BARE)
    now = datetime.now(UTC)
    with database.transaction() as tx:
        tx.work.add(WorkStep.INTAKE, tx.messages.add(Channel.REPLAY, now, [row]), now)
    print(number, flush=True)
"""


@contextmanager
def writing(address: str) -> Iterator[subprocess.Popen[str]]:
    words = [sys.executable, "-c", WRITER, address]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def said(process: subprocess.Popen[str], count: int) -> int:
    """Read ``count`` numbers; the last one."""
    assert process.stdout is not None
    return [int(process.stdout.readline()) for _ in range(count)][-1]


def origins(file: Path) -> set[int]:
    with closing(sqlite3.connect(file)) as database:
        return {int(origin) for (origin,) in database.execute("select origin from messages")}


def test_given_a_process_that_writes_when_backed_up_and_put_back_then_all_that_was_committed_before_is_there(
    tmp_path: Path, command: Command
) -> None:
    address = f"sqlite:///{tmp_path / 'bridge.db'}"
    assert command("db", "upgrade", "--database", address).returncode == 0
    with writing(address) as writer:
        before = said(writer, 50)
        done = command("db", "backup", tmp_path / "backup.db", "--database", address)
        assert done.returncode == 0, done.stderr
        assert "it is whole" in done.stdout
        said(writer, 20)
        refused = command("db", "restore", tmp_path / "backup.db", "--database", address, "--force")
        assert refused.returncode == 2
        assert "in use" in refused.stderr
        assert said(writer, 5) > before, "the writer goes on"
    there = f"sqlite:///{tmp_path / 'there.db'}"
    done = command("db", "restore", tmp_path / "backup.db", "--database", there)
    assert done.returncode == 0, done.stderr
    found = origins(tmp_path / "there.db")
    assert found >= set(range(before + 1))
    assert found == set(range(len(found))), "one moment, without a gap"
    assert command("db", "check", "--database", there).returncode == 0
    assert sorted(p.name for p in tmp_path.iterdir() if "unfinished" in p.name) == []


@pytest.fixture
def place(demo: Path, tmp_path: Path) -> Path:
    """A folder with a copy of what a demo has left."""
    shutil.copy(demo / "csire-bridge.db", tmp_path / "bridge.db")
    return tmp_path


def run_sql(file: Path, *statements: str) -> None:
    with closing(sqlite3.connect(file)) as database, database:
        for statement in statements:
            database.execute(statement)


def within(*words: object) -> None:
    """A command of ``db`` within this process; raises what a person would be told."""
    done = CliRunner().invoke(app, ["db", *map(str, words)], catch_exceptions=False)
    assert done.exit_code == 0, done.output


def test_given_a_database_with_content_when_put_back_then_only_by_force_and_the_old_one_is_kept(place: Path) -> None:
    address, backup = f"sqlite:///{place / 'bridge.db'}", place / "backup.db"
    within("backup", backup, "--database", address)
    assert backup.stat().st_mode & 0o077 == 0, "personal data"
    with pytest.raises(ConfigurationError, match="there already"):
        within("backup", backup, "--database", address)
    run_sql(
        place / "bridge.db",
        "insert into accepted_ids (message_id, sender, message, content) values ('written-later', '', 1, 'x')",
    )
    with pytest.raises(ConfigurationError, match="--force"):
        within("restore", backup, "--database", address)
    within("restore", backup, "--database", address, "--force")
    later = "select count(*) from accepted_ids where message_id = 'written-later'"
    [kept] = place.glob("bridge.db.replaced-*")
    for file, count in ((place / "bridge.db", 0), (kept, 1)):
        with closing(sqlite3.connect(file)) as database:
            assert database.execute(later).fetchone() == (count,), file


def test_given_a_database_when_put_back_then_disconnections_are_stopped_unless_told_otherwise(place: Path) -> None:
    address, backup = f"sqlite:///{place / 'bridge.db'}", place / "backup.db"
    within("backup", backup, "--database", address)
    for options, scopes in ((["--resume"], []), ([], [("disconnections",)])):
        within("restore", backup, "--database", address, "--force", *options)
        with closing(sqlite3.connect(place / "bridge.db")) as database:
            assert database.execute("select scope from stops where lifted_at is null").fetchall() == scopes


def test_given_when_the_service_last_worked_when_put_back_then_only_what_was_asked_for_until_then_is_in_doubt(
    place: Path,
) -> None:
    address, backup = f"sqlite:///{place / 'bridge.db'}", place / "backup.db"
    within("backup", backup, "--database", address)
    within("restore", backup, "--database", address, "--force", "--lost-until", "2026-01-02T03:04:05Z")
    within("restored", "--database", address)
    within("restore", backup, "--database", f"sqlite:///{place / 'other.db'}", "--resume")
    with closing(sqlite3.connect(place / "bridge.db")) as database:
        lost = [row[0] for row in database.execute("select lost_until from restores order by generation")]
    assert lost[0].startswith("2026-01-02"), "by word"
    assert not lost[1].startswith("2026-01-02"), "else the moment itself"
    with closing(sqlite3.connect(place / "other.db")) as database:
        assert database.execute("select count(*) from restores").fetchone() == (0,)


def test_given_a_newer_database_when_a_command_meets_it_then_it_says_so_and_does_not_send_anybody_to_upgrade(
    place: Path,
) -> None:
    run_sql(place / "bridge.db", "update alembic_version set version_num = '9999'")
    with pytest.raises(ConfigurationError, match="version 9999, which this program does not know") as caught:
        within("check", "--database", f"sqlite:///{place / 'bridge.db'}")
    assert "db upgrade" not in str(caught.value)


@pytest.mark.parametrize("harm", ["cut", "rubbish", "foreign", "newer", "missing"])
def test_given_a_backup_that_is_not_whole_when_put_back_then_nothing_is_changed(place: Path, harm: str) -> None:
    address, backup = f"sqlite:///{place / 'bridge.db'}", place / "backup.db"
    within("backup", backup, "--database", address)
    if harm == "cut":
        backup.write_bytes(backup.read_bytes()[: backup.stat().st_size // 2])
    elif harm == "rubbish":
        backup.write_bytes(b"no database" * 1000)
    elif harm == "foreign":
        backup.unlink()
        run_sql(backup, "create table mine (a)")
    elif harm == "newer":
        run_sql(backup, "update alembic_version set version_num = '9999'")
    else:
        backup.unlink()
    before = (place / "bridge.db").read_bytes()
    with pytest.raises((ConfigurationError, StoreFailure)) as caught:
        within("restore", backup, "--database", address, "--force")
    assert caught.value.remedy
    assert (place / "bridge.db").read_bytes() == before
    assert [p.name for p in place.iterdir() if "unfinished" in p.name or "replaced" in p.name] == []


HARMS = {
    "update outbox set document = x'00' where key = 1": "not those that were signed: 1",
    "update messages set raw = x'00' where key = 1": "not those that came: 1",
    "delete from outbox where key = 1": "neither an answer nor work",
    "delete from work where step = 'execute'": "open orders without work",
    "update messages set state = 'received' where key = 1": "messages that wait without work: 1",
    "update outbox set state = 'pending' where key = 1": "answers that wait without work: 1",
    "delete from orders where key = (select min(key) from orders where source_number = '8.1.1.5')": "without an order",
    "delete from accepted_ids": "never accepted",
    'update outbox set "order" = 1, number = key': "more than one answer: 1",
}


def test_given_a_good_database_when_checked_then_it_is_whole_and_each_harm_is_named(
    place: Path, command: Command
) -> None:
    file = place / "bridge.db"
    done = command("db", "check", "--json", "--database", f"sqlite:///{file}")
    assert (done.returncode, json.loads(done.stdout)) == (0, {"whole": True, "problems": []})
    for number, (statement, told) in enumerate(HARMS.items()):
        harmed = place / f"{number}.db"
        shutil.copy(file, harmed)
        run_sql(harmed, statement)
        with closing(Database(f"sqlite:///{harmed}")) as database:
            assert any(told in problem for problem in database.check()), (statement, database.check())
    done = command("db", "check", "--database", f"sqlite:///{place / '0.db'}")
    assert (done.returncode, "not those that were signed: 1" in done.stderr) == (3, True)


@pytest.mark.parametrize("version", [18, 15])
def test_given_postgresql_when_dumped_and_put_back_as_documented_then_nothing_is_lost(
    servers: Servers, tmp_path: Path, version: int
) -> None:
    server = servers(version)
    here, there = server.new_database(), server.new_database()
    with closing(Database(here)) as database:
        database.upgrade()
    for word in ("backup", "restore"):
        with pytest.raises(ConfigurationError, match="SQLite files only"):
            within(word, tmp_path / "backup.dump", "--database", here)
    with writing(here) as writer:
        before = said(writer, 50)
        dump = [str(server.programs / "pg_dump"), "--format=custom", f"--file={tmp_path / 'backup.dump'}", here]
        subprocess.run(dump, check=True)
        said(writer, 5)
    restore = [str(server.programs / "pg_restore"), "--exit-on-error", "--single-transaction", "--no-owner"]
    subprocess.run([*restore, f"--dbname={there}", str(tmp_path / "backup.dump")], check=True)
    within("check", "--database", there)
    within("restored", "--database", there)
    with psycopg.connect(there) as connection:
        found = {int(row[0]) for row in connection.execute("select origin from messages")}
    assert found >= set(range(before + 1))
