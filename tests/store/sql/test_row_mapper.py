"""Rows become the dataclasses that they were made of, whatever else stands beside them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import pytest
from sqlalchemy import Connection, create_engine, text

from csire_bridge.domain.identifiers import MeterNumber
from csire_bridge.store.sql.row_mapper import from_row, from_rows, reader_of, to_row


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True)
class Lamp:
    meter: MeterNumber
    colour: Colour | None
    watts: int = 5


@dataclass(frozen=True, slots=True)
class Shade:
    colour: Colour
    count: int


@dataclass(frozen=True)
class Sum:
    first: int
    second: int

    def __post_init__(self) -> None:
        if self.first > self.second:
            raise ValueError("they are in no order")


LAMP = Lamp(MeterNumber("M1"), Colour.RED, 7)


@pytest.fixture
def connection() -> Iterator[Connection]:
    with create_engine("sqlite://").connect() as opened:
        yield opened


def test_given_a_fact_then_its_row_holds_plain_values_and_gives_the_same_fact_back(connection: Connection) -> None:
    values = to_row(LAMP)
    assert [type(value) for value in values.values()] == [str, str, int]
    row = connection.execute(text("SELECT :watts AS watts, :meter AS meter, :colour AS colour"), values).one()
    found = from_row(Lamp, row)
    assert found == LAMP
    assert (type(found.meter), found.colour) == (MeterNumber, Colour.RED)


def test_given_columns_that_are_empty_or_of_others_then_they_change_nothing(connection: Connection) -> None:
    rows = "SELECT 1 AS key, 'M1' AS meter, 2 AS watts, NULL AS colour UNION SELECT 2, 'M2', 3, 'red' ORDER BY 1"
    assert list(from_rows(Lamp, connection.execute(text(rows)))) == [
        Lamp(MeterNumber("M1"), None, 2),
        Lamp(MeterNumber("M2"), Colour.RED, 3),
    ]
    result = connection.execute(text(rows))
    lamp_of = reader_of(Lamp, result)
    assert [(row.key, lamp_of(row).watts) for row in result] == [(1, 2), (2, 3)]


def test_given_a_column_that_is_missing_or_stands_twice_then_no_row_is_guessed_at(connection: Connection) -> None:
    for columns in ("'M1' AS meter, 2 AS watts", "'M1' AS meter, 2 AS watts, 'red' AS colour, 3 AS watts"):
        with pytest.raises(ValueError, match="not one column for each"):
            list(from_rows(Lamp, connection.execute(text(f"SELECT {columns}"))))


def test_given_a_fact_with_slots_then_it_is_made_all_the_same(connection: Connection) -> None:
    row = connection.execute(text("SELECT 'red' AS colour, 2 AS count")).one()
    assert from_row(Shade, row) == Shade(Colour.RED, 2)


def test_given_a_fact_that_checks_itself_then_it_checks_what_was_stored(connection: Connection) -> None:
    with pytest.raises(ValueError, match="no order"):
        from_row(Sum, connection.execute(text("SELECT 2 AS first, 1 AS second")).one())
