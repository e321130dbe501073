"""What the control endpoint of the simulated SID knows (``control_endpoint``).

{"faults": {"hang": {"times": 1}}}         change what is named (``SidFaults``); {"calm": true} ends all of them
{"outage": true}, {"outage": false}        close the port; open it again
{"register": {"Kind": "reconnect", "MeteringPointCode": "...", "ReconnectionReason": "reason-gone"}}
                                           an order that waits to be fetched, in the contract's words; its number
{"waiting": true}                          numbers of orders that were not picked up
{"told": true}                             what the bridge reported
{"field-work": true}                       field work that was handed over
{"problems": true}                         what was wrong with what the bridge has sent
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from csire_bridge.lab.simulators.control_endpoint import ControlEndpoint, done
from csire_bridge.lab.simulators.faults.hub import calm, change_faults
from csire_bridge.lab.simulators.sid.simulator import SidSimulator

__all__ = ["control_of"]


def control_of(simulator: SidSimulator, port: int = 0) -> ControlEndpoint:
    """Lets a person register orders, set faults, and look at what was reported."""

    def outage(begins: bool) -> object:
        (simulator.stop if begins else simulator.start)()
        return begins

    words: Mapping[str, Callable[[Any], object]] = {
        "faults": done(lambda values: change_faults(simulator.faults, values)),
        "calm": done(lambda _: calm(simulator.faults)),
        "outage": outage,
        "register": lambda order: simulator.register(**order),
        "waiting": lambda _: simulator.waiting,
        "told": lambda _: [{**asdict(report), "facts": dict(report.facts)} for report in simulator.told],
        "field-work": lambda _: [{**asdict(work), "facts": dict(work.facts)} for work in simulator.field_work],
        "problems": lambda _: simulator.problems,
    }
    return ControlEndpoint(words, port)
