"""New rows get keys of their own, told in the order of the rows, on every database."""

from __future__ import annotations

from sqlalchemy import delete, select

from csire_bridge.domain.work import WorkStep
from csire_bridge.store.database import Database
from csire_bridge.store.sql.insert_returning_keys import add_rows
from csire_bridge.store.tables import work
from tests.support.store import NOW


def row(subject: int) -> dict[str, object]:
    return {
        "step": WorkStep.EXECUTE.value,
        "subject": subject,
        "priority": 10,
        "due_at": NOW,
        "leased_by": None,
        "leased_until": None,
        "attempts": 0,
        "parked": False,
    }


def subjects(database: Database, keys: list[int]) -> list[int]:
    with database.reading() as connection:
        rows = connection.execute(select(work.c.key, work.c.subject).where(work.c.key.in_(keys)))
        found = {row.key: row.subject for row in rows}
    return [found[key] for key in keys]


def test_given_few_or_many_rows_then_their_keys_come_in_their_order(database: Database) -> None:
    asked: list[int] = []
    keys: list[int] = []
    for size in (0, 1, 2, 40, 1, 3):
        some = [1000 - len(asked) - number for number in range(size)]
        with database.transaction() as tx:
            keys += add_rows(tx.connection, work, [row(subject) for subject in some])
        asked += some
    assert len(set(keys)) == len(asked)
    assert subjects(database, keys) == asked


def test_given_rows_that_went_then_keys_that_are_there_are_never_given_again(database: Database) -> None:
    with database.transaction() as tx:
        first = add_rows(tx.connection, work, [row(number) for number in range(6)])
        tx.connection.execute(delete(work).where(work.c.key.in_([first[1], first[-1]])))
        more = add_rows(tx.connection, work, [row(number) for number in range(10, 13)])
        stay = [key for key in first if key not in (first[1], first[-1])]
        assert not set(stay) & set(more)
    assert subjects(database, [*stay, *more]) == [0, 2, 3, 4, 10, 11, 12]
