"""Lists as tables that fit the terminal, and the columns that are wanted; all commands with a list use it.

Codes stay whole: where a terminal is too narrow, columns go, the least important first, and words are folded.
Into a pipe or a file every column goes, and nothing is folded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import Generic, Literal, TypeVar

import typer
from rich import box
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from csire_bridge.cli.shared.console import out
from csire_bridge.cli.shared.moments import short
from csire_bridge.sheets.cells import Cell, cell_text

__all__ = ["Cell", "Column", "bare_table", "cell_text", "choose", "print_table"]

_T = TypeVar("_T")
_GAP = 2
_FOLDED = 20
"""Words are folded to no less than this many characters, before a column goes."""


@dataclass(frozen=True)
class Column(Generic[_T]):
    """One column. ``goes``: where there is no room, the column with the highest number goes first; 0 stays always.

    ``words`` may be folded into several lines; ``style`` is a colour for a row's cell, or None. ``people`` is how a
    person reads the value, where that is not the value itself; ``shape`` how a spreadsheet shows a number.
    """

    name: str
    value: Callable[[_T], Cell]
    goes: int = 0
    words: bool = False
    right: bool = False
    style: Callable[[_T], str | None] | None = None
    people: Callable[[_T], str] | None = None
    shape: str | None = None

    def shown(self, row: _T) -> str:
        """For a table: one line; moments to the minute."""
        value = self.value(row)
        if self.people is not None:
            return self.people(row) if value is not None else ""
        return short(value) if isinstance(value, datetime) else " ".join(cell_text(value).split())


def choose(columns: Sequence[Column[_T]], wanted: str | None) -> Sequence[Column[_T]]:
    """The columns of that comma-separated text, in its order; a wrong name ends with a sentence and exit code 2."""
    if wanted is None or wanted.strip() == "all":
        return columns
    known = {column.name: column for column in columns}
    names = [name.strip() for name in wanted.split(",") if name.strip()]
    for name in names:
        if name not in known:
            near = get_close_matches(name, known, 1)
            meant = f"did you mean {near[0]!r}? " if near else ""
            raise typer.BadParameter(f"--columns: there is no column {name!r} -> {meant}There are {', '.join(known)}")
    if not names:
        raise typer.BadParameter(f"--columns names no column -> there are {', '.join(known)}")
    return [known[name] for name in names]


def print_table(
    columns: Sequence[Column[_T]], rows: Sequence[_T], title: str, caption: str | None = None, *, whole: bool = False
) -> None:
    """For people; ``whole``: each column stays, even if it has no room."""
    cells = [[column.shown(row) for column in columns] for row in rows]
    widths = [max(cell_len(text) for text in texts) for texts in zip([c.name for c in columns], *cells, strict=True)]
    if not out.is_terminal:
        _print_unfolded(title, [[column.name for column in columns], *cells], widths, caption)
        return
    widths = [_narrow(column, [row[at] for row in cells], widths[at]) for at, column in enumerate(columns)]
    known = [at for at in range(len(columns)) if whole or any(texts[at] for texts in cells)]
    kept = known if whole else _fitting(columns, widths, known, out.width)
    table = bare_table(title)
    for at in kept:
        column = columns[at]
        side: Literal["left", "right"] = "right" if column.right else "left"
        table.add_column(
            column.name, no_wrap=not (column.words or column.right), min_width=_least(column, widths[at]), justify=side
        )
    for row, texts in zip(rows, cells, strict=True):
        table.add_row(*(Text(texts[at], style=_style(columns[at], row)) for at in kept))
    out.print(table)
    gone = ", ".join(columns[at].name for at in known if at not in kept)
    for line in filter(None, (caption, f"no room for: {gone} (--columns shows them)" if gone else None)):
        out.print(line, style="dim", markup=False, highlight=False, soft_wrap=False)


def bare_table(title: str, caption: str | None = None) -> Table:
    """A table without columns yet, as all of ours look."""
    table = Table(title=title, caption=caption, box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False)
    table.pad_edge, table.title_justify, table.caption_justify = False, "left", "left"
    return table


def _print_unfolded(title: str, lines: Sequence[Sequence[str]], widths: Sequence[int], caption: str | None) -> None:
    typer.echo(title)
    for line in lines:
        cells = (text + " " * (width - cell_len(text)) for text, width in zip(line, widths, strict=True))
        typer.echo("  ".join(cells).rstrip())
    if caption:
        typer.echo(caption)


def _narrow(column: Column[_T], cells: Sequence[str], width: int) -> int:
    """The width with the heading of a number in several lines."""
    return max(map(cell_len, (*column.name.split(), *cells))) if column.right else width


def _fitting(columns: Sequence[Column[_T]], widths: Sequence[int], known: Sequence[int], room: int) -> list[int]:
    """Which of the columns that have something in them have room, by their importance."""
    kept: list[int] = []
    for at in sorted(known, key=lambda at: columns[at].goes):
        needed = sum(_least(columns[one], widths[one]) + _GAP for one in (*kept, at)) - _GAP
        if needed <= room or not columns[at].goes:
            kept.append(at)
    return sorted(kept)


def _least(column: Column[_T], width: int) -> int:
    return min(width, max(_FOLDED, len(column.name))) if column.words else width


def _style(column: Column[_T], row: _T) -> str:
    return (column.style(row) if column.style else None) or ""
