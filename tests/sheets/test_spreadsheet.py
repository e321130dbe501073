"""What goes to a spreadsheet: every row, whole codes, real numbers and moments, and no formula of others."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from csire_bridge.cli.shared.table import Cell, Column
from csire_bridge.sheets.spreadsheet import Sheet, write_csv, write_xlsx

POINT = "590243856287817706"
AT = datetime(2026, 11, 28, 11, 0, tzinfo=UTC)
DAY = (date(2026, 11, 28) - date(1899, 12, 30)).days
"""The number that spreadsheets keep for that day."""


@dataclass(frozen=True)
class Row:
    key: int
    point: str
    words: str


@pytest.mark.parametrize("formula", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1"])
def test_given_words_of_others_that_look_like_a_formula_when_written_as_csv_then_they_are_text(
    formula: str, tmp_path: Path
) -> None:
    file = tmp_path / "rows.csv"
    columns: tuple[Column[Row], ...] = (Column("key", lambda row: -row.key), Column("words", lambda row: row.words))
    write_csv(columns, [Row(3, POINT, formula)], str(file))
    assert file.read_bytes().startswith(b"\xef\xbb\xbf"), "a spreadsheet must see that it is UTF-8"
    assert "-3;" in file.read_text("utf-8-sig"), "a number stays a number"
    assert f"'{formula[0]}" in file.read_bytes().decode("utf-8-sig")


def test_given_moments_in_csv_then_they_are_polish_with_their_offset() -> None:
    values: Sequence[tuple[str, Cell]] = (("moment", AT), ("nothing", None), ("flag", True))
    columns = [Column[int](name, lambda _, value=value: value) for name, value in values]  # type: ignore[misc]
    with redirect_stdout(io.StringIO()) as said:
        write_csv(columns, [1], "-")
    assert said.getvalue().splitlines() == ["moment;nothing;flag", "2026-11-28 12:00+01:00;;yes"]


def test_given_xlsx_then_numbers_days_and_moments_are_such_and_all_else_is_text(tmp_path: Path) -> None:
    file = tmp_path / "rows.xlsx"
    columns: Sequence[Column[Row]] = (
        Column("key", lambda row: row.key),
        Column("point", lambda row: row.point),
        Column("words", lambda row: row.words),
        Column("share", lambda row: 0.25, shape="0.0%"),
        Column("at", lambda row: AT),
        Column("day", lambda row: date(2026, 11, 28)),
    )
    write_xlsx(
        file, [Sheet("Rows", columns, [Row(7, POINT, "=cmd|' /C calc'!A0")])], {"made by": "anna", "made at": AT}
    )
    with zipfile.ZipFile(file) as book:
        page = book.read("xl/worksheets/sheet1.xml").decode()
        about = book.read("xl/worksheets/sheet2.xml").decode()
        texts = re.findall(r"<t[^>]*>([^<]*)</t>", book.read("xl/sharedStrings.xml").decode())
    cells = dict(re.findall(r'<c r="([A-F]2)"(?: s="\d+")?( t="s")?><v>', page))
    assert {at for at, text in cells.items() if text} == {"B2", "C2"}, "codes and words are text, nothing is a formula"
    assert "<f>" not in page
    assert POINT in texts
    assert "<v>0.25</v>" in page
    assert f"<v>{DAY + 0.5}" in page, "12 o'clock in Poland"
    assert f"<v>{DAY}</v>" in page
    assert {"made by", "anna"} <= set(texts)
    assert f"<v>{DAY + 0.5}" in about
