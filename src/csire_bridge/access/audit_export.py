"""The audit for people and programs: as CSV and XLSX, which no spreadsheet takes for formulas, and as JSON lines."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TextIO

from csire_bridge.domain.people.audit import ChainedEntry
from csire_bridge.sheets.cells import Cell, PlainColumn
from csire_bridge.sheets.spreadsheet import Sheet, csv_field, put_xlsx

__all__ = [
    "COLUMNS",
    "MOST_IN_A_SHEET",
    "as_facts",
    "csv_pieces",
    "json_pieces",
    "write_csv",
    "write_json_lines",
    "xlsx",
]

COLUMNS = (
    "day",
    "number",
    "at",
    "actor",
    "actor_kind",
    "act",
    "subject",
    "why",
    "address",
    "host",
    "request_id",
    "before",
    "after",
    "previous",
    "hash",
)
MOST_IN_A_SHEET = 50_000
"""Entries of a spreadsheet, which is made in memory."""


def as_facts(one: ChainedEntry) -> dict[str, Any]:
    """Every fact of an entry, with its place in the chain."""
    return {"day": one.day, "number": one.number, **one.entry.facts(), "previous": one.previous, "hash": one.hash}


def csv_pieces(entries: Iterable[ChainedEntry]) -> Iterator[str]:
    """As CSV, line by line, with the names first. A text that a spreadsheet would calculate gets an apostrophe."""
    yield _line(COLUMNS)
    for one in entries:
        facts = as_facts(one)
        yield _line([csv_field(facts[name]) for name in COLUMNS])


def json_pieces(entries: Iterable[ChainedEntry]) -> Iterator[str]:
    """As JSON, a line each, by which the chain can be checked elsewhere."""
    return (json.dumps(as_facts(one), ensure_ascii=False) + "\n" for one in entries)


def write_csv(entries: Iterable[ChainedEntry], file: TextIO) -> int:
    """Write entries as CSV; return how many."""
    return _written(csv_pieces(entries), file) - 1


def write_json_lines(entries: Iterable[ChainedEntry], file: TextIO) -> int:
    """Write entries as JSON lines; return how many."""
    return _written(json_pieces(entries), file)


def xlsx(entries: Sequence[ChainedEntry], about: Mapping[str, Cell]) -> bytes:
    """A spreadsheet with the times as such; ``about`` says who asked for what, and when."""
    at: PlainColumn[ChainedEntry] = PlainColumn("at", lambda one: one.entry.at)
    columns = [at, *(_column(name) for name in COLUMNS if name != at.name)]
    file = io.BytesIO()
    put_xlsx(file, [Sheet("audit", columns, entries)], about)
    return file.getvalue()


def _column(name: str) -> PlainColumn[ChainedEntry]:
    return PlainColumn(name, lambda one: as_facts(one)[name])


def _written(pieces: Iterable[str], file: TextIO) -> int:
    count = 0
    for count, piece in enumerate(pieces, start=1):  # noqa: B007 - the last number is wanted
        file.write(piece)
    return count


def _line(cells: Sequence[object]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()
