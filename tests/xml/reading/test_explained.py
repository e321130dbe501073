"""A document is explained whoever wrote it: in slices, quickly, and never trusted."""

from __future__ import annotations

import pytest

from csire_bridge.config.resources import folder
from csire_bridge.domain.errors import ActionRefused
from csire_bridge.xml.reading.differences import compared
from csire_bridge.xml.reading.explained import LONGEST_VALUE, explained, text_slice
from csire_bridge.xml.reading.names import Words
from tests.support.api import our_names

SAMPLE = (folder("samples") / "good" / "8.1.1.5-minimal.xml").read_bytes()


def test_every_element_has_its_place_its_name_and_the_words_of_its_code() -> None:
    found = explained(SAMPLE, our_names())
    assert found.problem is None
    assert found.total == len(found.elements)
    assert found.root.pl == "Żądanie realizacji wyłączenia"
    kind = next(one for one in found.elements if one.name == "DisconnectionRequestType")
    assert kind.path == "/DisconnectionRequest/Payload/DisconnectionRequestData/DisconnectionRequestType"
    assert kind.words.pl == "Rodzaj wyłączenia"
    assert kind.means.pl
    assert kind.depth == 3


def test_slices_have_every_element_once() -> None:
    whole, seen, after = explained(SAMPLE, our_names()), [], 0
    while True:
        found = explained(SAMPLE, our_names(), after=after, limit=7)
        seen += [one.number for one in found.elements]
        assert found.total == whole.total
        if found.next is None:
            break
        after = found.next
    assert seen == list(range(1, whole.total + 1))


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "no content"),
        (b"<a><b></a>", "not well-formed"),
        (b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', "DOCTYPE"),
        (b"<a>" * 100 + b"</a>" * 100, "nested deeper"),
        (b"<a>" + b"<b/>" * 30_000 + b"</a>", "too many"),
        ("<a>ż</a>".encode("utf-16"), "not XML in UTF-8"),
    ],
)
def test_what_our_parser_refuses_is_not_explained_and_says_why(raw: bytes, why: str) -> None:
    found = explained(raw, our_names())
    assert found.elements == ()
    assert found.problem is not None
    assert why in found.problem


def test_a_message_of_ten_megabytes_is_explained_with_its_long_value_cut() -> None:
    raw = b"<a>" + b"<b>z</b>" * 10_000 + b"<c>" + b"y" * 10_000_000 + b"</c></a>"
    found = explained(raw, our_names(), after=10_000, limit=5)
    (long,) = [one for one in found.elements if one.name == "c"]
    assert long.value == "y" * LONGEST_VALUE
    assert long.length == 10_000_000


def test_text_comes_in_slices_that_make_the_whole_and_cut_no_character() -> None:
    raw = "zażółć gęślą jaźń ".encode() * 50
    text, start = "", 0
    while True:
        piece = text_slice(raw, start, 7)
        assert piece.exact
        text += piece.text
        if piece.next is None:
            break
        start = piece.next
    assert text.encode() == raw
    assert not text_slice(b"\xff\xfe\x00", 0, 10).exact
    assert text_slice(b"\x80" * 50, 0, 7).next == 7  # bytes that are no characters move on, too


def test_a_comparison_tells_what_changed_and_leaves_signatures_to_the_end() -> None:
    other = SAMPLE.replace(b"CK0345", b"CK0346")
    assert other != SAMPLE
    (found,) = compared(SAMPLE, other, our_names()).differences
    assert (found.before, found.after) == ("CK0345", "CK0346")
    assert found.before_means.pl != found.after_means.pl
    assert found.words == Words("Rodzaj wyłączenia", "Kind of disconnection")
    assert compared(SAMPLE, SAMPLE, our_names()).differences == ()


def test_long_values_that_differ_behind_what_is_shown_are_found_to_differ() -> None:
    one, other = (b"<a>" + b"y" * 900 + end + b"</a>" for end in (b"1", b"2"))
    assert len(compared(one, other, our_names()).differences) == 1


def test_what_is_no_xml_is_not_compared() -> None:
    with pytest.raises(ActionRefused, match="not well-formed"):
        compared(SAMPLE, b"<a", our_names())
