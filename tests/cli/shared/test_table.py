"""Tables fit the terminal, codes stay whole, and what leaves for a spreadsheet or a program is complete."""

from __future__ import annotations

import io
from contextlib import redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
import typer
from rich.console import Console

from csire_bridge.cli.shared import table
from csire_bridge.cli.shared.table import Column, choose, print_table

POINT = "590243856287817706"
AT = datetime(2026, 11, 28, 11, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Row:
    key: int
    point: str
    words: str
    at: datetime | None = None


COLUMNS = (
    Column[Row]("key", lambda row: row.key),
    Column[Row]("point", lambda row: row.point),
    Column[Row]("at", lambda row: row.at, goes=2),
    Column[Row]("message", lambda row: "825970f3-22cb-489c-ad3d-3d89cbba8f04", goes=3),
    Column[Row]("words", lambda row: row.words, goes=1, words=True),
)
ROWS = [Row(7, POINT, "a long reason that a person reads, with many words and no end", AT)]


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """A terminal of 80 columns without colours."""
    shown = io.StringIO()
    console = Console(file=shown, width=80, force_terminal=True, color_system=None, soft_wrap=True)
    monkeypatch.setattr(table, "out", console)
    return shown


def test_given_80_columns_then_every_line_fits_the_code_is_whole_and_the_least_important_column_went(
    terminal: io.StringIO,
) -> None:
    print_table(COLUMNS, ROWS, "Rows")
    lines = terminal.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    assert POINT in terminal.getvalue()
    assert "2026-11-28 12:00" in terminal.getvalue(), "Polish time"
    assert "825970f3" not in terminal.getvalue()
    assert lines[-1].strip() == "no room for: message (--columns shows them)"


def test_given_columns_that_were_asked_for_then_each_is_there_even_without_room(terminal: io.StringIO) -> None:
    print_table(choose(COLUMNS, "message,point,at,words"), ROWS, "Rows", whole=True)
    assert "825970f3-22cb-489c-ad3d-3d89cbba8f04" in terminal.getvalue()
    assert terminal.getvalue().index("message") < terminal.getvalue().index("point")


def test_given_a_column_without_anything_in_it_then_it_takes_no_room(terminal: io.StringIO) -> None:
    print_table(COLUMNS, [Row(1, POINT, "", None)], "Rows")
    assert "words" not in terminal.getvalue()
    assert "message" in terminal.getvalue()


def test_given_a_pipe_then_a_row_is_one_line_with_every_column_and_no_colour() -> None:
    with redirect_stdout(io.StringIO()) as said:
        print_table(COLUMNS, ROWS, "Rows")
    title, heading, row = said.getvalue().splitlines()
    assert (title, heading.split()) == ("Rows", ["key", "point", "at", "message", "words"])
    assert row.endswith("many words and no end")
    assert "\x1b" not in said.getvalue()


def test_given_a_column_that_is_not_there_then_a_sentence_names_the_nearest_and_all_of_them() -> None:
    with pytest.raises(typer.BadParameter, match=r"no column 'pont' -> did you mean 'point'\? There are key, point"):
        choose(COLUMNS, "key,pont")
    with pytest.raises(typer.BadParameter, match="names no column"):
        choose(COLUMNS, " , ")
    assert choose(COLUMNS, "all") is COLUMNS
