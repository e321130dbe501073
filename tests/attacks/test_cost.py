"""Nothing within the limits costs more than ten times a good message of its size, in CPU time of the same run."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from time import process_time

import pytest
from lxml import etree

from csire_bridge.domain.errors import PartnerFault
from csire_bridge.domain.message.message import Channel, Form, RawMessage
from csire_bridge.lab.simulators.pki import DemoPki, make_demo_pki
from csire_bridge.pipeline.intake.receipt import Receipts
from csire_bridge.runtime.steady_clock import system_clock
from csire_bridge.service.wiring.bridge import Bridge
from csire_bridge.store.database import make_current
from csire_bridge.xml.security.signature import serialise, sign_enveloped
from tests.attacks.cost_shapes import FILLINGS, SHAPES, Filling
from tests.support.webhook import bare, now, secured, settings_of, tree

MOST = 10.0
SIZES = (10_000, 100_000, 400_000, 1_000_000)
TRIES = 12


@dataclass(frozen=True)
class Judge:
    """A bridge with partners, and what its judgement costs, in seconds of CPU."""

    bridge: Bridge
    pki: DemoPki
    receipts: Receipts

    def judge(self, raw: bytes, form: Form) -> str:
        """Judge and answer a message as the door does, up to the commits; the code of a refusal, or nothing."""
        moment = now()
        verdict = self.bridge.intake.judge(raw, moment)
        if isinstance(verdict, PartnerFault):
            self.bridge.intake._verifier.claims(raw)
            self.receipts.refused(
                RawMessage(1, Channel.WEBHOOK, "x", moment, "0" * 64, raw, form), verdict.problems, moment
            )
            return verdict.code
        return ""

    def cost(self, raw: bytes, form: Form, enough: float = 0.0) -> float:
        """The best of several tries; no more of them once it is below ``enough``."""
        best = float("inf")
        for _ in range(TRIES):
            start = process_time()
            self.judge(raw, form)
            best = min(best, process_time() - start)
            if best < enough:
                break
        return best

    @cached_property
    def good(self) -> dict[int, float]:
        """What good messages of several sizes cost: a signed order with nothing but white space added."""
        costs = {}
        for size in SIZES:
            document = tree()
            document[0].tail = " " * (size - len(serialise(document)))
            raw = sign_enveloped(document, self.pki.hub.signing)
            assert self.judge(raw, Form.BARE) == ""
            costs[size] = self.cost(raw, Form.BARE)
        return costs

    def allowed(self, size: int) -> float:
        """Ten good messages of ``size`` bytes: costs grow evenly between the sizes that were measured."""
        under = max((known for known in SIZES if known <= size), default=SIZES[0])
        over = min((known for known in SIZES if known >= size), default=SIZES[-1])
        share = (size - under) / (over - under) if over > under else 0.0
        return MOST * (self.good[under] + share * (self.good[over] - self.good[under]))

    def dear(self, raw: bytes, form: Form = Form.BARE) -> float:
        """How many times too much it costs; nothing where it does not."""
        allowed = self.allowed(len(raw))
        cost = self.cost(raw, form, allowed)
        return cost / allowed if cost >= allowed else 0.0


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    place = Path(tempfile.mkdtemp(prefix="cost-"))
    pki = make_demo_pki(place, now())
    partners = [
        {"eic": pki.hub.eic, "certificates": [pki.hub.certificate_file]},
        {
            "eic": pki.supplier.eic,
            "certificates": [pki.supplier.certificate_file],
            "profile": "none-i-accept-unsigned-messages",
        },
    ]
    settings = settings_of(place, pki, partners=partners)
    make_current(settings.database)
    bridge = Bridge(settings, system_clock, reply_address="http://127.0.0.1:1/")
    yield Judge(bridge, pki, Receipts(pki.operator.signing))
    bridge.close()


def at(raw: bytes, mark: bytes, inside: bytes) -> bytes:
    place = raw.index(mark)
    return raw[:place] + inside + raw[place:]


def by_strangers(judge: Judge, fill: Filling, size: int) -> Iterator[tuple[str, bytes, Form]]:
    """What anybody can send: unsigned, or around a signature or an envelope that was captured."""
    good, envelope = bare(judge.pki), secured(judge.pki.supplier)
    signature = good[good.index(b"<ds:Signature") : good.index(b"</ds:Signature>") + len(b"</ds:Signature>")]
    root = f'<{tree().prefix or ""}{etree.QName(tree()).localname} xmlns="{etree.QName(tree()).namespace}">'.encode()
    yield "alone", b"<a>" + fill(size - 7) + b"</a>", Form.BARE
    yield "in a known root", root + fill(size - 120) + b"</" + root[1:].split()[0] + b">", Form.BARE
    part = fill(size - len(signature) - 60)
    yield "beside a signature", b"<a>" + part + signature + b"</a>", Form.BARE
    for mark in (b"</ds:SignedInfo>", b"</ds:Transforms>", b"</ds:KeyInfo>"):
        yield f"before {mark.decode()}", b"<a>" + at(signature, mark, part) + b"</a>", Form.BARE
    held = b"<ds:Object>" + part + b"</ds:Object>"
    yield "in ds:Object", b"<a>" + at(signature, b"</ds:Signature>", held) + b"</a>", Form.BARE
    part = fill(size - len(envelope))
    for mark in (b"</wsu:Timestamp>", b"</wsse:Security>", b"</" + payload_of(envelope)):
        yield f"before {mark.decode()}", at(envelope, mark, part), Form.SOAP


def payload_of(envelope: bytes) -> bytes:
    """The name of an envelope's payload, with what ends its tag."""
    return envelope[: envelope.index(b"Payload>") + len(b"Payload>")].rpartition(b"<")[2]


