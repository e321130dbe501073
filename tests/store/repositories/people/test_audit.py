"""The audit in the database: chained by several nodes at once, searched, and taken out by whole days."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, update

from csire_bridge.access.audit_verify import verify
from csire_bridge.domain.errors import OurFault
from csire_bridge.domain.people.acts import Act
from csire_bridge.domain.people.audit import PRUNED_BEFORE, AuditEntry, first_broken
from csire_bridge.store.database import Database
from csire_bridge.store.housekeeping.audit_guard import AUDIT_GUARDS, missing_guards
from csire_bridge.store.tables import audit_days, audit_entries
from csire_bridge.store.unit_of_work import UnitOfWork
from tests.support.chance import examples
from tests.support.people import without_audit_guard
from tests.support.store import NOW

DAY = timedelta(days=1)


def entry(subject: str, days: int = 0, act: str = "hold.set", actor: str = "anna") -> AuditEntry:
    return AuditEntry(NOW + days * DAY, actor, "account", act, subject)


def write(database: Database, *entries: AuditEntry) -> None:
    with database.transaction() as tx:
        for one in entries:
            tx.audit.add(one)


def verdict(database: Database) -> object:
    with database.read_transaction() as tx:
        return first_broken(tx.audit.days(), tx.audit.entries())


def test_two_nodes_that_write_at_once_make_one_chain(database: Database) -> None:
    with closing(Database(database.url)) as other:

        def node(one: Database, name: str) -> None:
            for number in range(12):
                write(one, entry(f"{name} {number}", days=number // 6), entry(f"{name} {number} too"))

        with ThreadPoolExecutor(4) as pool:
            running = [pool.submit(node, one, name) for one, name in zip((database, other) * 2, "abcd", strict=True)]
            for each in running:
                each.result()
    assert verdict(database) is None
    with database.read_transaction() as tx:
        assert len({one.entry.subject for one in tx.audit.entries()}) == 4 * 24


def test_entries_are_found_by_who_what_subject_and_time(database: Database) -> None:
    write(database, entry("point 1"), entry("point 2", act="hold.release"), entry("point 1", 1, "stop.throw", "bert"))
    with database.read_transaction() as tx:

        def found(**wanted: object) -> list[str]:
            return [one.entry.act for one in tx.audit.page(**wanted)]  # type: ignore[arg-type]

        assert found() == ["stop.throw", "hold.release", "hold.set"]
        assert found(act="hold.") == ["hold.release", "hold.set"]
        assert found(subject="point 1", actor="anna") == ["hold.set"]
        assert found(since=NOW + DAY) == ["stop.throw"]
        assert found(until=NOW + DAY, limit=1) == ["hold.release"]
        assert found(before=2) == ["hold.set"]


def test_whole_days_are_taken_out_and_the_rest_still_holds(database: Database) -> None:
    for days in range(4):
        write(database, entry("a", days), entry("b", days))
    last = (NOW + 9 * DAY).date().isoformat()
    with database.transaction() as tx:
        assert tx.audit.prune((NOW + 2 * DAY).date().isoformat(), NOW) == 4
    assert verdict(database) is not None, "nothing tells that they were taken out"
    write(database, replace(entry("p", 3), act=Act.AUDIT_PRUNE, subject=f"{PRUNED_BEFORE}{last}"))
    assert verdict(database) is None
    with database.transaction() as tx:
        assert tx.audit.prune(last, NOW) == 2
        assert len(list(tx.audit.entries())) == 3
        assert len(tx.audit.days()) == 4
    write(database, entry("c", 3))
    assert verdict(database) is None


@given(st.data())
@settings(max_examples=examples(10), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_changed_in_the_table_is_found(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    with closing(Database(f"sqlite:///{tmp_path_factory.mktemp('audit') / 'bridge.db'}")) as database:
        database.upgrade()
        for days in range(3):
            write(database, entry("a", days), entry("b", days))
        chosen = audit_entries.c.key == data.draw(st.integers(1, 6))
        name = data.draw(st.sampled_from(("actor", "act", "subject", "hash", "previous", "day", "why", "gone")))
        with database.transaction() as tx:
            without_audit_guard(tx.connection)
            change = update(audit_entries).where(chosen).values({name: "2020-01-01"}) if name != "gone" else None
            tx.connection.execute(delete(audit_entries).where(chosen) if change is None else change)
        assert verdict(database) is not None


@pytest.mark.parametrize(
    "change",
    [
        update(audit_entries).values(actor="eve"),
        update(audit_entries).values(why="a better reason").where(audit_entries.c.number == 1),
        delete(audit_entries),
        delete(audit_entries).where(audit_entries.c.day == "2026-11-23"),
        update(audit_days).values(last="0" * 64),
        update(audit_days).values(entries=1),
        update(audit_days).values(entries=audit_days.c.entries - 1),
        update(audit_days).values(pruned_at=NOW),
        update(audit_days).values(pruned_at=NOW, entries=9).where(audit_days.c.day == "2026-11-23"),
        update(audit_days).values(pruned_at=None),
        delete(audit_days),
    ],
    ids=str,
)
def test_the_database_itself_refuses_to_change_the_audit(database: Database, change: Any) -> None:
    write(database, entry("a"), entry("b"))
    write(database, entry("c", 1), entry("d", 1))
    with pytest.raises(OurFault, match="the database refuses a row"), database.transaction() as tx:
        tx.connection.execute(change)
    assert verdict(database) is None
    with database.read_transaction() as tx:
        assert len(list(tx.audit.entries())) == 4


def test_a_day_that_was_taken_out_can_not_come_back_and_no_table_can_be_emptied(database: Database) -> None:
    write(database, entry("a"))
    write(database, entry("b", 1))
    with database.transaction() as tx:
        assert tx.audit.prune("2026-11-24", NOW) == 1
    with pytest.raises(OurFault), database.transaction() as tx:
        tx.connection.execute(update(audit_days).where(audit_days.c.day == "2026-11-23").values(pruned_at=None))
    for table in ("audit_entries", "audit_days") if database.is_postgresql else ():
        with pytest.raises(OurFault), database.transaction() as tx:
            tx.connection.exec_driver_sql(f"TRUNCATE {table}")


def test_a_guard_that_is_gone_is_told(database: Database) -> None:
    write(database, entry("a"))
    assert database.check() == []
    with database.transaction() as tx:
        without_audit_guard(tx.connection)
    with database.reading() as connection:
        assert set(AUDIT_GUARDS) <= set(missing_guards(connection))
        verified = verify(UnitOfWork(connection).audit, missing_guards(connection))
    assert not verified.whole
    assert verified.sentences()[0].startswith("UNGUARDED: the database has lost audit_days_kept")
    assert any("audit_entries_kept is gone" in line for line in database.check())
