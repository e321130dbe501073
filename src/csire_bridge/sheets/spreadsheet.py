"""Lists for a spreadsheet, as CSV or XLSX: all rows, whole codes, and no words of others taken for a formula."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Generic, TextIO, TypeVar

from csire_bridge.domain.clock import WARSAW
from csire_bridge.sheets.cells import Cell, PlainColumn, SheetColumn, cell_text

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

__all__ = ["Sheet", "csv_field", "put_csv", "put_xlsx", "write_csv", "write_xlsx"]

_T = TypeVar("_T")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_DAY, _MOMENT = "yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss"
_WIDEST = 60


@dataclass(frozen=True)
class Sheet(Generic[_T]):
    """One list with its title."""

    title: str
    columns: Sequence[SheetColumn[_T]]
    rows: Sequence[_T]


def write_csv(columns: Sequence[SheetColumn[_T]], rows: Sequence[_T], target: str) -> None:
    """As CSV: semicolons, UTF-8 (with its mark in a file), Polish times with their offset; ``-`` is the output."""
    if target == "-":
        put_csv(columns, rows, sys.stdout)
        return
    with Path(target).open("w", encoding="utf-8-sig", newline="") as stream:
        put_csv(columns, rows, stream)


def put_csv(columns: Sequence[SheetColumn[_T]], rows: Iterable[_T], stream: TextIO) -> None:
    """The same into an open text file."""
    lines = csv.writer(stream, delimiter=";", lineterminator="\n")
    lines.writerow([column.name for column in columns])
    lines.writerows([csv_field(column.value(row)) for column in columns] for row in rows)


def csv_field(value: Cell) -> str:
    """The text of a field; what a spreadsheet would take for a formula gets a quotation mark. Numbers stay numbers."""
    text = cell_text(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA) else text


def write_xlsx(file: Path, sheets: Sequence[Sheet[Any]], about: Mapping[str, Cell]) -> None:
    """As XLSX: numbers, days and moments (Polish time) are such, all else is text; ``about`` is the last sheet."""
    with file.open("wb") as stream:
        put_xlsx(stream, sheets, about)


def put_xlsx(stream: BinaryIO, sheets: Sequence[Sheet[Any]], about: Mapping[str, Cell]) -> None:
    """The same into an open file."""
    from xlsxwriter.workbook import Workbook  # noqa: PLC0415 - most commands write no sheet

    what: SheetColumn[tuple[str, Cell]] = PlainColumn("what", lambda row: row[0])
    told = Sheet("about", (what, PlainColumn("value", lambda row: row[1])), [*about.items()])
    with Workbook(stream, {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        for sheet in (*sheets, told):
            _fill(book, sheet)


def _fill(book: Workbook, sheet: Sheet[Any]) -> None:
    page, bold = book.add_worksheet(sheet.title[:31]), book.add_format({"bold": True})
    shapes = [book.add_format({"num_format": column.shape}) if column.shape else None for column in sheet.columns]
    day, moment = (book.add_format({"num_format": shape}) for shape in (_DAY, _MOMENT))
    page.write_row(0, 0, [column.name for column in sheet.columns], bold)
    page.freeze_panes(1, 0)
    page.autofilter(0, 0, len(sheet.rows), len(sheet.columns) - 1)
    for at, column in enumerate(sheet.columns):
        values = [column.value(row) for row in sheet.rows]
        page.set_column(at, at, min(_WIDEST, 2 + max(map(len, [column.name, *map(cell_text, values)]))))
        for line, value in enumerate(values, start=1):
            shape = moment if isinstance(value, datetime) else day if isinstance(value, date) else shapes[at]
            _put(page, line, at, value, shape)


def _put(page: Worksheet, line: int, at: int, value: Cell, shape: Format | None) -> None:
    if value is None:
        return
    if isinstance(value, datetime):
        page.write_datetime(line, at, value.astimezone(WARSAW).replace(tzinfo=None), shape)
    elif isinstance(value, date):
        page.write_datetime(line, at, value, shape)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        page.write_number(line, at, value, shape)
    else:
        page.write_string(line, at, cell_text(value), shape)