def by_partners(judge: Judge, fill: Filling, size: int) -> Iterator[tuple[str, bytes, Form]]:
    """What the hub itself may have signed: none of it follows the schema, and it is told why."""
    message = serialise(tree())
    last = message.rindex(b"</", 0, message.rindex(b"</"))
    leaf = next(e for e in tree().iter() if e.text and e.text.startswith("590"))
    whole = {
        "in a leaf": message.replace(str(leaf.text).encode(), fill(size - 3000)),
        "at the end": message[:last] + fill(size - 3000) + message[last:],
        "at the start": message.replace(b"\n  <Header>", b"<Header>" + fill(size - 3000), 1),
    }
    for name, raw in whole.items():
        try:
            yield name, sign_enveloped(etree.fromstring(raw), judge.pki.hub.signing), Form.BARE
        except (etree.XMLSyntaxError, PartnerFault):
            continue  # nobody can sign it


@pytest.mark.parametrize("size", [9_000, 100_000, 1_000_000])
def test_given_whatever_a_stranger_sends_then_it_costs_no_more_than_ten_good_messages(judge: Judge, size: int) -> None:
    dear = [
        (name, where, times)
        for name, fill in FILLINGS.items()
        for where, raw, form in by_strangers(judge, fill, size)
        if (times := judge.dear(raw, form))
    ]
    assert dear == []
    whole = {name: judge.dear(shape(size)) for name, shape in SHAPES.items()}
    assert {name: times for name, times in whole.items() if times} == {}


@pytest.mark.parametrize("size", [9_000, 100_000])
def test_given_an_invalid_message_of_a_partner_then_it_costs_no_more_than_ten_good_ones(
    judge: Judge, size: int
) -> None:
    dear, explained = [], 0
    for name, fill in FILLINGS.items():
        for where, raw, form in by_partners(judge, fill, size):
            explained += judge.judge(raw, form).startswith("schema.")
            if times := judge.dear(raw, form):
                dear.append((name, where, times))
    assert dear == []
    assert explained > len(FILLINGS) // 2
