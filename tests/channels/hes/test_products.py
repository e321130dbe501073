"""Head-end systems of other makes: other namespaces, codes and header fields, over real SOAP both ways."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from csire_bridge.channels.hes.event_reader import read_events
from csire_bridge.channels.hes.profile import HeadEndCodes, HeadEndNamespaces, HeadEndProfile
from csire_bridge.channels.hes.request_templates import RequestWriter
from csire_bridge.config.resources import folder
from csire_bridge.domain.errors import HeadEndBusy, HeadEndRefused, HeadEndScope, NotValid, OutcomeUnknown
from csire_bridge.domain.meter.contactor import HeadEndEventKind
from csire_bridge.lab.simulators.hes.simulator import HeadEndSimulator
from tests.support.head_end import CONNECT, DISCONNECT, METER, bridge_to, command, running

OTHER = HeadEndNamespaces(
    message="urn:product:message:2",
    controls="http://iec.ch/TC57/2017/EndDeviceControls#",
    events="http://iec.ch/TC57/2017/EndDeviceEvents#",
    contactor="urn:product:contactor",
)
CODES = HeadEndCodes(
    disconnect="7.7.7.1",
    connect="7.7.7.2",
    events={f"8.8.8.{index}": kind for index, kind in enumerate(HeadEndEventKind)},
)


def test_given_other_namespaces_and_codes_when_both_sides_use_them_then_everything_works() -> None:
    simulator = HeadEndSimulator([METER], namespaces=OTHER, codes=CODES).start()
    try:
        with bridge_to(simulator.url, namespaces=OTHER, codes=CODES) as bridge:
            event = bridge.order(DISCONNECT)
            assert (event.kind, event.code) == (HeadEndEventKind.DISCONNECTED, "8.8.8.0")
            assert bridge.connector.read_contactor(METER).disconnected
            assert bridge.order(CONNECT).kind is HeadEndEventKind.CONNECTED
    finally:
        simulator.stop()


def test_given_other_namespaces_when_only_one_side_uses_them_then_nothing_is_believed() -> None:
    with running(namespaces=OTHER) as (simulator, bridge):
        with pytest.raises(OutcomeUnknown):
            bridge.connector.submit(command(DISCONNECT))
        assert simulator.meter(METER).switches == 0
    ours = """<EventMessage xmlns="http://iec.ch/TC57/2011/schema/message"/>"""
    with pytest.raises(NotValid):
        read_events(ours.encode(), HeadEndProfile(endpoint="", reply_address="", namespaces=OTHER), datetime.now(UTC))


def test_given_other_codes_when_it_is_busy_then_the_table_decides_who_is_out_of_order() -> None:
    with running() as (simulator, _):
        simulator.faults.busy.add(METER)
        codes = HeadEndCodes(try_later=frozenset({"3.1"}), out_of_order=frozenset({"5.8"}))
        with bridge_to(simulator.url, codes=codes) as bridge, pytest.raises(HeadEndBusy) as caught:
            bridge.connector.submit(command(DISCONNECT))
        assert caught.value.scope is HeadEndScope.SYSTEM
        codes = HeadEndCodes(try_later=frozenset(), permanent=frozenset({"5.8"}))
        with bridge_to(simulator.url, codes=codes) as bridge, pytest.raises(HeadEndRefused) as refused:
            bridge.connector.submit(command(DISCONNECT))
        assert refused.value.permanent


def sent(monkeypatch: pytest.MonkeyPatch, **facts: Any) -> list[tuple[str, bytes, str]]:
    """Verb, body and action of a command, a reading and a cancellation."""
    seen: list[tuple[str, bytes, str]] = []
    write = RequestWriter.write

    def spy(self: RequestWriter, verb: str, message: Any) -> Any:
        request = write(self, verb, message)
        seen.append((verb, request.body, request.headers["SOAPAction"]))
        return request

    monkeypatch.setattr(RequestWriter, "write", spy)
    with running(delay=60) as (simulator, _), bridge_to(simulator.url, **facts) as bridge:
        order = command(DISCONNECT)
        bridge.connector.submit(order)
        bridge.connector.read_contactor(METER)
        bridge.connector.cancel(order)
    return seen


def test_given_required_fields_when_anything_is_sent_then_they_are_in_every_header(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    required = frozenset({"AsyncReplyFlag", "ReplyAddress", "AckRequired", "User"})
    seen = sent(monkeypatch, required_header=required, username="bridge", organization="DSO", soap_action="urn:go")
    assert [verb for verb, *_ in seen] == ["create", "get", "cancel"]
    for verb, body, action in seen:
        assert action == '"urn:go"'
        wait = b"true" if verb == "create" else b"false"
        for part in (b"ReplyAddress>http", b"AsyncReplyFlag>" + wait, b"AckRequired>", b"UserID>bridge<", b">DSO<"):
            assert part in body, (verb, part)


def test_given_no_requirements_when_read_then_the_header_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    _, (_, body, action), _ = sent(monkeypatch)
    assert action == '"http://iec.ch/61968/Request"'
    assert not any(part in body for part in (b"ReplyAddress", b"AckRequired", b"User", b"AsyncReplyFlag"))


def test_given_a_value_like_a_namespace_when_written_then_it_is_left_alone() -> None:
    header = {"Verb": "get", "Noun": "EndDeviceControls", "Source": HeadEndNamespaces().message}
    body = RequestWriter(folder("schemas") / "hes", OTHER).write("get", {"Header": header, "Request": {"ID": "M"}}).body
    assert f"Source>{HeadEndNamespaces().message}<".encode() in body
    assert OTHER.message.encode() in body
