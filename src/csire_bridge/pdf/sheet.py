"""The kit of every document: pages with a head and page numbers, headings, texts, facts, tables and bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.fonts import FontFace

from csire_bridge.pdf.fonts import BOLD, FAMILY, REGULAR, printable

__all__ = ["Align", "Column", "Sheet"]

_MARGIN = 18  # millimetres
_TEXT, _SMALL, _HEADING, _TITLE = 10, 8, 12, 16  # points
_LINE = 5  # millimetres
_GREY, _LIGHT, _BAR, _BLACK = (90, 90, 90), (236, 239, 243), (45, 95, 155), (0, 0, 0)
_ALL = "{nb}"


class Align(StrEnum):
    """Where the text of a column stands."""

    LEFT = "LEFT"
    RIGHT = "RIGHT"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its heading, its share of the width, and where its text stands."""

    heading: str
    share: float = 1
    align: Align = Align.LEFT


class _Pages(FPDF):
    """Each page with the title of the document above, and its number and the foot below."""

    def __init__(self, title: str, foot: str, page_word: str, orientation: str) -> None:
        super().__init__(orientation=orientation, format="A4")
        self._head, self._foot, self._page_word = title, foot, page_word

    def header(self) -> None:
        if self.page_no() == 1:  # the first page has the title itself
            return
        self._small(self._head)
        self.ln(_LINE + 2)

    def footer(self) -> None:
        self.set_y(-_MARGIN + 4)
        self._small(self._foot)
        self.set_x(-_MARGIN - 40)
        self.cell(40, _LINE, f"{self._page_word} {self.page_no()}/{_ALL}", align="R")
        self.set_text_color(*_BLACK)

    def _small(self, text: str) -> None:
        self.set_font(FAMILY, size=_SMALL)
        self.set_text_color(*_GREY)
        self.cell(self.epw - 42, _LINE, text)
        self.set_text_color(*_BLACK)


class Sheet:
    """A document on A4, filled from top to bottom; ``done`` gives its bytes.

    ``at`` (UTC) stands in the file as when it was made: give a moment of the facts, not the present, so that the same
    facts make the same bytes. ``language`` is its code, such as ``pl``.
    """

    def __init__(self, title: str, *, at: datetime, foot: str, language: str = "pl", landscape: bool = False) -> None:
        page_word = "Strona" if language == "pl" else "Page"
        self._pdf = _Pages(printable(title), printable(foot), page_word, "landscape" if landscape else "portrait")
        self._describe(title, at, language)
        self._pdf.set_margins(_MARGIN, _MARGIN)
        self._pdf.set_auto_page_break(True, margin=_MARGIN + 4)
        self._pdf.add_font(FAMILY, "", REGULAR)
        self._pdf.add_font(FAMILY, "B", BOLD)
        self._pdf.add_page()
        self._words(title, _TITLE, bold=True, after=2)

    def _describe(self, title: str, at: datetime, language: str) -> None:
        self._pdf.set_title(printable(title))
        self._pdf.set_lang(language)
        self._pdf.set_creator("csire-bridge")
        self._pdf.set_producer("csire-bridge")
        self._pdf.set_creation_date(at.astimezone(UTC))
        self._pdf.alias_nb_pages(_ALL)

    def heading(self, text: str) -> None:
        """A heading above what follows; it never stands alone at the end of a page."""
        if self._pdf.will_page_break(_LINE * 4):
            self._pdf.add_page()
        self._pdf.ln(3)
        self._words(text, _HEADING, bold=True, after=1)

    def text(self, text: str) -> None:
        """A paragraph; its own lines stay."""
        self._words(text, _TEXT, after=1)

    def small(self, text: str) -> None:
        """A remark in small letters."""
        self._pdf.set_text_color(*_GREY)
        self._words(text, _SMALL, after=1)
        self._pdf.set_text_color(*_BLACK)

    def facts(self, rows: Sequence[tuple[str, str]]) -> None:
        """Names and values, one below the other."""
        columns = (Column("", 1), Column("", 2.4))
        self._grid(columns, rows, head=False)

    def table(self, columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
        """A table; its headings stand again on each page that it goes on to."""
        self._grid(columns, rows, head=True)

    def bars(self, rows: Sequence[tuple[str, float, str]]) -> None:
        """Bars beside their names and words: (name, share of the longest from 0 to 1, words). Give the table, too."""
        name, rest = self._pdf.epw * 0.3, self._pdf.epw * 0.5
        self._pdf.set_font(FAMILY, size=_TEXT)
        self._pdf.set_fill_color(*_BAR)
        for label, share, words in rows:
            if self._pdf.will_page_break(_LINE + 1):
                self._pdf.add_page()
            x, y = self._pdf.get_x(), self._pdf.get_y()
            self._pdf.cell(name, _LINE, printable(label))
            width = max(0.2, rest * min(1.0, max(0.0, share)))
            self._pdf.rect(x + name, y + 0.8, width, _LINE - 1.6, style="F")
            self._pdf.set_xy(x + name + width + 2, y)
            self._pdf.cell(0, _LINE, printable(words), new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self._pdf.ln(2)

    def done(self) -> bytes:
        """The bytes of the document."""
        return bytes(self._pdf.output())

    def _words(self, text: str, size: int, *, bold: bool = False, after: float = 0) -> None:
        self._pdf.set_font(FAMILY, "B" if bold else "", size)
        height = size * 0.5
        self._pdf.multi_cell(0, height, printable(text), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self._pdf.ln(after)

    def _grid(self, columns: Sequence[Column], rows: Sequence[Sequence[str]], *, head: bool) -> None:
        self._pdf.set_font(FAMILY, size=_TEXT if len(columns) < 5 else _SMALL)
        with self._pdf.table(
            **self._look(columns, head=head),
            col_widths=tuple(column.share for column in columns),
            text_align=tuple(column.align for column in columns),
        ) as table:
            if head:
                table.row([printable(column.heading) for column in columns])
            for row in rows:
                line = table.row()
                for place, value in enumerate(row):
                    bold = not head and place == 0
                    line.cell(printable(value) or " ", style=FontFace(emphasis="BOLD") if bold else None)
        self._pdf.ln(2)

    def _look(self, columns: Sequence[Column], *, head: bool) -> dict[str, Any]:
        return {
            "first_row_as_headings": head,
            "headings_style": FontFace(emphasis="BOLD", fill_color=_LIGHT),
            "borders_layout": "HORIZONTAL_LINES",
            "line_height": _LINE if len(columns) < 5 else _LINE - 0.8,
            "padding": (0.6, 1),
            "wrapmode": "CHAR" if not head else "WORD",
        }
