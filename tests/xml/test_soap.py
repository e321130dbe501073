"""Both versions of SOAP: which one is spoken, headers that must be understood, and faults as the specifications say."""

from __future__ import annotations

import pytest
from lxml import etree

from csire_bridge.domain.errors import NotValid, ProblemCode
from csire_bridge.xml.parser import parse
from csire_bridge.xml.soap import (
    Blame,
    Fault,
    Soap,
    check_headers,
    fault_body,
    in_version,
    serialised,
    spoken,
    version_of,
)

NEXT = {Soap.V11: "http://schemas.xmlsoap.org/soap/actor/next", Soap.V12: f"{Soap.V12.value}/role/next"}
BOTH = pytest.mark.parametrize("version", Soap)


def envelope(version: Soap, header: str = "", body: str = "<a/>") -> bytes:
    return (
        f'<?xml version="1.0"?><!-- <x> --><s:Envelope xmlns:s="{version.value}">'
        f"<s:Header>{header}</s:Header><s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


@BOTH
def test_given_an_envelope_then_its_version_is_told_by_its_tree_and_by_its_first_bytes(version: Soap) -> None:
    raw = envelope(version)
    assert version_of(parse(raw)) is version
    assert spoken(raw) is version
    assert spoken(raw[:-20]) is version


def test_given_another_document_then_it_has_no_version() -> None:
    assert version_of(parse(b"<a/>")) is None
    assert [spoken(raw) for raw in (b"", b"<a/>", b"\x00\xff", b"<Envelopes/>", b"Envelope")] == [None] * 5


def test_given_an_envelope_of_another_version_then_the_refusal_names_its_namespace() -> None:
    with pytest.raises(NotValid) as caught:
        version_of(parse(b'<Envelope xmlns="http://www.w3.org/2001/12/soap-envelope"/>'))
    assert caught.value.code is ProblemCode.SOAP_VERSION
    assert "http://www.w3.org/2001/12/soap-envelope" in caught.value.text


@BOTH
@pytest.mark.parametrize("word", ["1", "true"])
def test_given_a_header_that_must_be_understood_then_it_is_refused_unless_it_is_known_or_meant_for_others(
    version: Soap, word: str
) -> None:
    actor = "actor" if version is Soap.V11 else "role"
    must = f'xmlns:h="urn:h" s:mustUnderstand="{word}"'

    def check(header: str, known: frozenset[str] = frozenset()) -> None:
        check_headers(parse(envelope(version, header)), version, known)

    for ours in ("", f's:{actor}="{NEXT[version]}"', f's:{actor}=""'):
        with pytest.raises(NotValid) as caught:
            check(f"<h:x {must} {ours}/>")
        assert caught.value.code is ProblemCode.NOT_UNDERSTOOD
        assert "{urn:h}x" in caught.value.text
    check(f"<h:x {must}/>", frozenset({"{urn:h}x"}))
    check(f'<h:x {must} s:{actor}="urn:somebody-else"/>')
    check(f"<y><h:x {must}/></y>")
    check(f'<h:x xmlns:h="urn:h" s:mustUnderstand="{"0" if word == "1" else "false"}"/>')


def qualified(element: etree._Element, text: str) -> str:
    """A qualified name in a text, with the namespace that its prefix has there."""
    prefix, _, local = text.partition(":")
    return f"{{{element.nsmap[prefix]}}}{local}"


@pytest.mark.parametrize(
    ("blame", "in_12"),
    [
        (Blame.CLIENT, "Sender"),
        (Blame.SERVER, "Receiver"),
        (Blame.MUST_UNDERSTAND, "MustUnderstand"),
        (Blame.VERSION, "VersionMismatch"),
    ],
)
def test_given_a_fault_then_its_codes_are_qualified_names_of_its_version(blame: Blame, in_12: str) -> None:
    told = Fault(blame, "what is wrong\x00", etree.Element("{urn:d}Detail"))
    (old,) = parse(serialised(fault_body(Soap.V11, told)))[0]
    assert [child.tag for child in old] == ["faultcode", "faultstring", "detail"]
    assert qualified(old[0], old[0].text or "") == Soap.V11.tag(blame)
    assert old[1].text == "what is wrong?"
    (new,) = parse(serialised(fault_body(Soap.V12, told)))[0]
    assert [etree.QName(child).localname for child in new] == ["Code", "Reason", "Detail"]
    assert qualified(new[0][0], new[0][0].text or "") == Soap.V12.tag(in_12)
    assert new[1][0].get("{http://www.w3.org/XML/1998/namespace}lang") == "en"


def test_given_a_more_exact_code_then_it_is_the_code_in_11_and_the_subcode_in_12() -> None:
    told = Fault(Blame.CLIENT, "x", code="{urn:wss}FailedCheck")
    (old,) = parse(serialised(fault_body(Soap.V11, told)))[0]
    assert qualified(old[0], old[0].text or "") == "{urn:wss}FailedCheck"
    (new,) = parse(serialised(fault_body(Soap.V12, told)))[0]
    assert qualified(new[0][0], new[0][0].text or "") == Soap.V12.tag("Sender")
    assert qualified(new[0][1][0], new[0][1][0].text or "") == "{urn:wss}FailedCheck"


def test_given_an_answer_in_11_then_it_can_be_told_in_12_with_the_same_content() -> None:
    good = envelope(Soap.V11, body='<d:Answer xmlns:d="urn:d"><d:Number>A-1</d:Number></d:Answer>')
    assert in_version(good, Soap.V11) == good
    root = parse(in_version(good, Soap.V12))
    assert version_of(root) is Soap.V12
    assert root[-1][0].findtext("{urn:d}Number") == "A-1"
    bad = serialised(fault_body(Soap.V11, Fault(Blame.SERVER, "later", etree.Element("{urn:d}Detail"))))
    (fault,) = parse(in_version(bad, Soap.V12))[-1]
    assert (fault.findtext("{*}Code/{*}Value"), fault.findtext("{*}Reason/{*}Text")) == ("soap:Receiver", "later")
    assert fault.find("{*}Detail/{urn:d}Detail") is not None
