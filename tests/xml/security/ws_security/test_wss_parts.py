"""The exact shape of a WS-Security header: whatever else there is, even of the partner's own making, is refused."""

from __future__ import annotations

import base64

import pytest
from lxml import etree

from csire_bridge.domain.errors import NotTrusted, ProblemCode
from csire_bridge.xml.parser import parse
from csire_bridge.xml.security.ws_security.wss import verify_envelope
from tests.attacks.mutations_signing import resigned
from tests.attacks.mutations_wrapping import DS, WSU, WSU_ID
from tests.xml.security.ws_security.test_wss import NOW, SOAP, World, refused, signed, world

__all__ = ["world"]  # the fixture

SHAPES: tuple[tuple[bytes, bytes, ProblemCode], ...] = (
    (b"</s:Envelope>", b"<x/></s:Envelope>", ProblemCode.WRAPPED),
    (b"<s:Header>", b"<x/><s:Header>", ProblemCode.WRAPPED),
    (b"</wsse:Security>", b"<x/></wsse:Security>", ProblemCode.WRAPPED),
    (b"<d:Code>", b"<d:Code><s:Body/>", ProblemCode.WRAPPED),
    (b"<d:Code>", b'<d:Code><x:Header xmlns:x="%b"/>' % SOAP[0].encode(), ProblemCode.WRAPPED),
    (b"<d:Code>", b'<d:Code><x:Timestamp xmlns:x="%b"/>' % WSU.encode(), ProblemCode.WRAPPED),
    (b"<d:Code>", b"<d:Code>" + b'<x:Signature xmlns:x="%b"/>' % DS.encode() * 17, ProblemCode.WRAPPED),
    (b"</ds:SignedInfo>", b"<ds:Object/></ds:SignedInfo>", ProblemCode.WRAPPED),
    (b"<ds:SignatureMethod", b"<ds:Method", ProblemCode.WRAPPED),
    (b"</ds:Signature>", b"<ds:Object/></ds:Signature>", ProblemCode.WRAPPED),
    (b"<ds:Reference ", b'<ds:Reference Type="urn:x" ', ProblemCode.ALGORITHM),
    (b'xmlenc#sha256"/>', b'xmlenc#sha256"><x/></ds:DigestMethod>', ProblemCode.ALGORITHM),
    (b"xmlenc#sha256", b"xmlenc#sha512", ProblemCode.ALGORITHM),
    (b'c14n#"/></ds:Transforms>', b'c14n#"><x/></ds:Transform></ds:Transforms>', ProblemCode.ALGORITHM),
    (b'-sha256"/>', b'-sha256"><x/></ds:SignatureMethod>', ProblemCode.ALGORITHM),
    (b'-sha256"/>', b'-sha512"/>', ProblemCode.ALGORITHM),
    (b"Z</wsu:Created>", b"Z<x/></wsu:Created>", ProblemCode.TIMESTAMP),
    (b"#X509v3", b"#X509PKIPathv1", ProblemCode.PROFILE),
)


@pytest.mark.parametrize(("old", "new", "code"), SHAPES)
def test_given_any_other_shape_when_the_partner_himself_signs_it_then_the_code_names_the_rule(
    world: World, old: bytes, new: bytes, code: ProblemCode
) -> None:
    raw = signed(world)
    assert old in raw
    refused(world, resigned(raw.replace(old, new, 1), world.pki.hub.signing), code)


@pytest.mark.parametrize("name", [b"DigestValue", b"SignatureValue"])
def test_given_an_element_inside_a_value_when_verified_then_it_is_refused(world: World, name: bytes) -> None:
    refused(world, signed(world).replace(b"<ds:%b>" % name, b"<ds:%b><x/>" % name, 1), ProblemCode.PROFILE)


def test_given_an_ecdsa_value_of_another_length_when_verified_then_it_is_refused(world: World) -> None:
    raw = signed(world)
    text = raw.partition(b"<ds:SignatureValue>")[2].partition(b"</")[0]
    value = base64.b64decode(text)
    for other in (value[:32] + b"\0" + value[32:], value[:-1], b"", value * 2):
        refused(world, raw.replace(text, base64.b64encode(other)), ProblemCode.BAD_SIGNATURE)


@pytest.mark.parametrize("name", ["wsu:Id", "Id", "ID", "id", "xml:id", "s:Id"])
@pytest.mark.parametrize("place", [b"<s:Header>", b"<d:Code>"])
@pytest.mark.parametrize("part", ["{*}Body", "{*}Timestamp", "{*}BinarySecurityToken"])
def test_given_one_of_the_ids_elsewhere_when_the_partner_himself_signs_it_then_it_is_refused(
    world: World, name: str, place: bytes, part: str
) -> None:
    raw = signed(world)
    value = next(e.get(WSU_ID, "") for e in parse(raw).iter(part))
    twin = f'<x xmlns:wsu="{WSU}" {name}="{value}"/>'.encode()
    edited = raw.replace(place, place + twin, 1)
    refused(world, edited, ProblemCode.WRAPPED)
    refused(world, resigned(edited, world.pki.hub.signing), ProblemCode.WRAPPED)


def test_given_two_references_to_one_part_when_the_partner_himself_signs_it_then_it_is_refused(world: World) -> None:
    raw = signed(world)
    ids = [text.partition(b'"')[0] for text in raw.split(b'URI="#')[1:4]]
    edited = raw.replace(b'URI="#' + ids[1], b'URI="#' + ids[0])
    refused(world, resigned(edited, world.pki.hub.signing), ProblemCode.WRAPPED)


def test_given_an_envelope_inside_another_document_when_verified_then_it_is_refused(world: World) -> None:
    root = etree.fromstring(b"<x>" + etree.tostring(parse(signed(world))) + b"</x>")
    with pytest.raises(NotTrusted) as caught:
        verify_envelope(root[0], world.book, NOW)
    assert caught.value.code is ProblemCode.WRAPPED


def test_given_a_document_type_when_read_by_another_parser_then_it_is_refused(world: World) -> None:
    raw = signed(world).replace(b"?>", b"?><!DOCTYPE x>", 1)
    with pytest.raises(NotTrusted) as caught:
        verify_envelope(etree.fromstring(raw), world.book, NOW)
    assert caught.value.code is ProblemCode.PROFILE
