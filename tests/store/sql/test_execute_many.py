"""A statement for many rows says the same to every database as one given row by row."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import bindparam, delete, insert, select, update

from csire_bridge.domain.clock import WARSAW
from csire_bridge.domain.work import WorkStep
from csire_bridge.store.database import Database
from csire_bridge.store.sql.execute_many import execute_many
from csire_bridge.store.tables import work
from tests.store.sql.test_insert_returning_keys import row
from tests.support.store import NOW

ADD = insert(work)
# One value stands in the statement, between those that come with the rows.
DELAY = (
    update(work)
    .where(
        work.c.subject == bindparam("b_subject"), work.c.step == WorkStep.EXECUTE.value, work.c.parked == bindparam("p")
    )
    .values(due_at=bindparam("due"))
)
GONE = delete(work).where(work.c.subject == bindparam("b_subject"))
AMONG = delete(work).where(work.c.subject.in_(bindparam("subjects", expanding=True)))


def due_at(database: Database) -> dict[int, object]:
    with database.reading() as connection:
        return {row.subject: row.due_at for row in connection.execute(select(work.c.subject, work.c.due_at))}


def test_given_many_rows_then_each_value_is_converted_as_its_column_wants_it(database: Database) -> None:
    with database.transaction() as tx:
        assert execute_many(tx.connection, ADD, [row(number) for number in range(3)]) == 3
        later = [NOW + timedelta(minutes=number, microseconds=7) for number in range(3)]
        rows = [{"b_subject": number, "p": False, "due": due} for number, due in enumerate(later)]
        assert execute_many(tx.connection, DELAY, rows) == 3
    assert due_at(database) == dict(enumerate(later))


def test_given_the_hour_that_a_night_has_twice_then_its_moments_are_kept_apart(database: Database) -> None:
    """Within one time zone Python holds both for equal."""
    first, second = (datetime(2026, 10, 25, 2, 30, tzinfo=WARSAW, fold=fold) for fold in (0, 1))
    with database.transaction() as tx:
        execute_many(tx.connection, ADD, [row(0) | {"due_at": first}, row(1) | {"due_at": second}])
    assert due_at(database) == {
        0: datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        1: datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
    }


def test_given_rows_that_are_not_there_then_they_are_not_counted(database: Database) -> None:
    with database.transaction() as tx:
        execute_many(tx.connection, ADD, [row(1), row(2)])
        assert execute_many(tx.connection, DELAY, [{"b_subject": 1, "p": True, "due": NOW}]) == 0
        assert execute_many(tx.connection, GONE, [{"b_subject": 2}, {"b_subject": 3}]) == 1
        assert execute_many(tx.connection, GONE, []) == 0
    assert set(due_at(database)) == {1}


def test_given_a_row_without_a_parameter_then_nothing_is_written(database: Database) -> None:
    lacking = {name: value for name, value in row(2).items() if name != "subject"}
    with pytest.raises(KeyError, match="subject"), database.transaction() as tx:
        execute_many(tx.connection, ADD, [row(1), lacking])
    assert due_at(database) == {}


def test_given_a_statement_that_a_driver_can_not_have_for_many_rows_then_that_is_said(database: Database) -> None:
    with pytest.raises(ValueError, match="for many rows"), database.transaction() as tx:
        execute_many(tx.connection, AMONG, [{"subjects": [1, 2]}])
