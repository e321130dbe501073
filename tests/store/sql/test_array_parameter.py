"""A list that is given to a statement means the same to every database."""

from __future__ import annotations

import pytest
from sqlalchemy import bindparam, select

from csire_bridge.domain.work import WorkStep
from csire_bridge.store.database import Database
from csire_bridge.store.sql.array_parameter import any_of, in_literals, not_indexed
from csire_bridge.store.sql.execute_many import execute_many
from csire_bridge.store.tables import work
from tests.store.sql.test_execute_many import ADD
from tests.store.sql.test_insert_returning_keys import row

BY_SUBJECT = select(work.c.subject).where(any_of(work.c.subject, "subjects")).order_by(work.c.subject)
BY_STEP = select(work.c.subject).where(any_of(work.c.step, "steps"), not_indexed(work.c.subject) > bindparam("least"))
NOT_BY_SUBJECT = select(work.c.subject).where(~any_of(work.c.subject, "subjects")).order_by(work.c.subject)


@pytest.fixture
def filled(database: Database) -> Database:
    with database.transaction() as tx:
        execute_many(tx.connection, ADD, [row(number) for number in range(5)])
    return database


@pytest.mark.parametrize("subjects", [[], [3], [4, 1], list(range(-1000, 1000)), [1, 1, 1]])
def test_given_numbers_then_exactly_their_rows_are_found(filled: Database, subjects: list[int]) -> None:
    with filled.reading() as connection:
        found = list(connection.execute(BY_SUBJECT, {"subjects": subjects}).scalars())
        others = list(connection.execute(NOT_BY_SUBJECT, {"subjects": subjects}).scalars())
    assert found == sorted(set(subjects) & set(range(5)))
    assert others == sorted(set(range(5)) - set(subjects))


@pytest.mark.parametrize(
    ("steps", "found"),
    [
        ([WorkStep.EXECUTE.value], [3, 4]),
        (["execut", "", "Zażółć \"'\\ ]", WorkStep.EXECUTE.value], [3, 4]),
        (["nothing"], []),
        ([], []),
    ],
)
def test_given_texts_beside_another_condition_then_both_count(
    filled: Database, steps: list[str], found: list[int]
) -> None:
    with filled.reading() as connection:
        assert sorted(connection.execute(BY_STEP, {"steps": steps, "least": 2}).scalars()) == found


def test_given_states_that_a_statement_names_then_they_are_found_without_a_parameter(filled: Database) -> None:
    here, elsewhere = (
        in_literals(work.c.step, {WorkStep.EXECUTE, WorkStep.DELIVER}),
        in_literals(work.c.step, {WorkStep.INTAKE}),
    )
    with filled.reading() as connection:
        counts = [len(connection.execute(select(work.c.key).where(one)).all()) for one in (here, elsewhere, ~elsewhere)]
    assert counts == [5, 0, 5]


def test_given_a_list_when_executed_again_then_the_statement_is_not_written_anew(filled: Database) -> None:
    with filled.reading() as connection:
        texts = {
            connection.execute(BY_SUBJECT, {"subjects": subjects}).context.statement for subjects in ([1], [1, 2, 3])
        }
    assert len(texts) == 1
