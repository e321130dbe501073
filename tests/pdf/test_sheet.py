"""Documents on A4 can be read by whoever gets them, in Polish, and the same facts make the same bytes."""

from __future__ import annotations

import io
from datetime import UTC, datetime

from pypdf import PdfReader

from csire_bridge.pdf.fonts import printable
from csire_bridge.pdf.moments import on_paper
from csire_bridge.pdf.sheet import Align, Column, Sheet

AT = datetime(2026, 11, 28, 13, 5, 9, tzinfo=UTC)


def made(rows: int = 3) -> bytes:
    sheet = Sheet("Zażółć gęślą jaźń", at=AT, foot="na dole")
    sheet.heading("Fakty")
    sheet.facts([("Skrót", "0123456789abcdef" * 12)])
    sheet.table((Column("Nazwa"), Column("Ile", align=Align.RIGHT)), [(f"wiersz {n}", str(n)) for n in range(rows)])
    sheet.bars([("do godziny", 1, "120"), ("nigdy", 0, "0")])
    sheet.text("pierwsza\ndruga")
    return sheet.done()


def texts(pdf: bytes) -> list[str]:
    return [page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages]


def test_everything_that_was_written_can_be_read_back_with_polish_letters() -> None:
    (text,) = texts(made())
    assert "Zażółć gęślą jaźń" in text
    assert "0123456789abcdef" * 12 in text.replace("\n", "")
    assert "wiersz 2" in text
    assert "do godziny" in text
    assert "Strona 1/1" in text


def test_a_long_table_has_its_headings_and_a_number_on_each_page() -> None:
    pages = texts(made(rows=120))
    assert len(pages) > 2
    assert all("Nazwa Ile" in page for page in pages)
    assert [f"Strona {n}/{len(pages)}" in page for n, page in enumerate(pages, 1)] == [True] * len(pages)
    assert all("Zażółć" in page for page in pages)


def test_the_same_facts_make_the_same_bytes() -> None:
    assert made() == made()
    assert PdfReader(io.BytesIO(made())).metadata is not None


def test_letters_that_the_font_lacks_are_question_marks_and_nothing_else_is_lost() -> None:
    assert printable("ąę\u4e00\x00\tx\r\ny") == "ąę?? x\ny"


def test_times_have_their_offset_so_that_the_doubled_hour_is_told_apart() -> None:
    first, second = (datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1))
    assert on_paper(first) == "25.10.2026 02:30:00 (UTC+02:00)"
    assert on_paper(second) == "25.10.2026 02:30:00 (UTC+01:00)"
    assert on_paper(None) == "-"
