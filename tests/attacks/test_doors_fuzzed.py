"""No input leads to an exception that is not ours, at any door, on any database: every message comes to an end."""

from __future__ import annotations

import functools
import random
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from lxml import etree

from csire_bridge.channels.hes.event_reader import read_events
from csire_bridge.config.private_files import write_private
from csire_bridge.domain.errors import PartnerFault
from csire_bridge.domain.message.message import Form
from csire_bridge.lab.simulators.pki import DemoPki, make_demo_pki
from csire_bridge.pipeline.intake.receive import Arrival
from csire_bridge.runtime.steady_clock import system_clock
from csire_bridge.service.wiring.bridge import Bridge
from csire_bridge.store.database import Database
from csire_bridge.xml.security.signature import serialise, sign_enveloped
from tests.support.chance import examples
from tests.support.sid import submission
from tests.support.webhook import Scene, bare, now, running, secured, settings_of, tree, wrapped

EVENT = b"""<EventMessage xmlns="http://iec.ch/TC57/2011/schema/message"><Header><Verb>created</Verb>
<Noun>EndDeviceEvents</Noun><CorrelationID>8a4a4b0e-97c2-4a3c-8b8f-6b4b7f3f9d10</CorrelationID></Header><Payload>
<EndDeviceEvents xmlns="http://iec.ch/TC57/2011/EndDeviceEvents#"><EndDeviceEvent><reason>because</reason>
<createdDateTime>2026-11-23T09:00:00Z</createdDateTime><EndDeviceEventType ref="3.31.0.68"/>
<Assets><Names><name>PROBE0000001</name></Names></Assets></EndDeviceEvent></EndDeviceEvents></Payload></EventMessage>"""
ORDER = {
    "Number": "A-1",
    "RegisteredAt": "2026-11-23T09:00:00Z",
    "Kind": "disconnect",
    "MeteringPointCode": "590243856287817706",
    "Text": "unpaid",
    "Supplier": "19XPL-RZE-SA---V",
    "TariffGroup": "G11",
    "MeterNumber": "PROBE0000001",
}
VALUES = [
    *("", " ", "\n", "0", "-1", "x" * 65, "x" * 300, "9" * 5000, "ą" * 40, "\U0001f4a1" * 10, "\ufffd", "\u2028"),
    *("0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999Z", "2026-11-23T24:00:00Z", "-2026-01-01", "0000-01-01"),
    *("2026-11-23T09:00:00+14:00", "2026-11-23T09:00:00.1234567890123456789Z", "10000-01-01T00:00:00Z", "2026-02-30"),
    *("1e400", "NaN", "INF", "true", "CK0345", "8.1.1.5.", "590000000000000000", "19XENERGAOPERATS", "--", "%s", "{0}"),
]
KINDS = ("bytes", "bare", "unsigned", "wrapped", "secured", "sid", "event")


@functools.cache
def pki() -> DemoPki:
    return make_demo_pki(Path(tempfile.mkdtemp(prefix="fuzzed-pki-")), now())


@pytest.fixture(params=["sqlite", "postgresql"])
def bridge(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bridge]:
    address = f"sqlite:///{tmp_path / 'bridge.db'}"
    if request.param == "postgresql":
        address = request.getfixturevalue("postgresql")
    write_private(tmp_path / "password", b"secret\n")
    options = {
        "database": address,
        "sid": {
            "url": "http://127.0.0.1:9/",
            "listen": True,
            "caller_user": "sid",
            "caller_password_file": tmp_path / "password",
        },
        "head_end": {"url": "http://127.0.0.1:9/"},
        "partners": [
            {"eic": pki().hub.eic, "certificates": [pki().hub.certificate_file]},
            {"eic": pki().supplier.eic, "profile": "none-i-accept-unsigned-messages"},
        ],
    }
    with closing(Database(address)) as database:
        database.upgrade()
    opened = Bridge(settings_of(tmp_path, pki(), **options), system_clock, reply_address="http://127.0.0.1:1/")
    yield opened
    opened.close()


def changed(root: etree._Element, dice: random.Random) -> etree._Element:
    """Some values, attributes or elements are others than they should be."""
    for _ in range(dice.randint(1, 3)):
        chosen = dice.choice(list(root.iter()))
        match dice.randint(0, 9):
            case 0 if chosen.getparent() is not None:
                chosen.getparent().remove(chosen)  # type: ignore[union-attr]
            case 1 if chosen.getparent() is not None:
                chosen.addnext(etree.fromstring(etree.tostring(chosen, with_tail=False)))
            case 2:
                chosen.tag = "{b}" + etree.QName(chosen).localname
            case 3:
                chosen.set("{http://www.w3.org/2001/XMLSchema-instance}type", dice.choice(["x", "x:y", "decimal", ""]))
            case 4:
                chosen.set("{http://www.w3.org/2001/XMLSchema-instance}nil", "true")
            case _ if not len(chosen):
                chosen.text = dice.choice(VALUES)
    return root


