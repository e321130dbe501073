"""Whatever is pasted is known by its shape and its check digits, however sheets and mails have dressed it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csire_bridge.domain.identifiers import Eic, MeteringPointCode
from csire_bridge.domain.pasted_key import KeyKind, bare, recognise
from tests.support.store import CODE, HUB

UUID = "40f29226-57d2-43d4-8ed1-b2b2a1e308b9"
_DIGITS = st.text("0123456789", min_size=17, max_size=17)
POINT_ONLY = {KeyKind.POINT: str(CODE)}


@pytest.mark.parametrize(
    "text",
    [
        "590243856287817706",
        " 590243856287817706\n",
        "5902 4385 6287 8177 06",
        "590243-856287-817706",
        "590243–856287–817706",
        "\u200b590243856287\u00ad817706\ufeff",
        "590243856287\u00a0817706",
        '"590243856287817706",',
        "'590243856287817706'",
        "PPE: 590243856287817706",
        "ppe 590243856287817706;",
        "５９０２４３８５６２８７８１７７０６",
    ],
)
def test_a_point_is_known_however_it_is_dressed(text: str) -> None:
    found = recognise(text)
    assert {one.kind: one.text for one in found.meanings} == POINT_ONLY
    assert found.wrong is None


def test_a_wrong_check_digit_is_told_with_the_code_that_would_be_right() -> None:
    found = recognise("590243856287817707")
    assert found.of(KeyKind.POINT) is None
    assert found.wrong == "18 digits, wrong check digit: it ends with 7, right would be 6: 590243856287817706"


@pytest.mark.parametrize(
    ("text", "words"), [("59024385628781770", "one is missing"), ("5902438562878177066", "too many")]
)
def test_a_digit_less_or_more_than_a_point_has_is_told(text: str, words: str) -> None:
    found = recognise(text)
    assert found.wrong is not None
    assert words in found.wrong
    assert found.of(KeyKind.SID_NUMBER) == text


@pytest.mark.parametrize(
    "text", [UUID, UUID.upper(), f"{{{UUID}}}", f"urn:uuid:{UUID}", UUID.replace("-", ""), UUID.replace("-", "—")]
)
def test_an_id_is_known_in_every_spelling(text: str) -> None:
    assert [(one.kind, one.text) for one in recognise(text).meanings] == [(KeyKind.ID, UUID)]


def test_a_supplier_is_known_by_its_check_character() -> None:
    assert recognise(str(HUB).lower()).of(KeyKind.SUPPLIER) == HUB
    wrong = recognise("10XPL-TSO------Q")
    assert wrong.of(KeyKind.SUPPLIER) is None
    assert wrong.wrong == "16 characters of an EIC code, wrong check character: right would be P: 10XPL-TSO------P"


@pytest.mark.parametrize(
    ("text", "meanings"),
    [
        ("17", {KeyKind.ORDER: "17", KeyKind.METER: "17", KeyKind.SID_NUMBER: "17"}),
        ("#17", {KeyKind.ORDER: "17", KeyKind.METER: "17", KeyKind.SID_NUMBER: "17"}),
        ("order 17", {KeyKind.ORDER: "17", KeyKind.METER: "17", KeyKind.SID_NUMBER: "17"}),
        ("zlecenie nr 17", {KeyKind.ORDER: "17", KeyKind.METER: "17", KeyKind.SID_NUMBER: "17"}),
        ("ID-17", {KeyKind.METER: "ID-17", KeyKind.SID_NUMBER: "ID-17"}),
        ("0", {KeyKind.METER: "0", KeyKind.SID_NUMBER: "0"}),
        ("ABC-12345", {KeyKind.METER: "ABC-12345", KeyKind.SID_NUMBER: "ABC-12345"}),
        ("SID/2026/11/0000000000017", {KeyKind.SID_NUMBER: "SID/2026/11/0000000000017"}),
    ],
)
def test_other_keys_may_be_several_things(text: str, meanings: dict[KeyKind, str]) -> None:
    assert {one.kind: one.text for one in recognise(text).meanings} == meanings


@pytest.mark.parametrize("text", ["", "   ", "\u200b", '""', "#"])
def test_nothing_is_nothing(text: str) -> None:
    assert recognise(text).meanings == ()
    assert recognise(text).wrong == "nothing to look for"


def test_what_is_longer_than_any_key_is_told() -> None:
    found = recognise("x" * 300)
    assert found.meanings == ()
    assert found.wrong is not None
    assert "too long" in found.wrong


@given(_DIGITS)
def test_of_ten_last_digits_one_is_right(first: str) -> None:
    right = [digit for digit in "0123456789" if recognise(first + digit).of(KeyKind.POINT)]
    assert right == [MeteringPointCode.check_digit(first)]


@given(st.text(max_size=60))
def test_any_text_is_recognised_or_told_and_never_fails(text: str) -> None:
    found = recognise(text)
    assert found.meanings or found.wrong
    assert bare(bare(text)) == bare(text)
    for one in found.meanings:
        assert one.text.strip()
        if one.kind is KeyKind.SUPPLIER:
            assert Eic.parse(one.text) == one.text
