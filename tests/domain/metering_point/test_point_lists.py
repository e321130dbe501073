"""Lists of points as spreadsheets write them: what is read, and everything that is wrong by its line."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csire_bridge.domain.identifiers import Eic
from csire_bridge.domain.metering_point.point_lists import PointList, read_points

TODAY = date(2026, 11, 23)
POINT, OTHER = "590243856287817706", "590243856287817713"


def read(text: str) -> PointList:
    return read_points(text.encode(), TODAY)


def test_given_a_list_as_a_polish_spreadsheet_writes_it_then_everything_is_read() -> None:
    eic = "19XENERGAOPERATS"
    found = read(
        "\ufeffCode;meter;meter_kind;supplier;contracted_power;prepaid;danger_registered;effective_date\r\n"
        f'="{POINT}";00123;CK0201;{eic};1 040,5;NIE;PRAWDA;2027-01-01\r\n'
        f"{OTHER};;;;;tak;;\r\n;;;;;;;\r\n"
    )
    assert found.bad == []
    first, second = (entry.update for entry in found.entries)
    assert (first.metering_point, first.meter_number, first.meter_kind) == (POINT, "00123", "CK0201")
    assert (first.has_contactor, first.prepaid, first.danger_registered) == (True, False, True)
    assert (first.contracted_power, first.supplier) == (Decimal("1040.5"), Eic(eic))
    assert (first.effective_date, second.effective_date) == (date(2027, 1, 1), TODAY)
    assert (second.meter_number, second.prepaid, second.danger_registered) == (None, True, None)


def test_given_stations_and_groups_then_they_are_read_and_too_long_a_name_is_refused() -> None:
    found = read(f"code;station;station_group\n{POINT};GPZ-7 / ST 12;A\n{OTHER};{'x' * 41};\n")
    (entry,) = found.entries
    assert (entry.update.station, entry.update.station_group) == ("GPZ-7 / ST 12", "A")
    (bad,) = found.bad
    assert str(bad) == f"line 3: station: '{'x' * 41}' has more than the 40 characters of a station or its group"


def test_given_commas_then_they_separate_too() -> None:
    assert read(f"code,meter\n{POINT},1\n").entries[0].update.meter_number == "1"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("590243856287817700;;;", "its check digit is 6"),
        ("5,90244E+17;;;", "format the column as text"),
        (";7;;", "the code of the metering point is missing"),
        (f"{POINT};;maybe;", "neither tak nor nie"),
        (f"{POINT};;;-1", "is not from 0"),
        (f"{POINT};;;1,23456", "4 decimals"),
        (f"{POINT};;;NaN", "is not from 0"),
        (f"{POINT};;;x", "no number of kW"),
        (f"{POINT};123456789012345678901;;", "1 to 20 characters"),
        (f"{POINT};;", "it has 3 fields"),
    ],
)
def test_given_a_bad_line_then_it_is_named_with_its_number_and_the_others_are_good(line: str, told: str) -> None:
    found = read(f"code;meter;prepaid;contracted_power\n{OTHER};1;;\n{line}\n")
    assert [entry.line for entry in found.entries] == [2]
    assert [bad.line for bad in found.bad] == [3]
    assert told in found.bad[0].text


def test_given_several_wrong_fields_then_all_are_told() -> None:
    found = read(f"code;prepaid;danger_registered\n{POINT};x;q\n590;1;1\n")
    assert [str(bad).partition(":")[0] for bad in found.bad] == ["line 2", "line 2", "line 3"], found.bad


def test_given_a_point_or_a_meter_twice_then_the_second_is_refused_with_the_line_of_the_first() -> None:
    found = read(f"code;meter\n{POINT};1\n{POINT};2\n{OTHER};1\n")
    assert [bad.text for bad in found.bad] == [
        f"the point {POINT} stands in line 2 already",
        "the meter 1 stands in line 2 already",
    ]


def test_given_a_kind_of_meter_that_contradicts_the_contactor_then_it_is_refused() -> None:
    assert "have none" in read(f"code;meter_kind;has_contactor\n{POINT};CK0203;tak\n").bad[0].text


@pytest.mark.parametrize("header", ["meter;prepaid", "code;colour", "code;code", ""])
def test_given_a_header_that_is_not_known_then_that_alone_is_told(header: str) -> None:
    found = read(f"{header}\n{POINT};1\n")
    assert [bad.line for bad in found.bad] == [1]
    assert "known are code, meter" in found.bad[0].text


def test_given_another_encoding_then_its_line_is_told() -> None:
    (bad,) = read_points(f"code;danger_registered\n{POINT};FAŁSZ\n".encode("cp1250"), TODAY).bad
    assert (bad.line, "save the list as CSV UTF-8" in bad.text) == (2, True)


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_given_any_bytes_then_they_are_read_or_told_about(raw: bytes) -> None:
    read_points(b"code;meter\n" + raw, TODAY)
    read_points(raw, TODAY)
