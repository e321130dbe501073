"""The client against a simulated SID, and against servers that answer anything."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from csire_bridge.channels.sid.client import PickUp, SidClient
from csire_bridge.channels.sid.contract import SID, SOAP11
from csire_bridge.channels.sid.profile import SidProfile, SidSecurity
from csire_bridge.channels.transport.outbound.failures import Later
from csire_bridge.channels.transport.outbound.zeep_wss import WsSecurityPlugin
from csire_bridge.config.resources import folder
from csire_bridge.domain.errors import (
    BridgeError,
    ConfigurationError,
    OutcomeUnknown,
    PartnerRefused,
    PartnerUnreachable,
)
from csire_bridge.domain.identifiers import Eic, MeteringPointCode, MeterNumber
from csire_bridge.domain.message.sid import Report, ReportKind, SidNumber, SidStatus
from csire_bridge.domain.order.order import Order, OrderKind, OrderState, RejectionReason
from csire_bridge.lab.simulators.faults.hub import Trouble
from csire_bridge.lab.simulators.sid.simulator import SidSimulator
from csire_bridge.xml.schema.catalogue import SchemaCatalogue
from csire_bridge.xml.security.certificates.keys import CertificateBook, TrustedCertificate
from tests.support.hub import answering, raw_server, read_request
from tests.support.patience import PATIENCE
from tests.support.sid import METER, POINT, now, pki

OWN = Eic("19XENERGAOPERATS")
ORDER = Order(
    key=7,
    kind=OrderKind.DISCONNECT,
    state=OrderState.DONE,
    metering_point=POINT,
    process_instance=None,
    source_message=None,
    source_number=None,
    registered_at=now(),
    not_before=now(),
    version=4,
)


@cache
def catalogue() -> SchemaCatalogue:
    return SchemaCatalogue([folder("schemas")])


@contextmanager
def client_of(url: str, **changes: Any) -> Iterator[SidClient]:
    profile = SidProfile(url=url, **{"read_seconds": 2.0, "connect_seconds": 2.0, **changes})
    wsse = plugin() if profile.security is SidSecurity.WSS else None
    client = SidClient(profile, catalogue(), wsse)
    try:
        yield client
    finally:
        client.close()


@contextmanager
def running(**changes: Any) -> Iterator[tuple[SidSimulator, SidClient]]:
    with SidSimulator(seed=3) as sid, client_of(sid.url, **changes) as client:
        yield sid, client


def plugin() -> WsSecurityPlugin:
    theirs = TrustedCertificate(OWN, pki().supplier.signing.certificate)
    return WsSecurityPlugin(pki().operator.signing, lambda: CertificateBook([theirs]), now)


def report(client: SidClient, **changes: Any) -> Report:
    base = Report(
        key=1,
        report_id=str(uuid.uuid4()),
        kind=ReportKind.STATUS,
        order=7,
        number=SidNumber("SID/1"),
        sequence=3,
        status=SidStatus.DONE,
        at=now(),
        registered_at=now() - timedelta(minutes=20),
        executed_at=now(),
        meter=METER,
    )
    made = replace(base, **changes)
    return replace(made, document=client.write(made, ORDER))


def test_given_new_orders_when_fetched_then_they_come_again_until_their_pick_up_is_confirmed() -> None:
    with running() as (sid, client):
        first, second = sid.register(), sid.register(Text="zażółć <&>")
        fetched = client.fetch()
        assert [order.number for order in fetched] == [first, second]
        assert client.fetch() == fetched, "the same bytes each time"
        assert [order.number for order in client.fetch(1)] == [first]
        client.confirm([PickUp(SidNumber(first), taken=True), PickUp(SidNumber(second), taken=False, text="no \x00")])
        client.confirm([PickUp(SidNumber(first), taken=True)])
        assert client.fetch() == []
        assert sid.picked_up == {first: None, second: "no ?"}
        assert sid.problems == []


def test_given_a_report_when_delivered_twice_then_the_same_bytes_leave_and_sid_has_it_once() -> None:
    with running() as (sid, client):
        made = report(client, text="bell \x07 and \ud800", reason=RejectionReason.OTHER)
        client.deliver(made)
        client.deliver(made)
        [told] = sid.told
        assert (told.status, told.sequence, told.number) == ("done", 3, "SID/1")
        assert 1199 < float(told.facts["ExecutionSeconds"]) < 1201
        assert told.facts["Text"] == "bell ? and ?"
        assert sid.problems == []


def test_given_an_execution_before_the_registration_in_sid_then_it_took_no_time() -> None:
    with running() as (sid, client):
        client.deliver(report(client, registered_at=now() + timedelta(hours=1)))
        assert float(sid.told[0].facts["ExecutionSeconds"]) == 0


def test_given_field_work_without_a_number_of_sid_when_handed_over_then_sid_makes_one_order_of_it() -> None:
    with running() as (sid, client):
        made = report(client, kind=ReportKind.FIELD_WORK, number=None, text="3 commands had no effect")
        client.deliver(made)
        client.deliver(made)
        [work] = sid.field_work
        assert "Number" not in work.facts
        assert (work.facts["MeteringPointCode"], work.facts["Text"]) == (POINT, "3 commands had no effect")


def test_given_a_point_when_looked_up_then_every_fact_is_told_and_none_means_that_sid_does_not_know_it() -> None:
    with running() as (sid, client):
        sid.points[POINT] = {
            "Freshness": now() - timedelta(days=1),
            "MeterNumber": "M 1",
            "MeterKind": "CK0203",
            "TariffGroup": "G12",
            "ContractedPower": "14.5",
            "Supplier": "19XPL-RZE-SA---V",
            "Prepaid": False,
            "CanBeSuspended": False,
            "DangerRegistered": True,
            "Station": "GPZ-7 / ST 12",
            "StationGroup": "A",
        }
        point = client.look_up(POINT)
        assert point is not None
        assert (point.meter, point.has_contactor, point.meter_kind) == ("M 1", False, "CK0203")
        assert (point.prepaid, point.can_be_suspended, point.danger_registered) == (False, False, True)
        assert (point.station, point.station_group) == ("GPZ-7 / ST 12", "A")
        assert now() - point.updated_at > timedelta(hours=23)
        assert client.look_up(MeteringPointCode.parse("590015710563817868")) is None
        sid.points[POINT] = {"Freshness": now(), "MeterKind": "CK0203", "HasContactor": True}
        again = client.look_up(POINT)
        assert again is not None
        assert (again.has_contactor, again.meter, again.danger_registered) == (True, None, None)


# --- security


def test_given_basic_authentication_then_the_right_password_works_and_a_wrong_one_is_unreachable() -> None:
    with SidSimulator(credentials=("bridge", "gęś")) as sid:
        with client_of(sid.url, user="bridge", password="wrong") as client, pytest.raises(PartnerUnreachable) as caught:
            client.fetch()
        assert "wrong" not in str(caught.value)
        assert "401" in str(caught.value)
    with (
        SidSimulator(credentials=("bridge", "secret")) as sid,
        client_of(sid.url, user="bridge", password="secret") as client,
    ):
        assert client.fetch() == []


def test_given_ws_security_then_requests_are_signed_and_answers_must_be() -> None:
    book = CertificateBook([pki().operator.trusted])
    with (
        SidSimulator(signing=(pki().supplier.signing, book)) as sid,
        client_of(sid.url, security=SidSecurity.WSS) as client,
    ):
        number = sid.register()
        assert [order.number for order in client.fetch()] == [number]
        client.deliver(report(client))
        assert len(sid.told) == 1
        with client_of(sid.url) as unsigned, pytest.raises(BridgeError, match="invalid"):
            unsigned.fetch()
    with (
        SidSimulator(signing=(pki().stranger.signing, book)) as sid,
        client_of(sid.url, security=SidSecurity.WSS) as client,
        pytest.raises(PartnerUnreachable, match="signature"),
    ):
        client.fetch()


def test_given_security_that_does_not_go_together_then_it_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="WS-Security"):
        SidClient(SidProfile("http://127.0.0.1:1/", security=SidSecurity.WSS), catalogue())
    with pytest.raises(ConfigurationError, match="SID"):
        SidProfile("http://somewhere.example/sid")
    with pytest.raises(ConfigurationError, match="TLS file"):
        SidProfile("https://sid.example/", ca_bundle=tmp_path / "none.pem")


def test_given_a_profile_when_shown_then_its_password_is_not() -> None:
    assert "secret" not in repr(SidProfile("https://sid.example/", user="u", password="secret"))


# --- failures


def ask(client: SidClient, operation: str) -> object:
    match operation:
        case "fetch":
            return client.fetch()
        case "look_up":
            return client.look_up(POINT)
        case "confirm":
            client.confirm([PickUp(SidNumber("A"), taken=True)])
            return None
        case _:
            return client.deliver(report(client))


HARMLESS = ["fetch", "look_up"]
ALL = [*HARMLESS, "confirm", "report"]


@pytest.mark.parametrize("operation", ALL)
def test_given_nobody_listens_then_it_certainly_did_not_arrive(operation: str) -> None:
    with SidSimulator() as sid:
        url = sid.url
    with client_of(url) as client, pytest.raises(PartnerUnreachable, match="no connection"):
        ask(client, operation)


@pytest.mark.parametrize("operation", ALL)
@pytest.mark.parametrize("trouble", ["hang", "half", "html"])
def test_given_no_whole_answer_then_what_changes_something_is_open_and_works_when_repeated(
    operation: str, trouble: str
) -> None:
    with running() as (sid, client):
        sid.register_raw(b"<Order/>", "A")
        setattr(sid.faults, trouble, Trouble(1))
        expected = PartnerUnreachable if operation in HARMLESS else OutcomeUnknown
        with pytest.raises(expected):
            ask(client, operation)
        ask(client, operation)


@pytest.mark.parametrize(
    ("code", "expected"),
    [("busy", PartnerUnreachable), ("not-authorised", PartnerUnreachable), ("invalid", PartnerRefused),
     ("unknown-order", PartnerRefused), ("never-heard-of", PartnerRefused)],
)  # fmt: skip
def test_given_a_fault_then_its_code_decides(code: str, expected: type[BridgeError]) -> None:
    with running() as (sid, client):
        sid.faults.codes = {code: Trouble(1)}
        with pytest.raises(expected, match=code) as caught:
            client.deliver(report(client))
        assert caught.value.remedy


def soap(body: str) -> bytes:
    return f'<s:Envelope xmlns:s="{SOAP11}" xmlns:c="{SID[1:-1]}"><s:Body>{body}</s:Body></s:Envelope>'.encode()


FAULT = "<s:Fault><faultcode>s:Server</faultcode><faultstring>oops</faultstring></s:Fault>"
HOSTILE = {
    "not XML": b"hello",
    "nothing": b"",
    "a DTD": b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
    "another root": b"<a/>",
    "two bodies": soap("<c:ReportStatusResponse/>").replace(b"</s:Body>", b"</s:Body><s:Body/>"),
    "an empty body": soap(""),
    "another response": soap("<c:ConfirmPickUpResponse/>"),
    "a response that breaks the contract": soap("<c:ReportStatusResponse/>"),
    "the answer to another report": soap(
        f"<c:ReportStatusResponse><c:ReportId>{uuid.uuid4()}</c:ReportId></c:ReportStatusResponse>"
    ),
    "a fault without a code": soap(FAULT),
    "entities": soap("&x;"),
    "ten thousand levels": b"<a>" * 10_000,
}


@pytest.mark.parametrize("what", HOSTILE)
@pytest.mark.parametrize("status", ["200 OK", "500 Oops"])
def test_given_a_hostile_answer_then_whether_it_was_taken_is_open(what: str, status: str) -> None:
    with raw_server(answering(status, HOSTILE[what], "text/xml")) as url, client_of(url) as client:
        with pytest.raises(OutcomeUnknown):
            client.deliver(report(client))
        with pytest.raises(PartnerUnreachable):
            client.look_up(POINT)


def test_given_a_good_looking_response_with_an_error_status_then_it_is_not_believed() -> None:
    behave = answering("500 Oops", soap("<c:ConfirmPickUpResponse/>"))
    with raw_server(behave) as url, client_of(url) as client, pytest.raises(OutcomeUnknown):
        client.confirm([PickUp(SidNumber("A"), taken=True)])


def test_given_a_point_of_another_code_then_it_is_not_believed() -> None:
    point = "<c:Point><c:MeteringPointCode>590015710563817868</c:MeteringPointCode>"
    fresh = "<c:Freshness>2026-01-01T00:00:00Z</c:Freshness></c:Point>"
    behave = answering("200 OK", soap(f"<c:LookUpPointResponse>{point}{fresh}</c:LookUpPointResponse>"))
    with raw_server(behave) as url, client_of(url) as client, pytest.raises(PartnerUnreachable, match="another"):
        client.look_up(POINT)


@pytest.mark.parametrize(
    ("status", "expected"),
    [("401 No", PartnerUnreachable), ("302 Found", PartnerUnreachable), ("404 Not here", PartnerUnreachable),
     ("413 Too large", PartnerRefused), ("502 Bad gateway", OutcomeUnknown)],
)  # fmt: skip
def test_given_a_gateways_page_then_its_status_decides(status: str, expected: type[BridgeError]) -> None:
    behave = answering(status, b"<html/>", "text/html")
    with raw_server(behave) as url, client_of(url) as client, pytest.raises(expected):
        client.deliver(report(client))


def test_given_a_gateway_that_asks_for_a_pause_then_it_is_kept() -> None:
    behave = answering("503 Later", b"busy", "text/plain", "Retry-After: 120\r\n")
    with raw_server(behave) as url, client_of(url) as client, pytest.raises(Later) as caught:
        client.deliver(report(client))
    assert caught.value.wait == timedelta(seconds=120)


def endless(connection: Any) -> None:
    read_request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n")
    for _ in range(3000):
        connection.sendall(b"x" * 10_000)


def drops(connection: Any) -> None:
    read_request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 1000\r\n\r\n")
    tick = threading.Event()
    for _ in range(100):
        connection.sendall(b"x")
        tick.wait(0.1)


@pytest.mark.parametrize("behave", [endless, drops])
def test_given_an_answer_without_end_then_it_ends_all_the_same(behave: Callable[[Any], None]) -> None:
    limits = {"max_bytes": 50_000, "read_seconds": 0.5}
    with raw_server(behave) as url, client_of(url, **limits) as client, pytest.raises(OutcomeUnknown):
        client.deliver(report(client))


def test_given_several_threads_when_they_ask_at_once_then_each_gets_its_own_answers() -> None:
    with running() as (sid, client):
        reports = [report(client, number=SidNumber(f"N{n}")) for n in range(24)]
        threads = [
            threading.Thread(target=lambda part: [client.deliver(r) for r in part], args=(reports[n::4],))
            for n in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
        assert {told.number for told in sid.told} == {f"N{n}" for n in range(24)}
        assert MeterNumber(METER) == METER
