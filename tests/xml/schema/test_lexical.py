"""Values of XML Schema are read as XML Schema 1.0 writes them, within bounds that the bridge can reckon with."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from csire_bridge.domain.bounds import FIRST_DAY, LAST_DAY
from csire_bridge.domain.clock import WARSAW, start_of
from csire_bridge.xml.schema.lexical import (
    collapsed,
    parse_boolean,
    parse_date,
    parse_decimal,
    parse_moment,
    parse_polish_date,
)

MOMENTS: list[tuple[str, datetime | None]] = [
    ("2026-11-23T09:32:23+01:00", datetime(2026, 11, 23, 8, 32, 23, tzinfo=UTC)),
    ("\n\t 2026-11-23T08:32:23Z \r", datetime(2026, 11, 23, 8, 32, 23, tzinfo=UTC)),
    ("2026-11-23T08:32:23+00:00", datetime(2026, 11, 23, 8, 32, 23, tzinfo=UTC)),
    ("2026-11-23T08:32:23-00:00", datetime(2026, 11, 23, 8, 32, 23, tzinfo=UTC)),
    ("2026-11-23T08:32:23.1Z", datetime(2026, 11, 23, 8, 32, 23, 100000, tzinfo=UTC)),
    ("2026-11-23T08:32:23.9999999999999Z", datetime(2026, 11, 23, 8, 32, 23, 999999, tzinfo=UTC)),
    ("2026-11-23T08:32:23." + "9" * 5000 + "Z", datetime(2026, 11, 23, 8, 32, 23, 999999, tzinfo=UTC)),
    ("2026-11-30T24:00:00Z", datetime(2026, 12, 1, tzinfo=UTC)),
    ("2026-12-31T24:00:00.000000000+01:00", datetime(2026, 12, 31, 23, tzinfo=UTC)),
    ("2024-02-29T12:00:00+14:00", datetime(2024, 2, 28, 22, tzinfo=UTC)),
    ("2026-10-25T02:30:00+02:00", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
    ("2026-10-25T02:30:00+01:00", datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),
    ("1900-01-01T00:00:00Z", datetime(1900, 1, 1, tzinfo=UTC)),
    ("9998-12-31T23:59:59Z", datetime(9998, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ("2026-11-23T08:32:23", None),
    ("2026-10-25T02:30:00", None),
    ("2026-11-23T24:00:01Z", None),
    ("2026-11-23T24:01:00Z", None),
    ("2026-11-23T24:00:00.001Z", None),
    ("2026-11-23T25:00:00Z", None),
    ("2026-11-23T08:60:00Z", None),
    ("2026-12-31T23:59:60Z", None),
    ("2026-02-29T12:00:00Z", None),
    ("2026-11-23T08:32:23+14:01", None),
    ("2026-11-23T08:32:23+15:00", None),
    ("2026-11-23T08:32:23+0100", None),
    ("2026-11-23T08:32:23z", None),
    ("2026-11-23 08:32:23Z", None),
    ("2026-11-23T08:32Z", None),
    ("2026-11-23T08:32:23,5Z", None),
    ("2026-11-23T08:32:23.Z", None),
    ("20261123T083223Z", None),
    ("2026-W48-1T08:32:23Z", None),
    ("٢٠٢٦-11-23T08:32:23Z", None),
    ("\u00a02026-11-23T08:32:23Z", None),
    ("0000-01-01T00:00:00Z", None),
    ("0001-01-01T00:00:00+14:00", None),
    ("-0001-01-01T00:00:00Z", None),
    ("1899-12-31T23:59:59Z", None),
    ("9999-12-31T23:59:59-14:00", None),
    ("9999-01-01T00:00:00Z", None),
    ("9998-12-31T24:00:00Z", None),
    ("12026-01-01T00:00:00Z", None),
    ("9" * 5000 + "-01-01T00:00:00Z", None),
    ("", None),
    ("2026-11-23", None),
]
DATES: list[tuple[str, date | None]] = [
    ("2026-11-23", date(2026, 11, 23)),
    (" 2026-11-23\n", date(2026, 11, 23)),
    ("2026-11-23Z", date(2026, 11, 23)),
    ("2026-11-23+14:00", date(2026, 11, 23)),
    ("2026-11-23-13:59", date(2026, 11, 23)),
    ("1900-01-01", FIRST_DAY),
    ("9998-12-31", LAST_DAY),
    ("2026-11-23T00:00:00", None),
    ("2026-11-23T23:30:00Z", None),
    ("2026-11-23+1:00", None),
    ("2026-11-23 and more", None),
    ("20261123", None),
    ("2026-W48-1", None),
    ("2026-2-3", None),
    ("2026-02-29", None),
    ("0001-01-01", None),
    ("9999-12-31", None),
    ("-2026-11-23", None),
    ("12026-11-23", None),
    ("", None),
]
BOOLEANS: list[tuple[str, bool | None]] = [
    ("true", True),
    ("1", True),
    (" false ", False),
    ("0\n", False),
    ("TRUE", None),
    ("yes", None),
    ("", None),
    ("01", None),
]
DECIMALS: list[tuple[str, Decimal | None]] = [
    ("12.5", Decimal("12.5")),
    ("+12.", Decimal(12)),
    (" -.5 ", Decimal("-0.5")),
    ("0012.50", Decimal("12.50")),
    ("1e3", None),
    ("1_000", None),
    ("NaN", None),
    ("INF", None),
    ("Infinity", None),
    ("1,5", None),
    (".", None),
    ("١٢", None),
    ("9" * 5000, None),
    ("", None),
]
TABLE = [
    *((parse_moment, "dateTime", *row) for row in MOMENTS),
    *((parse_date, "date", *row) for row in DATES),
    *((parse_boolean, "boolean", *row) for row in BOOLEANS),
    *((parse_decimal, "decimal", *row) for row in DECIMALS),
]


@pytest.mark.parametrize(("read", "kind", "text", "value"), TABLE, ids=lambda x: x[:40] if isinstance(x, str) else "")
def test_given_a_text_when_read_as_a_type_of_xml_schema_then_it_is_that_value_or_refused_with_a_sentence(
    read: Callable[[str], object], kind: str, text: str, value: object
) -> None:
    if value is None:
        with pytest.raises(ValueError, match=r"\w+ \w+") as caught:
            read(text)
        assert len(str(caught.value)) < 400
    else:
        assert read(text) == value


@pytest.mark.parametrize(("read", "kind", "text", "value"), TABLE, ids=lambda x: x[:40] if isinstance(x, str) else "")
def test_given_a_text_when_it_is_read_then_xml_schema_itself_has_it_too(
    read: Callable[[str], object], kind: str, text: str, value: object
) -> None:
    if value is not None and len(text) < 1000:
        element = etree.Element("x")
        element.text = collapsed(text)
        assert schema_of(kind).validate(element)


@cache
def schema_of(kind: str) -> etree.XMLSchema:
    element = f'<xs:element name="x" type="xs:{kind}"/>'
    return etree.XMLSchema(
        etree.fromstring(f'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">{element}</xs:schema>')
    )


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-11-30T23:30:00Z", date(2026, 12, 1)),
        ("2026-11-30T22:59:59Z", date(2026, 11, 30)),
        ("2026-11-30T23:00:00Z", date(2026, 12, 1)),
        ("2026-11-30T24:00:00+01:00", date(2026, 12, 1)),
        ("2026-07-31T22:00:00Z", date(2026, 8, 1)),
        ("2026-07-31T21:59:59Z", date(2026, 7, 31)),
        ("2026-12-01T01:00:00+05:00", date(2026, 11, 30)),
        ("2026-10-25T22:59:59Z", date(2026, 10, 25)),
        ("2026-10-25T23:00:00Z", date(2026, 10, 26)),
    ],
)
def test_given_a_moment_when_its_date_is_read_then_it_is_the_polish_one(text: str, day: date) -> None:
    assert parse_polish_date(text) == day


OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.datetimes(datetime(1900, 1, 3), datetime(9998, 12, 29), timezones=OFFSETS))  # noqa: DTZ001 - a range
def test_given_any_moment_in_any_offset_when_read_then_it_is_that_moment_and_can_be_moved_and_reckoned_with(
    moment: datetime,
) -> None:
    text = moment.isoformat()
    assert parse_moment(text) == moment
    assert parse_polish_date(text) == moment.astimezone(WARSAW).date()


@given(st.dates(FIRST_DAY, LAST_DAY))
def test_given_any_day_within_the_bounds_when_read_then_it_has_a_start_and_a_day_after_it(day: date) -> None:
    read = parse_date(day.isoformat())
    assert start_of(read) < start_of(read + timedelta(days=1))
    assert start_of(read - timedelta(days=1)) < start_of(read)


@given(st.text("0123456789-+:.TZ \n", max_size=40))
def test_given_any_text_when_read_then_nothing_but_a_value_error_comes_of_it(text: str) -> None:
    for read in (parse_moment, parse_date, parse_decimal, parse_boolean, parse_polish_date):
        try:
            read(text)
        except ValueError:
            continue


def test_given_white_space_when_collapsed_then_only_that_of_xml_counts() -> None:
    assert collapsed(" \ta \n\r b\u00a0 ") == "a b\u00a0"