def made(kind: str, dice: random.Random, raw: bytes) -> bytes:  # noqa: PLR0911 - a table of kinds
    """A message of some kind with something wrong in it."""
    match kind:
        case "bare":
            with suppress(PartnerFault, ValueError):  # nobody can sign it
                return sign_enveloped(changed(tree(), dice), pki().hub.signing)
        case "unsigned":
            eic = pki().supplier.eic
            return serialise(changed(tree(PhysicalSenderId=eic, JuridicalSenderId=eic), dice))
        case "wrapped":
            return serialise(changed(etree.fromstring(wrapped(bare(pki()))), dice))
        case "secured":
            return serialise(changed(etree.fromstring(secured(pki().supplier)), dice))
        case "sid":
            return serialise(changed(etree.fromstring(submission(ORDER)), dice))
        case "event":
            return serialise(changed(etree.fromstring(EVENT), dice))
    return raw


def ends(bridge: Bridge, raw: bytes, form: Form) -> None:
    """Through every door: each has an answer of ours."""
    for answer in (bridge.reception.answer, bridge.sid.answer if bridge.sid else bridge.reception.answer):
        (answered,) = answer([Arrival("webhook: 192.0.2.1", raw, form)])
        assert answered.state is not None
        assert answered.receipt
        assert etree.fromstring(answered.receipt) is not None
    try:
        events = read_events(raw, bridge.head_end_profile, bridge.clock())
    except PartnerFault as fault:
        assert all(problem.text and problem.remedy for problem in fault.problems)
    else:
        bridge.take_events([(raw, event) for event in events])


def fuzzed(test: Callable[..., None]) -> Callable[..., None]:
    quiet = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
    return settings(max_examples=examples(60), deadline=None, derandomize=True, suppress_health_check=quiet)(test)


@fuzzed
@given(kind=st.sampled_from(KINDS), seed=st.integers(0, 2**32), raw=st.binary(max_size=200), form=st.sampled_from(Form))
@example(kind="bytes", seed=0, raw=b'<a xmlns="b"/>', form=Form.BARE)
@example(kind="bytes", seed=0, raw=b"<a xmlns='urn:x' xmlns:c='../c'><c:b/></a>", form=Form.SOAP)
@example(kind="bytes", seed=0, raw=EVENT.replace(b"8a4a4b0e-97c2", b"x" * 65), form=Form.BARE)
@example(kind="bytes", seed=0, raw=EVENT.replace(b"8a4a4b0e-97c2", "\u0130".encode() * 40), form=Form.BARE)
@example(kind="bytes", seed=0, raw=EVENT.replace(b"PROBE0000001", b"x" * 40), form=Form.BARE)
@example(kind="bytes", seed=0, raw=EVENT.replace(b"because", b"y" * 20_000), form=Form.BARE)
def test_given_anything_at_any_door_then_it_ends_with_an_answer_of_ours(
    bridge: Bridge, kind: str, seed: int, raw: bytes, form: Form
) -> None:
    ends(bridge, made(kind, random.Random(seed), raw), form)  # noqa: S311 - repeatable, no secret


@pytest.fixture(scope="module")
def scene() -> Iterator[Scene]:
    place = Path(tempfile.mkdtemp(prefix="heads-"))
    web = {"strangers_per_minute": 10**6, "header_seconds": 0.2, "grace_seconds": 0.2, "body_seconds": 0.4}
    with running(place, pki(), web=web, head_end={"url": "http://127.0.0.1:9/"}) as found:
        yield found


HEADS = st.lists(
    st.sampled_from(
        [
            *(b"Content-Length: ", b"Content-Type: text/xml", b"Transfer-Encoding: chunked", b"Expect: 100-continue"),
            *(b"X-Forwarded-For: ", b"X-Client-Cert: ", b"Authorization: Basic ", b"Host: x", b"Connection: upgrade"),
            *(
                b"\r\n",
                b"\r\n\r\n",
                b"9" * 5000,
                b"%ff",
                b"\x00",
                b"\xff",
                b"=" * 50,
                b"<a/>",
                b"5\r\n<a/> \r\n0\r\n\r\n",
            ),
        ]
    )
    | st.binary(max_size=20),
    max_size=12,
).map(b"".join)


@settings(max_examples=examples(30), deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    path=st.sampled_from([b"/hub/messages", b"/hes/events?key=%ff", b"/hes/events?key=x&key", b"/sid/soap", b"/\xff"]),
    head=HEADS,
)
def test_given_any_head_of_a_request_then_the_service_answers_or_hangs_up_and_goes_on(
    scene: Scene, caplog: pytest.LogCaptureFixture, path: bytes, head: bytes
) -> None:
    caplog.clear()
    with scene.socket() as sender, suppress(ConnectionError):
        sender.sendall(b"POST " + path + b" HTTP/1.1\r\nHost: x\r\n" + head + b"\r\n\r\n")
        answer = sender.recv(12)
        assert not answer or answer.startswith(b"HTTP/1.1 "), answer
        assert not answer.startswith((b"HTTP/1.1 503", b"HTTP/1.1 500")), answer
    assert "failed" not in caplog.text
    assert scene.get("/healthz").status == 200
