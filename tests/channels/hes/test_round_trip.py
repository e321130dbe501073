"""The bridge, the simulated head-end system and its meters: three real servers on loopback."""

from __future__ import annotations

import asyncio
import http.client
import json
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import httpx
import pytest
import zeep
from fastapi import FastAPI
from hypothesis import given, settings
from hypothesis import strategies as st

from csire_bridge.channels.hes.client import HeadEndProfile
from csire_bridge.channels.hes.event_endpoint import EventReceiver
from csire_bridge.channels.hes.event_reader import MAX_EVENT_BYTES
from csire_bridge.channels.transport.inbound.caller_address import networks
from csire_bridge.channels.transport.inbound.caller_proofs import Proofs
from csire_bridge.domain.errors import HeadEndRefused, HeadEndUnreachable, StoreFailure
from csire_bridge.domain.identifiers import MeterNumber
from csire_bridge.domain.meter.contactor import ControlState, HeadEndEvent, HeadEndEventKind
from csire_bridge.lab.simulators.hes.simulator import ConfirmationStyle
from tests.support.chance import examples
from tests.support.head_end import CONNECT, DISCONNECT, KEY, METER, bridge_to, command, running, until
from tests.support.patience import PATIENCE


def test_given_a_meter_when_disconnected_and_connected_then_it_really_switched_and_told_so() -> None:
    with running() as (simulator, bridge):
        before = datetime.now(UTC) - timedelta(milliseconds=20)
        assert bridge.connector.read_contactor(METER).connected
        off = bridge.order(DISCONNECT)
        assert off.kind is HeadEndEventKind.DISCONNECTED
        assert before <= off.occurred_at <= datetime.now(UTC)
        assert bridge.connector.read_contactor(METER).disconnected
        assert bridge.order(CONNECT).kind is HeadEndEventKind.CONNECTED
        reading = bridge.connector.read_contactor(METER)
        assert reading.connected
        assert before <= reading.read_at
        assert simulator.meter(METER).switches == 2


def test_given_an_arming_meter_when_reconnected_then_armed_until_the_button_is_pressed() -> None:
    with running(mode=3) as (simulator, bridge):
        bridge.order(DISCONNECT)
        assert bridge.order(CONNECT).kind is HeadEndEventKind.ARMED
        assert bridge.connector.read_contactor(METER).armed
        simulator.meter(METER).press_button()
        assert bridge.connector.read_contactor(METER).connected


def test_given_mode_0_when_disconnected_then_accepted_and_later_failed() -> None:
    with running(mode=0) as (_, bridge):
        failed = bridge.order(DISCONNECT)
        assert failed.kind is HeadEndEventKind.DISCONNECT_FAILED
        assert failed.text
        assert bridge.connector.read_contactor(METER).connected


def test_given_the_other_style_when_ordered_then_processed_with_the_contactor_status() -> None:
    with running(mode=1, style=ConfirmationStyle.COMMAND_CODES) as (simulator, bridge):
        off, armed = bridge.order(DISCONNECT), bridge.order(CONNECT)
        assert (off.kind, off.contactor) == (HeadEndEventKind.PROCESSED, ControlState.DISCONNECTED)
        assert (armed.kind, armed.contactor) == (HeadEndEventKind.PROCESSED, ControlState.READY_FOR_RECONNECTION)
        simulator.faults.unreachable.add(METER)
        assert bridge.order(CONNECT).kind is HeadEndEventKind.PROCESSING_FAILED


def test_given_an_unknown_meter_when_ordered_or_read_then_refused_for_good() -> None:
    with running() as (_, bridge):
        with pytest.raises(HeadEndRefused) as refused:
            bridge.connector.submit(command(DISCONNECT, "nobody"))
        assert refused.value.code == "2.4"
        with pytest.raises(HeadEndRefused):
            bridge.connector.read_contactor(MeterNumber("nobody"))


