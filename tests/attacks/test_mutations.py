"""No mutation of a signed message is accepted with other content, none raises a foreign error, none takes long."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from csire_bridge.config.resources import folder
from csire_bridge.domain.errors import NotTrusted, PartnerFault, Unreadable
from csire_bridge.domain.identifiers import Eic
from csire_bridge.lab.simulators.pki import Algorithm, make_demo_pki
from csire_bridge.xml.parser import parse
from csire_bridge.xml.security.certificates.keys import CertificateBook
from csire_bridge.xml.security.signature import sign_enveloped, verify_enveloped
from csire_bridge.xml.security.ws_security.wss import sign_envelope, verify_envelope
from tests.attacks.mutations import HARMLESS, Keys, Profile, mutations, only_names
from tests.attacks.shapes import ENVELOPED_SHAPES, WSS_SHAPES, in_shape
from tests.support.chance import examples

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
RAW = (folder("samples") / "good" / "8.1.1.5-debt.xml").read_bytes()
MOST = 10.0
Accepted = tuple[etree._Element, Eic]


@dataclass(frozen=True)
class World:
    """One profile with one kind of key: a good message, and who verifies it."""

    profile: Profile
    keys: Keys
    sender: Eic
    other: Eic
    message: bytes
    verify: Callable[[bytes], Accepted]
    own_shape: bool = True

    def judge(self, raw: bytes) -> Accepted | PartnerFault:
        """The signed content and its signer, or our own refusal; any other error escapes."""
        try:
            return self.verify(raw)
        except (NotTrusted, Unreadable) as fault:
            return fault


def soap(document: etree._Element) -> etree._Element:
    envelope = etree.fromstring(
        b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Header/><s:Body><m:SendMessageRequest '
        b'xmlns:m="urn:cms:b2b:v01"><m:MessageContainer><m:Payload/></m:MessageContainer></m:SendMessageRequest>'
        b"</s:Body></s:Envelope>"
    )
    envelope[1][0][0][0].append(document)
    return envelope


def verifier(profile: Profile, book: CertificateBook) -> Callable[[bytes], Accepted]:
    def enveloped(raw: bytes) -> Accepted:
        verified = verify_enveloped(parse(raw), book, NOW)
        return verified.tree, verified.signer.party

    def wss(raw: bytes) -> Accepted:
        verified = verify_envelope(parse(raw), book, NOW)
        return verified.body, verified.signer.party

    return enveloped if profile == "enveloped" else wss


@pytest.fixture(scope="module", params=["enveloped-ecdsa", "enveloped-rsa", "wss-ecdsa", "wss-rsa"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> World:
    profile, algorithm = str(request.param).split("-")
    return make_world(
        "wss" if profile == "wss" else "enveloped", "rsa" if algorithm == "rsa" else "ecdsa", tmp_path_factory
    )


def make_world(profile: Profile, algorithm: Algorithm, factory: pytest.TempPathFactory) -> World:
    pki = make_demo_pki(factory.mktemp("pki"), NOW, algorithm=algorithm)
    document, key = parse(RAW), pki.hub.signing
    message = sign_enveloped(document, key) if profile == "enveloped" else sign_envelope(soap(document), key, NOW)
    keys = Keys(key, pki.stranger.signing, pki.supplier.signing)
    return World(profile, keys, pki.hub.eic, pki.supplier.eic, message, verifier(profile, pki.book()))


def content(root: etree._Element) -> bytes:
    return etree.tostring(root, method="c14n2")


def accepted(world: World, raw: bytes) -> Accepted:
    verdict = world.judge(raw)
    assert not isinstance(verdict, PartnerFault), verdict
    return verdict


def cost(world: World, raw: bytes, enough: float = 0.0) -> float:
    """Seconds of CPU for a verdict: the best of several tries, no more of them once it is below ``enough``."""
    best = float("inf")
    for _ in range(12):
        start = process_time()
        world.judge(raw)
        best = min(best, process_time() - start)
        if best < enough:
            break
    return best


def may_be_accepted(world: World, name: str, says_the_same: bool, signer: Eic) -> bool:
    """Whoever is told to have signed has signed it; and it says what it said, unless he has signed it anew.

    Other shapes name the partner's certificate in other ways than by the certificate, or in several ways at once: there
    the edit of one name may leave the others.
    """
    if signer == world.other:
        return name.endswith("content, signed by other partner") or (
            not world.own_shape and name.endswith("content, signed by other partner with the partner's certificate")
        )
    if signer != world.sender:
        return False
    if name.partition(" (")[0] in HARMLESS or (not world.own_shape and only_names(name)):
        return says_the_same
    return not world.own_shape and name.endswith("signed by the partner") and "certificate of" in name


def wrongly_accepted(world: World) -> tuple[list[str], int]:
    """The mutations that are accepted and may not be, and the number of all."""
    good = content(accepted(world, world.message)[0])
    wrong, seen = [], set()
    for name, raw in mutations(world.message, world.profile, world.keys):
        assert name not in seen, name
        if raw == world.message and not world.own_shape:
            continue  # what is changed does not stand in a message of that shape
        assert raw != world.message, name
        seen.add(name)
        verdict = world.judge(raw)
        if isinstance(verdict, PartnerFault):
            assert verdict.code.startswith(("trust.", "parser.")), name
            continue
        if not may_be_accepted(world, name, content(verdict[0]) == good, verdict[1]):
            wrong.append(f"{name}: in the name of {verdict[1]}")
    return wrong, len(seen)


def test_given_any_mutation_when_verified_then_it_is_refused_or_says_exactly_the_same(world: World) -> None:
    wrong, count = wrongly_accepted(world)
    assert wrong == []
    assert count > 300


@pytest.mark.parametrize(
    ("profile", "shape"),
    [*(("enveloped", shape) for shape in ENVELOPED_SHAPES), *(("wss", shape) for shape in WSS_SHAPES)],
)
def test_given_any_mutation_of_a_message_in_the_shape_of_another_stack_then_it_is_refused_or_says_exactly_the_same(
    profile: Profile, shape: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    made = make_world(profile, "ecdsa", tmp_path_factory)
    others = [made.keys.stranger.certificate, made.keys.other.certificate]
    world = replace(made, message=in_shape(made.message, shape, made.keys.good, others), own_shape=False)
    assert world.message != made.message
    wrong, count = wrongly_accepted(world)
    assert wrong == []
    assert count > 300


def test_given_any_mutation_when_verified_then_it_costs_no_more_than_ten_good_messages(world: World) -> None:
    good = cost(world, world.message)

    def dear(raw: bytes) -> bool:
        """Whether it is beyond what is allowed, also beside a good message measured at the same moment."""
        most = MOST * max(1.0, len(raw) / len(world.message))
        return cost(world, raw, most * good) >= most * good and all(
            cost(world, raw) >= most * cost(world, world.message) for _ in range(3)
        )

    assert [name for name, raw in mutations(world.message, world.profile, world.keys) if dear(raw)] == []


@settings(max_examples=examples(200), deadline=None)
@given(data=st.data())
def test_given_any_byte_changed_when_verified_then_it_is_refused_or_says_exactly_the_same(
    world: World, data: st.DataObject
) -> None:
    raw = bytearray(world.message)
    place = data.draw(st.integers(0, len(raw) - 1), label="place")
    match data.draw(st.sampled_from(["replace", "flip", "insert", "delete", "cut", "copy"]), label="how"):
        case "replace":
            raw[place] = data.draw(st.integers(0, 255) | st.sampled_from(b"<>&\"'/= \nA0"), label="byte")
        case "flip":
            raw[place] ^= 1 << data.draw(st.integers(0, 7), label="bit")
        case "insert":
            raw[place:place] = data.draw(st.binary(min_size=1, max_size=3), label="bytes")
        case "delete":
            del raw[place : place + data.draw(st.integers(1, 20), label="count")]
        case "copy":
            start = data.draw(st.integers(0, len(raw) - 1), label="from")
            raw[place:place] = raw[start : start + data.draw(st.integers(1, 400), label="count")]
        case _:
            del raw[place:]
    verdict = world.judge(bytes(raw))
    if not isinstance(verdict, PartnerFault):
        assert content(verdict[0]) == content(accepted(world, world.message)[0])
        assert verdict[1] == world.sender


def test_given_each_single_byte_flipped_when_verified_then_it_is_refused_or_says_exactly_the_same(world: World) -> None:
    good = content(accepted(world, world.message)[0])
    for place in range(len(world.message)):
        raw = bytearray(world.message)
        raw[place] ^= 1
        verdict = world.judge(bytes(raw))
        assert isinstance(verdict, PartnerFault) or content(verdict[0]) == good, place
