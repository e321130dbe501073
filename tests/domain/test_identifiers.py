"""Identifiers: a value of such a type has passed its check, and nothing else ever becomes one."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csire_bridge.domain.identifiers import (
    CorrelationId,
    Eic,
    MessageId,
    MessageNumber,
    MeteringPointCode,
    MeterNumber,
    ProcessInstanceId,
)

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-"
GOOD_EICS = ("19XENERGAOPERATS", "19XPGEDYSTRYBUCR", "19XSTOENOP-----B", "19XPL-RZE-SA---V", "10XPL-TSO------P")
GOOD_POINTS = ("590243856287817706", "590015710563817868")
OTHER_DIGITS = {
    "Arabic-Indic": "٠١٢٣٤٥٦٧٨٩",
    "Devanagari": "०१२३४५६७८९",
    "full width": "０１２３４５６７８９",
    "mathematical bold": "𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗",
}

bodies_of_eics = st.tuples(
    st.text("0123456789", min_size=2, max_size=2), st.text(ALPHABET, min_size=13, max_size=13)
).map("".join)
eics = bodies_of_eics.map(lambda body: body + Eic.check_character(body))
points = st.text("0123456789", min_size=17, max_size=17).map(lambda body: body + MeteringPointCode.check_digit(body))


# --- EIC


@pytest.mark.parametrize("code", GOOD_EICS)
def test_given_a_real_eic_when_parsed_then_it_stays_as_it_is(code: str) -> None:
    assert Eic.parse(code) == code
    assert isinstance(Eic.parse(code), Eic)


@given(code=eics)
def test_given_any_body_with_its_check_character_when_parsed_then_it_is_an_eic(code: str) -> None:
    assert Eic.parse(code) == code


@given(code=eics, place=st.integers(0, 15), wrong=st.sampled_from(ALPHABET))
def test_given_an_eic_when_any_single_character_is_wrong_then_it_is_refused(code: str, place: int, wrong: str) -> None:
    altered = code[:place] + wrong + code[place + 1 :]
    if altered == code:
        assert Eic.parse(altered) == code
        return
    with pytest.raises(ValueError, match="EIC code"):
        Eic.parse(altered)


@given(code=eics, place=st.integers(0, 14))
def test_given_an_eic_when_two_neighbours_change_places_then_it_is_refused(code: str, place: int) -> None:
    swapped = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
    if swapped != code and place < 14:
        with pytest.raises(ValueError, match="EIC code"):
            Eic.parse(swapped)


def test_given_a_wrong_check_character_when_refused_then_the_right_one_is_named() -> None:
    with pytest.raises(ValueError, match="check character is 'S'"):
        Eic.parse("19XENERGAOPERATX")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "19XENERGAOPERAT",
        "19XENERGAOPERATSS",
        "19xenergaoperats",
        " 19XENERGAOPERATS",
        "19XENERGAOPERATS\n",
        "X9XENERGAOPERATS",
        "19XENERGAOPERAT\u0405",  # Cyrillic letter that looks like S
        "19XENERG\u0104OPERATS",
        "19XENERGA_PERATS",
        "19XENERGAOPERAT\x00",
    ],
)
def test_given_text_of_another_shape_when_parsed_as_eic_then_it_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not an EIC code"):
        Eic.parse(text)


@pytest.mark.parametrize("digits", OTHER_DIGITS.values(), ids=OTHER_DIGITS)
def test_given_digits_of_other_scripts_when_parsed_then_no_identifier_takes_them(digits: str) -> None:
    table = str.maketrans("0123456789", digits)
    with pytest.raises(ValueError, match="EIC"):
        Eic.parse("19XENERGAOPERATS".translate(table))
    with pytest.raises(ValueError, match="metering point"):
        MeteringPointCode.parse(GOOD_POINTS[0].translate(table))
    with pytest.raises(ValueError, match="message number"):
        MessageNumber.parse("8.1.1.5".translate(table))
    with pytest.raises(ValueError, match="UUID"):
        MessageId.parse("00112233-4455-4677-8899-001122334455".translate(table))


@given(text=st.text(max_size=40))
def test_given_any_text_when_parsed_then_it_is_an_identifier_or_a_value_error(text: str) -> None:
    for kind in (Eic, MeteringPointCode, MessageId, ProcessInstanceId, MessageNumber, MeterNumber):
        try:
            parsed = kind.parse(text)
        except ValueError as error:
            assert str(error)
        else:
            assert kind.parse(parsed) == parsed


# --- metering point


@pytest.mark.parametrize("code", GOOD_POINTS)
def test_given_a_real_point_when_parsed_then_it_stays_as_it_is(code: str) -> None:
    assert MeteringPointCode.parse(code) == code


@given(code=points)
def test_given_any_body_with_its_check_digit_when_parsed_then_it_is_a_point(code: str) -> None:
    assert MeteringPointCode.parse(code) == code


@given(code=points, place=st.integers(0, 17), wrong=st.sampled_from("0123456789"))
def test_given_a_point_when_any_single_digit_is_wrong_then_it_is_refused(code: str, place: int, wrong: str) -> None:
    altered = code[:place] + wrong + code[place + 1 :]
    if altered == code:
        assert MeteringPointCode.parse(altered) == code
        return
    with pytest.raises(ValueError, match="check digit is"):
        MeteringPointCode.parse(altered)


@pytest.mark.parametrize(
    "text",
    ["", "5902", "5902438562878177060", "59024385628781770A", "590243856287817706\n", " 90243856287817706", "-1"],
)
def test_given_text_of_another_shape_when_parsed_as_point_then_it_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="18 digits are due"):
        MeteringPointCode.parse(text)


def test_given_a_point_when_masked_for_a_log_then_four_digits_are_left() -> None:
    assert MeteringPointCode.parse(GOOD_POINTS[0]).masked == "...7706"


# --- UUID


@given(value=st.uuids())
def test_given_a_uuid_in_any_case_when_parsed_then_it_is_the_same_in_lower_case(value: uuid.UUID) -> None:
    assert MessageId.parse(str(value).upper()) == str(value) == ProcessInstanceId.parse(f" {value}\n")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0b2b7d0e7c5e4f0f9a530d6a4a3c1111",
        "{0b2b7d0e-7c5e-4f0f-9a53-0d6a4a3c1111}",
        "urn:uuid:0b2b7d0e-7c5e-4f0f-9a53-0d6a4a3c1111",
        "0b2b7d0e-7c5e-4f0f-9a53-0d6a4a3c111",
        "0b2b7d0e-7c5e-4f0f-9a53-0d6a4a3c111g",
        "0b2b7d0e7-c5e-4f0f-9a53-0d6a4a3c1111",
        "0b2b7d0e-7c5e-4f0f-9a53-0d6a4a3c11_1",
    ],
)
def test_given_another_way_to_write_a_uuid_when_parsed_then_it_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        MessageId.parse(text)


@given(value=st.uuids(), name=st.text(min_size=1, max_size=10))
def test_given_a_message_id_when_an_answer_is_derived_again_then_it_has_the_same_id(
    value: uuid.UUID, name: str
) -> None:
    asked = MessageId(str(value))
    answer = asked.derive(name)
    assert MessageId.parse(answer) == answer == asked.derive(name) != asked
    assert answer != asked.derive(name + "x")


def test_given_two_new_ids_when_compared_then_they_differ() -> None:
    assert MessageId.new() != MessageId.new()


# --- message number, meter number


@pytest.mark.parametrize(
    ("text", "number"),
    [("8.1.1.5.", "8.1.1.5"), ("8.1.1.5", "8.1.1.5"), ("2.2.1.11.", "2.2.1.11"), ("R_1", "R_1"), ("S", "S")],
)
def test_given_a_number_of_the_standard_when_parsed_then_the_final_dot_is_gone(text: str, number: str) -> None:
    assert MessageNumber.parse(text) == number


@pytest.mark.parametrize("text", ["", ".", "8", "8.", "8.1..5", "8.1.1.5..", "8.1.1.5\n", "R_", "r_1", "8.1.1.5.6.7"])
def test_given_anything_else_when_parsed_as_number_then_it_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a message number"):
        MessageNumber.parse(text)


@pytest.mark.parametrize("text", ["", " 123", "123 ", "1" * 21, "12\n"])
def test_given_a_meter_number_of_wrong_length_or_with_space_around_when_parsed_then_it_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a meter number"):
        MeterNumber.parse(text)


def test_given_a_meter_number_when_parsed_then_leading_zeros_stay() -> None:
    assert MeterNumber.parse("00012345") == "00012345"


@given(st.uuids())
def test_given_a_correlation_id_however_it_is_spelled_when_compared_then_it_is_the_same_value(value: uuid.UUID) -> None:
    ours = CorrelationId(str(value))
    for spelled in (
        str(value).upper(),
        f" {value}\n",
        f"urn:uuid:{value}",
        f"URN:UUID:{value}".upper(),
        f"{{{value}}}",
    ):
        assert CorrelationId(spelled) == ours
        assert {CorrelationId(spelled): 1}[ours]
    assert CorrelationId(f"{value}x") != ours


def test_given_a_correlation_id_that_is_no_uuid_when_made_then_only_the_space_around_is_gone() -> None:
    assert CorrelationId(" Order-17 ") == "Order-17"
    assert CorrelationId("ORDER-17") != CorrelationId("order-17")
    assert not CorrelationId(" ")


def test_given_a_meter_number_in_other_words_when_compared_then_space_and_case_do_not_matter() -> None:
    meter = MeterNumber("Demo00000001")
    assert all(meter.is_spelled(text) for text in ("Demo00000001", " DEMO00000001\n", "demo00000001"))
    assert not any(meter.is_spelled(text) for text in ("Demo00000002", "Demo 00000001", ""))
