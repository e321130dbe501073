"""``db upgrade --plan``: what would be done, and nothing is done. And a database of the first version comes along."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import text

from csire_bridge.domain.errors import ConfigurationError
from csire_bridge.domain.order.order import OrderState
from csire_bridge.store import tables
from csire_bridge.store.database import Database, table_version
from tests.store.test_store import upgrade_to
from tests.support.store import count

pytestmark = pytest.mark.usefixtures("real_upgrade")
SCRIPTS = ScriptDirectory(str(Path(tables.__file__).parents[1] / "migrations"))
OF_FIRST_VERSION = (
    "INSERT INTO messages (channel, origin, received_at, sha256, raw, form, state, message_id, number, "
    "process_instance, metering_point, sender) VALUES ('webhook', 'hub', '{at}', '{hash}', {raw}, 'bare', 'accepted', "
    "'m-1', '8.1.1.5', 'p-1', '590243856287817706', '10XPL-TSO------P')",
    "INSERT INTO orders (kind, state, metering_point, process_instance, source_message, source_number, registered_at, "
    "not_before, version, attempts) VALUES ('disconnect', 'registered', '590243856287817706', 'p-1', 'm-1', '8.1.1.5', "
    "'{at}', '{at}', 1, 0)",
    "INSERT INTO order_events (\"order\", at, state, text) VALUES (1, '{at}', 'registered', 'of the first version')",
)


def test_given_an_old_database_when_planned_then_each_migration_is_told_and_nothing_is_changed(address: str) -> None:
    with closing(Database(address)) as database:
        upgrade_to(database, "0012")
        planned = database.upgrade_plan()
        with database.reading() as connection:
            assert table_version(connection) == "0012"
        revisions = [script.revision for script in reversed(list(SCRIPTS.walk_revisions()))]
        assert [one.revision for one in planned] == [revision for revision in revisions if revision > "0012"]
        by_revision = {one.revision: one for one in planned}
        assert "makes the table processes" in by_revision["0013"].changes
        assert "adds the column orders.dated_at" in by_revision["0013"].changes
        assert by_revision["0013"].rows_change
        assert [table.name for table in by_revision["0019"].works_through] == ["accepted_ids", "orders"]
        assert all(one.purpose and one.changes for one in planned)
        database.upgrade()
        assert database.upgrade_plan() == []


def test_given_rows_then_the_plan_tells_how_many_are_gone_through(tmp_path: Path) -> None:
    with closing(Database(f"sqlite:///{tmp_path / 'old.db'}")) as database:
        upgrade_to(database, "0012")
        with database.transaction() as tx:
            for number in range(3):
                order = OF_FIRST_VERSION[1].replace("m-1", f"m-{number}").replace("p-1", f"p-{number}")
                tx.connection.exec_driver_sql(order.format(at="2026-11-23 09:00:00.000000"))
        sizes = {table.name: table.rows for one in database.upgrade_plan() for table in one.works_through}
    assert sizes["orders"] == 3


def test_given_no_database_when_planned_then_none_is_made(tmp_path: Path) -> None:
    file = tmp_path / "none.db"
    with closing(Database(f"sqlite:///{file}")) as database, pytest.raises(ConfigurationError, match="no database"):
        database.upgrade_plan()
    assert not file.exists()


def test_given_a_newer_database_when_planned_then_it_is_refused(address: str) -> None:
    with closing(Database(address)) as database:
        database.upgrade()
        with database.transaction() as tx:
            tx.connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        for use in (database.upgrade_plan, database.upgrade, database.require_current, database.check):
            with pytest.raises(ConfigurationError, match="version 9999, which this program does not know"):
                use()


def test_given_a_database_of_the_first_version_when_upgraded_then_its_message_and_its_order_are_there(
    address: str,
) -> None:
    with closing(Database(address)) as database:
        upgrade_to(database, "0001")
        raw = b"<DisconnectionRequest/>"
        given = {"at": "2026-11-23 09:00:00.000000", "hash": "ab" * 32}
        given["raw"] = f"'\\x{raw.hex()}'" if database.is_postgresql else f"x'{raw.hex()}'"
        with database.transaction() as tx:
            for statement in OF_FIRST_VERSION:
                tx.connection.exec_driver_sql(statement.format(**given))
        database.upgrade()
        database.require_current()
        with database.read_transaction() as tx:
            order = tx.orders.get(1)
            assert (order.state, order.process_instance, order.source_number) == (
                OrderState.REGISTERED,
                "p-1",
                "8.1.1.5",
            )
            assert [event.text for event in tx.orders.history(1)] == ["of the first version"]
            assert bytes(tx.connection.execute(text("SELECT raw FROM messages")).scalar_one()) == raw
            assert tx.connection.execute(text("SELECT process_instance FROM processes")).scalars().all() == ["p-1"]
        assert count(database, tables.messages) == 1
