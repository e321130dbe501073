"""A filled template is the document that its elements would have made."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from csire_bridge.xml.template import Template

NAMES = ("one", "two", "ref")
XML_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]) | st.sampled_from("\t\n\r&<>\"'@1"))


def written(texts: Mapping[str, str]) -> bytes:
    root = etree.Element("{urn:x}a", nsmap={"x": "urn:x"}, ref=texts["ref"])
    for name in ("two", "one"):
        etree.SubElement(root, name).text = texts[name]
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


TEMPLATE = Template.written(NAMES, written)


@given(one=XML_TEXT, two=XML_TEXT, ref=XML_TEXT.map(lambda text: text.replace("\n", "").replace("\t", "")))
def test_given_any_texts_then_a_reader_finds_what_it_finds_in_the_document_of_elements(
    one: str, two: str, ref: str
) -> None:
    texts = {"one": one, "two": two, "ref": ref}
    filled, built = (etree.fromstring(raw) for raw in (TEMPLATE.fill(texts), written(texts)))
    assert etree.tostring(filled, method="c14n") == etree.tostring(built, method="c14n")
    assert [child.text or "" for child in filled] == [two, one]
    assert filled.get("ref") == ref


@pytest.mark.parametrize("text", ["\x00", "a\x1fb", "\ud800", "\ufffe", "\uffff"])
def test_given_what_xml_cant_hold_then_nothing_is_written(text: str) -> None:
    with pytest.raises(ValueError, match="characters that XML can't hold"):
        TEMPLATE.fill({"one": "&", "two": text, "ref": ""})


def test_given_a_text_that_looks_like_a_gap_then_it_stays_a_text() -> None:
    root = etree.fromstring(TEMPLATE.fill({"one": "@0@", "two": "@1@", "ref": "@2@"}))
    assert [*(child.text for child in root), root.get("ref")] == ["@1@", "@0@", "@2@"]


@pytest.mark.parametrize("gaps", [("one", "two", "ref", "three"), ("one", "two")])
def test_given_a_gap_without_a_place_of_its_own_then_there_is_no_template(gaps: tuple[str, ...]) -> None:
    def write(texts: Mapping[str, str]) -> bytes:
        return written({"ref": texts["one"], **texts})

    with pytest.raises(ValueError, match=f"no single place for each of {', '.join(gaps)}"):
        Template.written(gaps, write)
