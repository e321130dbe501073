"""The audit in the database: chained by several nodes at once, searched, and taken out by whole days."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, update

from csire_bridge.domain.people.acts import Act
from csire_bridge.domain.people.audit import PRUNED_BEFORE, AuditEntry, first_broken
from csire_bridge.store.database import Database
from csire_bridge.store.tables import audit_entries
from tests.support.chance import examples
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
            change = update(audit_entries).where(chosen).values({name: "2020-01-01"}) if name != "gone" else None
            tx.connection.execute(delete(audit_entries).where(chosen) if change is None else change)
        assert verdict(database) is not None
