"""Figures as files: one list as CSV, all of them as XLSX."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO, StringIO

from csire_bridge.console.pages.figures.tables import Cell, FigureTable
from csire_bridge.sheets.cells import Cell as SheetCell
from csire_bridge.sheets.cells import PlainColumn
from csire_bridge.sheets.spreadsheet import Sheet, put_csv, put_xlsx

__all__ = ["as_csv", "as_xlsx"]

_Row = tuple[str, Sequence[Cell]]


def as_csv(table: FigureTable) -> bytes:
    """A list as CSV in UTF-8 with its mark; shares are numbers from 0 to 1, times are seconds."""
    told = StringIO(newline="")
    put_csv(_columns(table), table.rows, told)
    return told.getvalue().encode("utf-8-sig")


def as_xlsx(tables: Sequence[FigureTable], about: Mapping[str, SheetCell]) -> bytes:
    """All lists, a sheet each."""
    told = BytesIO()
    put_xlsx(told, [Sheet(table.name, _columns(table), table.rows) for table in tables], about)
    return told.getvalue()


def _columns(table: FigureTable) -> list[PlainColumn[_Row]]:
    first: PlainColumn[_Row] = PlainColumn(table.columns[0], lambda row: row[0])
    return [first, *(_column(table, at) for at in range(len(table.columns) - 1))]


def _column(table: FigureTable, at: int) -> PlainColumn[_Row]:
    percent = any(row[1][at].percent for row in table.rows)
    return PlainColumn(table.columns[at + 1], lambda row: row[1][at].number, "0.0%" if percent else None)
