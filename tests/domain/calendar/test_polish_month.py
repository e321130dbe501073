"""Months of the Polish calendar."""

from __future__ import annotations

from datetime import date

import pytest

from csire_bridge.domain.calendar.polish_month import PolishMonth
from tests.support.rules import polish


@pytest.mark.parametrize(
    ("text", "last", "end"),
    [("2026-11", date(2026, 11, 30), "2026-12-01T00:00"), ("2026-12", date(2026, 12, 31), "2027-01-01T00:00")],
)
def test_given_a_month_then_it_has_these_bounds(text: str, last: date, end: str) -> None:
    month = PolishMonth.parse(text)
    assert (str(month), month.last, month.begin, month.end) == (text, last, polish(f"{text}-01T00:00"), polish(end))


def test_given_october_then_it_has_an_hour_more() -> None:
    october = PolishMonth.parse("2026-10")
    assert (october.end - october.begin).total_seconds() == (31 * 24 + 1) * 3600


@pytest.mark.parametrize("text", ["2026-13", "2026-1", "11-2026", "", "2026-11-01"])
def test_given_no_month_then_it_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no month such as"):
        PolishMonth.parse(text)
