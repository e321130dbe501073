"""``db move`` and ``db upgrade --plan`` as people call them."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

from csire_bridge.store.database import Database, make_current
from tests.support.command import Command
from tests.support.store import add_order


def test_given_two_databases_when_moved_then_it_is_told_what_arrived_and_the_old_one_is_refused(
    tmp_path: Path, command: Command
) -> None:
    old, new = (f"sqlite:///{tmp_path / name}" for name in ("old.db", "new.db"))
    for address in (old, new):
        make_current(address)
    with closing(Database(old)) as database:
        add_order(database)
    done = command("db", "move", "--database", old, "--to", new)
    assert done.returncode == 0, done.stderr
    assert "orders: 1 row, hash " in done.stdout
    assert "rows are in sqlite:///" in done.stdout
    listed = command("orders", "list", "--database", new, "--json")
    assert len(json.loads(listed.stdout)["orders"]) == 1
    with closing(Database(new)) as database, database.read_transaction() as tx:
        assert [one.entry.act for one in tx.audit.page(act="database.move")] == ["database.move"]
    for words in (["orders", "list"], ["db", "check"], ["db", "move", "--to", new]):
        refused = command(*words, "--database", old)
        assert refused.returncode == 2
        assert "was moved to sqlite:///" in refused.stderr
        assert " -> " in refused.stderr


def test_given_a_current_database_when_the_upgrade_is_planned_then_there_is_nothing_to_do(
    tmp_path: Path, command: Command
) -> None:
    address = f"sqlite:///{tmp_path / 'bridge.db'}"
    make_current(address)
    planned = command("db", "upgrade", "--plan", "--database", address)
    assert planned.returncode == 0
    assert "nothing to do" in planned.stdout


def test_given_no_tables_when_the_upgrade_is_planned_then_every_migration_is_listed_and_none_is_run(
    tmp_path: Path, command: Command
) -> None:
    file = tmp_path / "empty.db"
    file.touch(0o600)
    planned = command("db", "upgrade", "--plan", "--database", f"sqlite:///{file}")
    assert planned.returncode == 0, planned.stderr
    assert "0001: " in planned.stdout
    assert "makes the table orders" in planned.stdout
    with closing(Database(f"sqlite:///{file}")) as database:
        assert len(database.upgrade_plan()) > 20
