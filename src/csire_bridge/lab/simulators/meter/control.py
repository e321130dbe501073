"""What the control endpoint of simulated meters knows (``control_endpoint``).

{"outage": true}, {"outage": false}        the concentrator is down; it answers again
{"press": "DEMO00000001"}                  press a meter's button
{"meter": "DEMO00000001"}                  its mode, state, and switches
{"meters": true}                           each number with its wrapper address
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from csire_bridge.domain.identifiers import MeterNumber
from csire_bridge.lab.simulators.control_endpoint import ControlEndpoint
from csire_bridge.lab.simulators.meter.server import MeterServer

__all__ = ["control_of"]


def control_of(server: MeterServer, port: int = 0) -> ControlEndpoint:
    """Lets a person look at meters, press their buttons, and cut all of them off."""

    def outage(begins: bool) -> object:
        (server.stop if begins else server.start)()
        return begins

    def state(number: str) -> object:
        meter = server.meter(MeterNumber(number))
        switched = meter.last_switch.isoformat()
        facts = {"mode": meter.mode, "state": meter.state.name.lower(), "output": meter.output_state}
        return {**facts, "switches": meter.switches, "last_switch": switched}

    words: Mapping[str, Callable[[Any], object]] = {
        "outage": outage,
        "press": lambda number: server.meter(MeterNumber(number)).press_button(),
        "meter": state,
        "meters": lambda _: server.addresses,
    }
    return ControlEndpoint(words, port)