def test_given_an_unreachable_meter_when_ordered_or_read_then_failed_or_try_later() -> None:
    with running() as (simulator, bridge):
        simulator.faults.unreachable.add(METER)
        assert bridge.order(DISCONNECT).kind is HeadEndEventKind.DISCONNECT_FAILED
        assert bridge.order(CONNECT).kind is HeadEndEventKind.CONNECT_FAILED
        with pytest.raises(HeadEndUnreachable):
            bridge.connector.read_contactor(METER)
        simulator.faults.unreachable.clear()
        assert bridge.connector.read_contactor(METER).connected


def test_given_a_stuck_contactor_when_ordered_then_the_event_says_failed() -> None:
    with running() as (simulator, bridge):
        simulator.meter(METER).stuck = True
        assert bridge.order(DISCONNECT).kind is HeadEndEventKind.DISCONNECT_FAILED


def test_given_a_silent_meter_when_ordered_then_it_switches_and_no_event_comes() -> None:
    with running() as (simulator, bridge):
        simulator.faults.silent.add(METER)
        bridge.connector.submit(command(DISCONNECT))
        assert until(lambda: simulator.meter(METER).switches == 1)
        simulator.add_meter("ANOTHER00001")
        assert bridge.order(DISCONNECT, meter="ANOTHER00001").kind is HeadEndEventKind.DISCONNECTED
        assert bridge.events.empty()


def test_given_a_stale_command_when_its_time_comes_then_it_is_not_run() -> None:
    with running() as (simulator, bridge):
        event = bridge.order(DISCONNECT, lifetime=-1)
        assert (event.kind, simulator.meter(METER).switches) == (HeadEndEventKind.CANCELLED, 0)


def test_given_a_queued_command_when_cancelled_then_it_never_runs_and_a_second_cancel_is_refused() -> None:
    with running(delay=3600) as (simulator, bridge):
        sent = command(DISCONNECT)
        bridge.connector.submit(sent)
        bridge.connector.cancel(sent)
        event = bridge.event()
        assert (event.kind, event.correlation_id) == (HeadEndEventKind.CANCELLED, sent.correlation_id)
        with pytest.raises(HeadEndRefused):
            bridge.connector.cancel(sent)
        assert simulator.meter(METER).switches == 0


def test_given_the_same_command_twice_when_submitted_then_it_runs_once() -> None:
    with running(delay=(0.01, 0.05), seed=7) as (simulator, bridge):
        sent = command(DISCONNECT)
        bridge.connector.submit(sent)
        bridge.connector.submit(sent)
        bridge.event()
        assert bridge.order(CONNECT).kind is HeadEndEventKind.CONNECTED
        assert simulator.meter(METER).switches == 2


def test_given_a_store_failure_when_an_event_comes_then_the_hes_sends_it_again() -> None:
    with running() as (simulator, bridge):
        bridge.failures.append(StoreFailure("disk full"))
        assert bridge.order(DISCONNECT).kind is HeadEndEventKind.DISCONNECTED
        assert simulator.lost_events == []


def test_given_four_threads_when_they_order_then_every_event_comes_once() -> None:
    with running() as (simulator, bridge):
        numbers = [simulator.add_meter(f"X{i}", mode=4).number for i in range(40)]
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda n: bridge.connector.submit(command(DISCONNECT, n)), numbers))
        assert sorted(bridge.event().meter for _ in numbers) == sorted(numbers)
        assert bridge.events.empty()


def test_given_the_served_wsdl_when_zeep_loads_it_then_its_service_answers() -> None:
    with running() as (simulator, _):
        client = zeep.Client(f"{simulator.url}?wsdl")  # type: ignore[no-untyped-call]
        header = {"Verb": "get", "Noun": "EndDeviceControls", "MessageID": "m", "CorrelationID": "m"}
        reply = client.service.Request(Header=header, Request={"ID": METER})
        assert (reply.Reply.Result, reply.Payload.ContactorState.outputState) == ("OK", True)


