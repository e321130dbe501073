"""A list as a file: made by whom, when, with which filter; no formulas; the audit keeps that it left the bridge."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from fastapi import Response

from csire_bridge.console.http.answers import download
from csire_bridge.console.http.visit import Visit
from csire_bridge.domain.people.acts import Act
from csire_bridge.domain.people.audited import note
from csire_bridge.sheets.cells import Cell, PlainColumn, SheetColumn, local
from csire_bridge.sheets.spreadsheet import Sheet, put_csv, put_xlsx

__all__ = ["MOST_ROWS", "file_of"]

MOST_ROWS = 50_000
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def file_of(
    visit: Visit, kind: str, title: str, columns: Sequence[SheetColumn[Any]], rows: Sequence[Any], filters: str
) -> Response:
    """The rows as ``csv`` or ``xlsx``; notes that the list left the bridge. Raises NotAllowed."""
    about: dict[str, Cell] = {
        "made by": visit.actor.name,
        "made at": visit.now,
        "filters": filters or "none",
        "rows": len(rows),
    }
    with visit.api.database.transaction() as tx:
        note(tx, visit.actor, Act.LIST_EXPORT, f"{title}: {filters or 'all'}"[:200], visit.now)
    name = f"{title}-{local(visit.now)[:16].replace(' ', '-').replace(':', '')}.{kind}"
    if kind == "xlsx":
        book = io.BytesIO()
        put_xlsx(book, [Sheet(title, columns, rows)], about)
        return download(book.getvalue(), name, _XLSX)
    text = io.StringIO(newline="")
    put_csv(columns, rows, text)
    text.write("\n")
    put_csv((_what, _value), list(about.items()), text)
    return download(text.getvalue().encode("utf-8-sig"), name, "text/csv; charset=utf-8")


_what: PlainColumn[tuple[str, Cell]] = PlainColumn("about this file", lambda row: row[0])
_value: PlainColumn[tuple[str, Cell]] = PlainColumn("value", lambda row: row[1])
