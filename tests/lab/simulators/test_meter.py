"""Simulated meters answer DLMS/COSEM over TCP, to our client and to the package's own."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from dlms_cosem.client import DlmsClient
from dlms_cosem.io import BlockingTcpIO, TcpTransport
from dlms_cosem.security import NoSecurityAuthentication
from structlog.testing import capture_logs

from csire_bridge.domain.identifiers import MeterNumber
from csire_bridge.domain.meter.contactor import ContactorAction, ControlState
from csire_bridge.lab.simulators.meter import cosem
from csire_bridge.lab.simulators.meter.client import MeterClient, MeterError
from csire_bridge.lab.simulators.meter.meter import Meter
from csire_bridge.lab.simulators.meter.server import MeterServer
from tests.support.patience import PATIENCE

NOON = datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)
OFF, ON, ARMED = ControlState.DISCONNECTED, ControlState.CONNECTED, ControlState.READY_FOR_RECONNECTION


@pytest.fixture
def server() -> Iterator[MeterServer]:
    running = MeterServer().start()
    yield running
    running.stop()


@pytest.fixture
def client(server: MeterServer) -> Iterator[MeterClient]:
    opened = MeterClient(server.host_and_port, timeout=PATIENCE)
    yield opened
    opened.close()


def meter(mode: int, number: str = "M-1", state: ControlState = ON) -> Meter:
    return Meter(MeterNumber(number), mode, state, clock=lambda: NOON)


@pytest.mark.parametrize(("mode", "after"), [(1, ARMED), (2, ON), (3, ARMED), (4, ON), (5, ARMED), (6, ARMED)])
def test_given_a_mode_when_switched_off_and_on_then_the_standard_state(
    server: MeterServer, client: MeterClient, mode: int, after: ControlState
) -> None:
    installed = meter(mode)
    address = server.add(installed)
    off = client.switch(address, ContactorAction.DISCONNECT)
    assert (off.output_state, off.control_state, off.last_switch) == (False, OFF, NOON)
    back = client.switch(address, ContactorAction.CONNECT)
    assert (back.output_state, back.control_state) == (after is ON, after)
    assert client.read_mode(address) == mode
    assert installed.press_button() is (after is ARMED)
    assert client.read(address).output_state


def test_given_mode_0_when_switched_then_the_meter_refuses_and_stays(server: MeterServer, client: MeterClient) -> None:
    address = server.add(meter(0))
    for action in ContactorAction:
        with pytest.raises(MeterError) as refused:
            client.switch(address, action)
        assert refused.value.refused
    assert client.read(address).output_state


def test_given_a_disconnected_meter_when_the_button_is_pressed_then_nothing_happens() -> None:
    installed = meter(1, state=OFF)
    assert not installed.press_button()
    assert installed.state is OFF


def test_given_a_connected_meter_when_reconnected_then_it_did_not_switch() -> None:
    installed = meter(1)
    installed.remote_reconnect()
    assert (installed.state, installed.switches) == (ON, 0)


def test_given_many_meters_when_one_is_switched_then_only_that_one_moves(
    server: MeterServer, client: MeterClient
) -> None:
    addresses = [server.add(meter(2, f"M-{i}")) for i in range(20)]
    client.switch(addresses[7], ContactorAction.DISCONNECT)
    assert [client.read(a).output_state for a in addresses] == [i != 7 for i in range(20)]


def test_given_the_packages_own_client_when_it_switches_then_the_meter_is_a_real_one(server: MeterServer) -> None:
    address = server.add(meter(2))
    transport = TcpTransport(16, address, io=BlockingTcpIO(*server.host_and_port))
    reader = DlmsClient(transport=transport, authentication=NoSecurityAuthentication())
    with capture_logs(), reader.session():
        assert reader.get(cosem.OUTPUT_STATE) == b"\x03\x01"
        reader.action(cosem.REMOTE_DISCONNECT, b"")
        assert reader.get(cosem.OUTPUT_STATE) == b"\x03\x00"
        assert reader.get(cosem.CONTROL_STATE) == b"\x16\x00"


def test_given_a_clock_when_read_then_it_is_the_meters_time(server: MeterServer, client: MeterClient) -> None:
    assert client.read_clock(server.add(meter(2))) == NOON


def test_given_no_meter_at_the_address_when_read_then_an_error_after_the_time_out(server: MeterServer) -> None:
    with pytest.raises(MeterError):
        MeterClient(server.host_and_port, timeout=0.1).read(4711)


def test_given_no_association_when_read_then_the_meter_answers_with_an_exception(server: MeterServer) -> None:
    address = server.add(meter(2))
    with socket.create_connection(server.host_and_port, timeout=PATIENCE) as raw:
        raw.sendall(cosem.frame(cosem.PUBLIC_CLIENT, address, bytes.fromhex("c001c1004600006003 0aff0200")))
        assert cosem.read_frame(raw)[2][0] == 0xD8


@pytest.mark.parametrize("garbage", ["00020010", "0001001003e80001ff", "0001001003e800026000", "0001001003e80000"])
def test_given_garbage_when_sent_then_other_clients_are_still_served(
    server: MeterServer, client: MeterClient, garbage: str
) -> None:
    address = server.add(meter(2))
    with socket.create_connection(server.host_and_port, timeout=PATIENCE) as raw:
        raw.sendall(bytes.fromhex(garbage))
        raw.shutdown(socket.SHUT_WR)
        while raw.recv(100):
            pass
    assert client.read(address).output_state


def test_given_a_stopped_concentrator_when_read_then_a_meter_error() -> None:
    gone = MeterServer().start()
    address = gone.add(meter(2))
    client = MeterClient(gone.host_and_port, timeout=1)
    assert client.read(address).output_state
    gone.stop()
    for _ in range(2):
        with pytest.raises(MeterError):
            client.read(address)