@pytest.mark.parametrize("body", [b"", b"hello", b"<x/>", b"<a>" * 10_000, b"\x00\xff", b"<EventMessage/>"])
def test_given_garbage_when_posted_as_event_then_a_clear_4xx_without_traceback(body: bytes) -> None:
    with bridge_to("http://127.0.0.1:1") as bridge:
        status, text = post(bridge.url, body)
        assert status == 400
        assert "refused" in text
        assert "Traceback" not in text
        assert bridge.events.empty()


def test_given_too_many_bytes_when_posted_as_event_then_413() -> None:
    with bridge_to("http://127.0.0.1:1") as bridge:
        assert post(bridge.url, b"x" * (MAX_EVENT_BYTES + 1))[0] == 413


def test_given_a_stranger_when_it_posts_an_event_then_403_and_nothing_is_looked_at() -> None:
    def never(_events: Sequence[tuple[bytes, HeadEndEvent]]) -> None:
        raise AssertionError("a stranger's event got through")

    app = FastAPI()
    profile = HeadEndProfile(endpoint="", reply_address="")
    app.include_router(
        EventReceiver(never, profile=profile, proofs=Proofs(networks(["10.1.0.0/16"]), keys=(KEY,))).router
    )
    for peer, key, status in (("10.2.0.1", KEY, 403), ("no-address", KEY, 403), ("10.1.0.7", "x", 403)):
        assert asyncio.run(post_from(peer, app, key=key)) == status
    assert asyncio.run(post_from("10.1.0.7", app)) == 400


async def post_from(peer: str, app: FastAPI, body: bytes = b"<x/>", key: str = KEY) -> int:
    transport = httpx.ASGITransport(app, client=(peer, 4711))
    async with httpx.AsyncClient(transport=transport, base_url="http://bridge") as client:
        return (await client.post(f"/hes/events?key={key}", content=body)).status_code


@settings(max_examples=examples(60), deadline=None)
@given(
    body=st.binary(max_size=300)
    | st.text(max_size=300).map(lambda text: f"<EventMessage>{text}</EventMessage>".encode())
)
def test_given_any_bytes_when_posted_as_event_then_they_are_refused_and_nothing_breaks(body: bytes) -> None:
    app = FastAPI()
    profile = HeadEndProfile(endpoint="", reply_address="")
    taken: list[object] = []
    app.include_router(EventReceiver(taken.extend, profile=profile, proofs=Proofs(keys=(KEY,))).router)
    assert asyncio.run(post_from("127.0.0.1", app, body)) == 400
    assert taken == []


def post(url: str, body: bytes) -> tuple[int, str]:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=PATIENCE)
    try:
        connection.request("POST", f"{urlsplit(url).path}?{urlsplit(url).query}", body)
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def test_given_garbage_when_posted_as_request_then_the_simulator_refuses_it() -> None:
    with running() as (simulator, bridge):
        for body in (b"hello", b"<x/>", b"<a><b></a>"):
            status, text = post(simulator.url, body)
            assert (status, "FAILED" in text) == (200, True)
        assert bridge.connector.read_contactor(METER).connected


def test_given_the_simulator_as_a_process_when_its_stdin_closes_then_it_ends() -> None:
    line = [sys.executable, "-m", "csire_bridge.lab.simulators.hes", "--meters", "3", "--delay", "0"]
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin and process.stdout
        announced = json.loads(process.stdout.readline())
        with bridge_to(announced["url"]) as bridge:
            assert bridge.order(DISCONNECT, meter=announced["first_and_last"][1]).kind is HeadEndEventKind.DISCONNECTED
        process.stdin.close()
        assert process.wait(timeout=PATIENCE) == 0


def test_given_the_simulator_as_a_process_when_terminated_then_it_ends_cleanly() -> None:
    line = [sys.executable, "-m", "csire_bridge.lab.simulators.hes", "--meters", "1", "--delay", "0.5:1"]
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout and process.stderr
        assert process.stdout.readline()
        process.terminate()
        assert (process.wait(timeout=PATIENCE), process.stderr.read()) == (0, b"")
