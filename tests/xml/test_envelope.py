"""The envelope: moments with an offset and nothing else, and a header that is read back as it was written."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from csire_bridge.config.resources import folder
from csire_bridge.domain.clock import WARSAW
from csire_bridge.domain.errors import NotValid, RuleBroken
from csire_bridge.domain.message.message import Header
from csire_bridge.xml.envelope import (
    TECHNICAL,
    build_envelope,
    envelope_texts,
    format_moment,
    read_header,
)
from csire_bridge.xml.parser import parse
from csire_bridge.xml.schema.lexical import parse_moment

RAW = (folder("samples") / "good" / "8.1.1.5-debt.xml").read_text("utf-8")
STAMP = "2026-11-23T09:32:23.580+01:00"
MOMENTS = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - a range


def header(*changes: str) -> Header:
    text = RAW
    for old, new in zip(changes[::2], changes[1::2], strict=True):
        assert old in text
        text = text.replace(old, new, 1)
    return read_header(parse(text.encode()))


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        (STAMP, datetime(2026, 11, 23, 8, 32, 23, 580000, tzinfo=UTC)),
        ("2026-11-23T08:32:23Z", datetime(2026, 11, 23, 8, 32, 23, tzinfo=UTC)),
        ("2026-10-25T02:30:00+02:00", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("2026-10-25T02:30:00+01:00", datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),
        ("2026-11-23T24:00:00Z", datetime(2026, 11, 24, tzinfo=UTC)),
        (" 2026-11-23T08:32:23.1234567Z\n", datetime(2026, 11, 23, 8, 32, 23, 123456, tzinfo=UTC)),
    ],
)
def test_given_a_timestamp_with_an_offset_when_read_then_it_is_utc(text: str, moment: datetime) -> None:
    found = header(STAMP, text).timestamp
    assert found == moment
    assert found.tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-23T09:32:23",
        "2026-11-23T24:00:01Z",
        "0001-01-01T00:00:00+01:00",  # what some systems write for "no time"
        "9999-12-31T23:59:59-01:00",
        "-0001-01-01T00:00:00Z",
        "12026-01-01T00:00:00Z",
        "",
    ],
)
def test_given_a_timestamp_that_names_no_moment_when_read_then_it_is_a_broken_rule(text: str) -> None:
    with pytest.raises(RuleBroken, match="the envelope can't be read"):
        header(STAMP, text)


def test_given_an_envelope_without_a_part_when_read_then_it_is_named() -> None:
    with pytest.raises(NotValid, match="no MessageTimestamp"):
        header("t:MessageTimestamp>", "t:Message>", "t:MessageTimestamp>", "t:Message>")


def test_given_identifiers_in_upper_case_and_white_space_when_read_then_they_are_the_same() -> None:
    changed = header("825970f3-22cb", " 825970F3-22CB", ">8.1.1.5.<", "> 8.1.1.5. <")
    assert (changed.message_id, changed.number) == (header().message_id, header().number)


@given(moment=MOMENTS)
def test_given_any_moment_when_written_and_read_then_it_is_the_same_to_the_millisecond(moment: datetime) -> None:
    for shown in (moment, moment.astimezone(WARSAW)):
        read = parse_moment(format_moment(shown))
        assert timedelta(0) <= moment - read < timedelta(milliseconds=1)


def test_given_a_naive_moment_when_written_then_it_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        format_moment(datetime(2026, 11, 23))  # noqa: DTZ001 - the naive one is the point


@given(moment=MOMENTS, answers=st.booleans())
def test_given_any_header_when_written_and_read_then_nothing_changes(moment: datetime, answers: bool) -> None:
    wanted = replace(header(), timestamp=moment.replace(microsecond=moment.microsecond // 1000 * 1000))
    if answers:
        wanted = replace(wanted, answers=wanted.message_id.derive("x"))
    root = etree.Element("{urn:x}Message", nsmap={"t": TECHNICAL})
    build_envelope(root, envelope_texts(wanted), namespace="urn:x")
    assert read_header(parse(etree.tostring(root))) == wanted
