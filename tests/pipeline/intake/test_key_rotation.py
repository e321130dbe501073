"""Our key is rotated while the bridge runs: what is new is signed with the new key, what is stored keeps its bytes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from csire_bridge.channels.transport.outbound.zeep_wss import WsSecurityPlugin
from csire_bridge.config.resources import folder
from csire_bridge.config.settings import load_settings
from csire_bridge.domain.errors import NotTrusted
from csire_bridge.lab.simulators.pki import DemoParty, DemoPki, make_demo_pki
from csire_bridge.pipeline.intake.receive import Arrival
from csire_bridge.runtime.steady_clock import system_clock
from csire_bridge.service.wiring.bridge import Bridge
from csire_bridge.service.wiring.identity import signing_keys
from csire_bridge.store.database import make_current
from csire_bridge.worker.certificate_job import own_certificates
from csire_bridge.xml.parser import parse
from csire_bridge.xml.security.certificates.keys import CertificateBook
from csire_bridge.xml.security.signature import sign_enveloped, verify_enveloped
from csire_bridge.xml.security.ws_security.wss import verify_envelope
from tests.xml.security.ws_security.test_wss import envelope


@dataclass
class Moving:
    """A clock that a test sets."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Rotation:
    """A bridge with two keys, of which the second signs from ``switch`` on."""

    bridge: Bridge
    pki: DemoPki
    new: DemoParty
    switch: datetime
    clock: Moving


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Rotation]:
    start = system_clock()
    pki, new = make_demo_pki(tmp_path, start), make_demo_pki(tmp_path / "new", start).operator
    switch = start + timedelta(hours=1)
    settings = load_settings(
        environment=False,
        database=f"sqlite:///{tmp_path / 'bridge.db'}",
        signing=[
            {"key": pki.operator.key_file, "certificate": pki.operator.certificate_file},
            {"key": new.key_file, "certificate": new.certificate_file, "from": switch},
        ],
        partners=[{"eic": pki.hub.eic, "certificates": [pki.hub.certificate_file]}],
    )
    make_current(settings.database)
    clock = Moving(start)
    with Bridge(settings, clock, reply_address="http://127.0.0.1:1/") as bridge:
        yield Rotation(bridge, pki, new, switch, clock)


def of(party: DemoParty) -> CertificateBook:
    return CertificateBook([party.trusted])


def test_given_a_second_key_when_its_moment_comes_then_it_signs_and_stored_receipts_keep_their_bytes(
    here: Rotation,
) -> None:
    answer = here.bridge.reception.answer
    sample = parse((folder("samples") / "good" / "8.1.1.5-minimal.xml").read_bytes())
    for element in sample.iter("{*}MessageTimestamp"):
        element.text = here.clock.now.isoformat(timespec="milliseconds")
    message = sign_enveloped(sample, here.pki.hub.signing)
    (before,) = answer([Arrival("a test", message)])
    here.clock.now = here.switch
    (again,) = answer([Arrival("a test", message)])
    (after,) = answer([Arrival("a test", b"<unknown/>")])
    assert before.receipt is not None
    assert after.receipt is not None
    assert again.receipt == before.receipt
    verify_enveloped(parse(before.receipt), of(here.pki.operator), here.clock.now)
    verify_enveloped(parse(after.receipt), of(here.new), here.clock.now)
    with pytest.raises(NotTrusted):
        verify_enveloped(parse(after.receipt), of(here.pki.operator), here.clock.now)


def test_given_a_second_key_then_envelopes_with_ws_security_change_over_at_the_same_moment(here: Rotation) -> None:
    keys = signing_keys(here.bridge.settings)
    plugin = WsSecurityPlugin(keys, lambda: of(here.pki.hub), here.clock)
    for moment, party in ((here.clock.now, here.pki.operator), (here.switch, here.new)):
        here.clock.now = moment
        signed, _ = plugin.apply(envelope(), {})
        verify_envelope(signed, of(party), moment)


def test_given_two_keys_then_the_head_end_systems_events_are_taken_with_the_address_of_either(here: Rotation) -> None:
    old, new = here.bridge.event_proofs.keys
    assert old != new
    assert here.bridge.head_end_profile.reply_address.endswith(new)


def test_given_two_keys_then_the_ends_of_both_certificates_are_watched(here: Rotation) -> None:
    ours = [one.fingerprint for one in own_certificates(here.bridge.settings) if one.whose == "our signature"]
    assert ours == [party.trusted.fingerprint.hex() for party in (here.pki.operator, here.new)]
