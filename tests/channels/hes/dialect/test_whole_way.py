"""Each shipped dialect, from the order to the end: a simulated head-end system that speaks it judges what we send."""

from __future__ import annotations

from pathlib import Path

import pytest

from csire_bridge.channels.hes.dialect.loader import shipped_names
from csire_bridge.domain.identifiers import CorrelationId
from csire_bridge.domain.meter.metering import ObisCode
from csire_bridge.domain.order.order import OrderState, Outcome
from csire_bridge.lab.simulators.hes.simulator import HeadEndSimulator
from tests.support.bridge import Play, play
from tests.support.head_end import DISCONNECT, METER, bridge_to, command

SHIPPED = ["command-results", "csire-bridge", "iec-61968-9-2011"]
REPORTED = {
    "command-results": "head-end system reports processed (3.31.0.44)",
    "csire-bridge": "head-end system reports disconnected (3.31.0.68)",
    "iec-61968-9-2011": "head-end system reports disconnected (3.31.0.68)",
}


def test_three_dialects_are_shipped() -> None:
    assert shipped_names() == SHIPPED


def done(playing: Play, kind: str) -> Outcome | None:
    playing.send(kind)
    return playing.work_until_state(OrderState.DONE).outcome


@pytest.mark.parametrize("dialect", SHIPPED)
def test_given_a_dialect_when_a_household_is_disconnected_and_connected_then_both_are_done_at_the_event_s_time(
    tmp_path: Path, dialect: str
) -> None:
    with play(tmp_path, response=3600, dialect=dialect) as playing:
        assert done(playing, "disconnect") is Outcome.DISCONNECTED
        order = playing.order()
        assert order.executed_at != order.verified_at, "the event's own time counts"
        assert [line.text for line in playing.history() if "reports" in line.text] == [REPORTED[dialect]]
        assert done(playing, "reconnect") is Outcome.CONNECTED


@pytest.mark.parametrize("dialect", SHIPPED)
def test_given_a_dialect_then_each_question_is_asked_and_answered_in_it(dialect: str) -> None:
    simulator = HeadEndSimulator([METER], dialect=dialect).start()
    try:
        with bridge_to(simulator.url, speaks=dialect) as bridge:
            assert bridge.connector.read_contactor(METER).connected
            register = ObisCode.parse("1-0:1.8.0")
            assert bridge.connector.read_registers(METER, [register])[0].register == register
            assert bridge.connector.read_calendar(METER).meter == METER
            simulator.delay = 60
            waiting = command(DISCONNECT)
            bridge.connector.submit(waiting)
            bridge.connector.cancel(waiting)
            assert bridge.event().correlation_id == CorrelationId(waiting.correlation_id)
    finally:
        simulator.stop()
