"""Registers and tariff calendars, from the bridge's connector over SOAP and TCP to the meter and back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from dlms_cosem.client import DlmsClient
from dlms_cosem.io import BlockingTcpIO, TcpTransport
from dlms_cosem.security import NoSecurityAuthentication
from structlog.testing import capture_logs

from csire_bridge.channels.hes.profile import HeadEndCodes, HeadEndNamespaces
from csire_bridge.domain.errors import HeadEndBusy, HeadEndRefused, HeadEndScope, HeadEndUnreachable, OutcomeUnknown
from csire_bridge.domain.identifiers import MeterNumber
from csire_bridge.domain.meter.metering import ENERGY_REGISTERS, MeterCalendars, ObisCode, TariffCalendar
from csire_bridge.lab.simulators.hes.simulator import Fault, HeadEndSimulator
from csire_bridge.lab.simulators.meter import cosem
from csire_bridge.lab.simulators.meter.client import MeterClient, MeterError
from csire_bridge.lab.simulators.meter.meter import Meter
from csire_bridge.lab.simulators.meter.server import MeterServer
from tests.channels.hes.test_client import answering
from tests.support.head_end import METER, Bridge, bridge_to, running
from tests.support.hub import raw_server
from tests.support.patience import PATIENCE

ALL, ZONE_1, ZONE_2, BACK = ENERGY_REGISTERS
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Clock:
    """The time of the simulator and its meters, which a test moves."""

    now = NOON

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **time: float) -> None:
        self.now += timedelta(**time)


@contextmanager
def at_noon() -> Iterator[tuple[HeadEndSimulator, Bridge, Clock]]:
    clock = Clock()
    with running(clock=clock) as (simulator, bridge):
        yield simulator, bridge, clock


def values(bridge: Bridge) -> dict[ObisCode, Decimal]:
    return {each.register: each.value for each in bridge.connector.read_registers(METER, ENERGY_REGISTERS)}


def test_given_a_meter_when_its_registers_are_read_then_values_grow_with_time_while_the_supply_is_on() -> None:
    with at_noon() as (simulator, bridge, clock):
        initial = values(bridge)
        clock.pass_by(hours=10)
        later = values(bridge)
        watts = Decimal(simulator.meter(METER).load.watts)
        assert abs(later[ALL] - initial[ALL] - 10 * watts) <= 1
        assert later[ALL] == later[ZONE_1] + later[ZONE_2]
        assert later[BACK] > initial[BACK]
        simulator.meter(METER).remote_disconnect()
        clock.pass_by(hours=10)
        assert values(bridge) == later


def test_given_registers_when_read_then_in_the_order_asked_for_with_unit_and_time() -> None:
    with at_noon() as (_, bridge, _clock):
        read = bridge.connector.read_registers(METER, [BACK, ALL])
        assert [(each.meter, each.register, each.unit, each.read_at) for each in read] == [
            (METER, BACK, "Wh", NOON),
            (METER, ALL, "Wh", NOON),
        ]


@pytest.mark.parametrize("registers", [[ObisCode.parse("9.9.9")], [ALL, ObisCode.parse("7-0:1.8.0")], []])
def test_given_a_register_that_the_meter_has_not_when_read_then_refused_for_good(registers: list[ObisCode]) -> None:
    with running() as (_, bridge):
        with pytest.raises(HeadEndRefused) as caught:
            bridge.connector.read_registers(METER, registers)
        assert (caught.value.code, caught.value.permanent) == ("2.6", True)


def test_given_a_tariff_change_when_written_then_read_back_it_waits_and_takes_effect_at_its_moment() -> None:
    with at_noon() as (_, bridge, clock):
        assert bridge.connector.read_calendar(METER) == MeterCalendars(METER, "G11", TariffCalendar(""), NOON)
        midnight = NOON + timedelta(hours=12)
        bridge.connector.write_calendar(METER, "G12w & more", midnight)
        written = bridge.connector.read_calendar(METER)
        assert (written.active, written.passive) == ("G11", TariffCalendar("G12w & more", midnight))
        assert written.waits("G12w & more", midnight)
        assert not written.waits("G12w & more", midnight + timedelta(seconds=1))
        assert not written.waits("G11", midnight)
        clock.pass_by(hours=12)
        assert bridge.connector.read_calendar(METER).active == "G12w & more"


def test_given_a_written_calendar_when_activated_by_hand_then_it_is_active_before_its_moment() -> None:
    with at_noon() as (simulator, bridge, _clock):
        for _ in range(2):  # writing it again does no harm
            bridge.connector.write_calendar(METER, "G12", NOON + timedelta(days=1))
        bridge.connector.activate_calendar(METER)
        assert bridge.connector.read_calendar(METER).active == "G12"
        assert simulator.meter(METER).calendars.activations == 1


def test_given_a_name_that_no_meter_holds_when_written_then_refused() -> None:
    with running() as (_, bridge):
        for name in ("", "G" * 33):
            with pytest.raises(HeadEndRefused):
                bridge.connector.write_calendar(METER, name, NOON)


def test_given_an_unreachable_or_unknown_meter_when_read_or_written_then_the_same_errors_as_for_contactors() -> None:
    with running() as (simulator, bridge):
        asked = (
            lambda meter: bridge.connector.read_registers(meter, [ALL]),
            bridge.connector.read_calendar,
            bridge.connector.activate_calendar,
            lambda meter: bridge.connector.write_calendar(meter, "G12", NOON),
        )
        for ask in asked:
            with pytest.raises(HeadEndRefused) as refused:
                ask(MeterNumber("nobody"))
            assert refused.value.permanent
        simulator.faults.unreachable.add(METER)
        for question in asked[:2]:
            with pytest.raises(HeadEndUnreachable) as caught:
                question(METER)
            assert caught.value.scope is HeadEndScope.METER
        for change in asked[2:]:
            with pytest.raises(HeadEndBusy) as busy:
                change(METER)
            assert busy.value.scope is HeadEndScope.METER


def test_given_a_lost_reply_when_a_calendar_is_written_then_unknown_and_reading_back_tells() -> None:
    with running() as (simulator, bridge):
        simulator.faults.rule(Fault.REPLY_LOST).add(METER)
        with pytest.raises(OutcomeUnknown):
            bridge.connector.write_calendar(METER, "G12", NOON)
        simulator.faults.clear()
        assert bridge.connector.read_calendar(METER).passive.name == "G12"
        assert simulator.ledger.totals()["accepted"] == 0, "a calendar is no contactor command"


def test_given_another_product_when_read_and_written_then_its_namespaces_and_code_are_used() -> None:
    spoken = HeadEndNamespaces(message="urn:m", controls="urn:c", readings="urn:r", calendar="urn:t")
    codes = HeadEndCodes(tariff="1.2.3.4")
    with running(namespaces=spoken, codes=codes) as (simulator, _):
        with bridge_to(simulator.url, namespaces=spoken, codes=codes) as bridge:
            bridge.connector.write_calendar(METER, "G12", NOON)
            assert bridge.connector.read_calendar(METER).passive.name == "G12"
            assert len(values(bridge)) == 4
        with bridge_to(simulator.url, namespaces=spoken) as bridge, pytest.raises(HeadEndRefused):
            bridge.connector.write_calendar(METER, "G12", NOON)


REPLY = """<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"
  xmlns="http://iec.ch/TC57/2011/schema/message"><s:Body><ResponseMessage>
  <Header><Verb>reply</Verb><Noun>MeterReadings</Noun><CorrelationID>%s</CorrelationID></Header>
  <Reply><Result>OK</Result></Reply>%s</ResponseMessage></s:Body></s:Envelope>"""
READINGS = """<Payload><r:MeterReadings xmlns:r="http://iec.ch/TC57/2011/MeterReadings#"><r:MeterReading><r:Meter>
  <r:Names><r:name>{meter}</r:name></r:Names></r:Meter><r:Readings><r:timeStamp>{at}</r:timeStamp>
  <r:value>{value}</r:value><r:unit>{unit}</r:unit><r:ReadingType ref="{code}"/></r:Readings></r:MeterReading>
  </r:MeterReadings></Payload>"""
CALENDARS = """<Payload><t:TariffCalendars xmlns:t="urn:csire-bridge:hes:calendar:v1"><t:meter>{meter}</t:meter>
  <t:active>G11</t:active><t:passive><t:name/></t:passive><t:readAt>{at}</t:readAt></t:TariffCalendars></Payload>"""
SOUND = {"meter": METER, "at": "2026-03-01T13:00:00+01:00", "code": "1.8.0", "value": "12.5", "unit": "kWh"}


@pytest.fixture
def fixed_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("csire_bridge.channels.hes.client.uuid.uuid4", lambda: "fixed")


@pytest.mark.usefixtures("fixed_ids")
def test_given_another_unit_and_zone_when_read_then_the_value_is_as_told_and_the_time_is_utc() -> None:
    body = (REPLY % ("fixed", READINGS.format(**SOUND))).encode()
    with raw_server(answering("200 OK", body)) as endpoint, bridge_to(endpoint) as bridge:
        (read,) = bridge.connector.read_registers(METER, [ALL])
        assert (read.value, read.unit, read.read_at) == (Decimal("12.5"), "kWh", NOON)


@pytest.mark.usefixtures("fixed_ids")
@pytest.mark.parametrize("payload", [READINGS, CALENDARS, ""])
@pytest.mark.parametrize(
    "change",
    [
        {"meter": "ANOTHER"},
        {"at": "2026-03-01T13:00:00"},
        {"at": "0000-03-01T13:00:00Z"},
        {"code": "2.8.0"},
        {"value": "1" * 13},
        {"value": "-" + "1" * 13},
        {"unit": "k" * 17},
    ],
)
def test_given_an_unsound_answer_when_read_then_unknown_and_never_a_value(payload: str, change: dict[str, str]) -> None:
    body = (REPLY % ("fixed", payload.format(**{**SOUND, **change}))).encode()
    with raw_server(answering("200 OK", body)) as endpoint, bridge_to(endpoint) as bridge:
        with pytest.raises(OutcomeUnknown):
            bridge.connector.read_registers(METER, [ALL])
        if change.keys() <= {"meter", "at"}:
            with pytest.raises(OutcomeUnknown):
                bridge.connector.read_calendar(METER)


@pytest.mark.parametrize("text", ["1.8.0", "1-0:1.8.0", "1-0:1.8.0*255"])
def test_given_an_obis_code_when_parsed_then_it_is_written_in_full(text: str) -> None:
    assert ObisCode.parse(text) == "1-0:1.8.0"


@pytest.mark.parametrize("text", ["", "1.8", "1-0:1.8.0.0", "1.8.256", "a.b.c", "1.8.0\n", "1-0:1.8.0*254"])
def test_given_something_else_when_parsed_as_obis_code_then_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match="OBIS"):
        ObisCode.parse(text)


@pytest.fixture
def server() -> Iterator[MeterServer]:
    running_server = MeterServer().start()
    yield running_server
    running_server.stop()


def test_given_the_packages_own_client_when_it_reads_and_writes_then_the_objects_are_real_ones(
    server: MeterServer,
) -> None:
    meter = Meter(MeterNumber("M-1"), clock=lambda: NOON)
    transport = TcpTransport(16, server.add(meter), io=BlockingTcpIO(*server.host_and_port))
    reader = DlmsClient(transport=transport, authentication=NoSecurityAuthentication())
    with capture_logs(), reader.session():
        value = reader.get(cosem.register(ALL, cosem.REGISTER_VALUE))
        assert (value[0], int.from_bytes(value[1:], "big")) == (6, meter.counters()[ALL])
        assert reader.get(cosem.register(ALL, cosem.REGISTER_UNIT)) == bytes([2, 2, 15, 0, 22, 30])
        assert reader.get(cosem.CALENDAR_ACTIVE) == b"\x09\x03G11"
        reader.set(cosem.CALENDAR_PASSIVE, b"\x09\x03G12")
        reader.action(cosem.ACTIVATE_PASSIVE, b"")
        assert reader.get(cosem.CALENDAR_ACTIVE) == b"\x09\x03G12"


def test_given_wrong_data_when_written_then_the_meter_refuses_and_nothing_changes(server: MeterServer) -> None:
    meter = Meter(MeterNumber("M-1"), clock=lambda: NOON)
    address, client = server.add(meter), MeterClient(server.host_and_port, timeout=PATIENCE)
    before = replace(meter.calendars)
    for attribute, data in (
        (cosem.CALENDAR_PASSIVE, b"\x06\x00\x00\x00\x01"),
        (cosem.CALENDAR_PASSIVE, b"\x09\x09G12"),
        (cosem.CALENDAR_TIME, b"\x09\x03G12"),
        (cosem.CALENDAR_ACTIVE, b"\x09\x03G12"),
    ):
        with pytest.raises(MeterError) as refused:
            client._set(address, attribute, data)
        assert refused.value.refused
    assert meter.calendars == before
    client.close()


def test_given_a_counter_of_32_bits_when_it_is_full_then_it_rolls_over() -> None:
    assert cosem.quantity(cosem.counter(2**32 + 7), cosem.scaler_unit(-1, cosem.WATT_HOUR)) == (Decimal("0.7"), "Wh")
