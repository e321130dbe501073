"""Commands that show a list: the options that all of them have are said once, here."""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Concatenate, ParamSpec, TypeVar, cast

import typer

from csire_bridge.cli.shared.added_options import with_options
from csire_bridge.cli.shared.console import ConfigOption, DatabaseOption, JsonOption, err, out, print_json
from csire_bridge.cli.shared.operator_action import read_transaction, reading
from csire_bridge.cli.shared.settings import load_settings
from csire_bridge.cli.shared.table import Cell, Column, cell_text, choose, print_table
from csire_bridge.domain.people.acts import Act
from csire_bridge.domain.words import counted
from csire_bridge.runtime.steady_clock import system_clock
from csire_bridge.sheets.spreadsheet import Sheet, write_csv, write_xlsx

if TYPE_CHECKING:
    from csire_bridge.config.settings import Settings
    from csire_bridge.store.unit_of_work import UnitOfWork

__all__ = ["CsvOption", "Listing", "list_command"]

CsvOption = Annotated[
    str | None,
    typer.Option("--csv", metavar="[FILE]", help="As CSV, with all columns, into a file; without one, to the output."),
]
XlsxOption = Annotated[
    Path | None,
    typer.Option(
        "--xlsx", dir_okay=False, help="Into a spreadsheet (XLSX), which also says who asked for what, and when."
    ),
]
_PERSONAL = ("point", "meter")
"""Columns by which a household can be found."""
_P = ParamSpec("_P")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Listing:
    """How a list is wanted: from which database, which columns, and whether for people, as CSV or as JSON."""

    names: str | None
    csv: str | None
    xlsx: Path | None
    database: str | None
    json_wanted: bool
    config: Path | None
    filters: Mapping[str, Any]

    def settings(self) -> Settings:
        """The settings that hold, with the database that is named."""
        return load_settings(self.config, database=self.database)

    @contextmanager
    def reading(self) -> Iterator[UnitOfWork]:
        """One transaction in the database, for reading only."""
        with read_transaction(self.config, self.database) as tx:
            yield tx

    def show(
        self,
        columns: Sequence[Column[_T]],
        rows: Sequence[_T],
        *,
        title: str,
        nothing: str,
        facts: Callable[[], object],
        more: Sequence[Sheet[Any]] = (),
    ) -> None:
        """The rows as they are wanted; ``nothing`` is the sentence where there are none, ``facts`` makes the JSON.

        ``more`` lists follow for people, and as sheets.
        """
        chosen = choose(columns, self.names)
        if self.json_wanted:
            print_json(facts())
        elif self.written(Sheet(title.partition(" (")[0], chosen, rows), *more):
            return
        elif rows:
            print_table(chosen, rows, title, whole=self.names is not None)
        else:
            out.print(nothing, markup=False, highlight=False)
        for sheet in more if not self.json_wanted else ():
            if sheet.rows:
                print_table([one for one in sheet.columns if isinstance(one, Column)], sheet.rows, sheet.title)

    def show_lines(
        self,
        columns: Sequence[Column[_T]],
        rows: Sequence[_T],
        lines_of: Callable[[_T], Sequence[str]],
        *,
        title: str,
        nothing: str,
        facts: Callable[[], object],
    ) -> None:
        """The rows as they are wanted; as lines where neither columns nor a file nor JSON were asked for."""
        if self.names is not None or self.csv is not None or self.xlsx is not None or self.json_wanted:
            self.show(columns, rows, title=title, nothing=nothing, facts=facts)
            return
        for line in [line for row in rows for line in lines_of(row)] or [nothing]:
            out.print(line, markup=False, highlight=False)

    def written(self, first: Sheet[_T], *more: Sheet[Any]) -> bool:
        """Whether the lists were wanted in files, and are there now; CSV has only the first."""
        if self.csv is not None or self.xlsx is not None:
            self._note([first, *more])
        if self.csv is not None:
            write_csv(first.columns, first.rows, self.csv)
        if self.xlsx is not None:
            write_xlsx(self.xlsx, [first, *more], self._about())
        for file in (self.csv, self.xlsx):
            if file not in (None, "-"):
                err.print(f"{counted(len(first.rows), 'row')} in {file}", markup=False, highlight=False)
        return self.csv is not None or self.xlsx is not None

    def _note(self, sheets: Sequence[Sheet[Any]]) -> None:
        """Write into the audit that a list of households leaves the bridge. Raises NotAllowed for who may not."""
        if not any(column.name in _PERSONAL for sheet in sheets for column in sheet.columns):
            return
        asked = {name: _words(value) for name, value in self.filters.items() if value is not None}
        told = {"rows": sum(len(sheet.rows) for sheet in sheets), "filter": asked}
        with reading(self.settings(), Act.LIST_EXPORT, f"list {sheets[0].title}"[:200], after=told):
            pass

    def _about(self) -> dict[str, Cell]:
        asked = {name.replace("_", "-"): _words(value) for name, value in self.filters.items() if value is not None}
        return {"made by": _who(), "made at (Polish time)": system_clock(), **(asked or {"filter": "none"})}


def _who() -> str:
    """The account of the system, by name where it has one."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return f"account {os.getuid()}"


def _words(value: object) -> str:
    return ", ".join(map(_words, value)) if isinstance(value, list | tuple) else cell_text(cast(Cell, value))


def list_command(
    columns: Sequence[Column[_T]],
) -> Callable[[Callable[Concatenate[Listing, _P], None]], Callable[..., None]]:
    """Give a command ``--columns``, ``--csv``, ``--database``, ``--json`` and ``--config``; it gets a Listing."""
    names = ", ".join(column.name for column in columns)
    option = typer.Option("--columns", metavar="NAMES", help=f"Which columns, with commas, or all: {names}.")
    how: dict[str, Any] = {"names": Annotated[str | None, option], "csv": CsvOption, "xlsx": XlsxOption}
    where: dict[str, Any] = {"database": DatabaseOption, "json_wanted": JsonOption, "config": ConfigOption}

    def made(common: Mapping[str, Any], own: Mapping[str, Any]) -> Listing:
        choose(columns, common["names"])  # a wrong name is told before anything is opened
        return Listing(**common, filters={name: value for name, value in own.items() if name != "context"})

    def decorate(command: Callable[Concatenate[Listing, _P], None]) -> Callable[..., None]:
        return with_options(command, made, how, where)

    return decorate
