"""What the control endpoint of the simulated head-end system knows (``control_endpoint``).

It works also while the system itself is down. One request may have several keys, which are handled in this order:

    {"faults": {"busy": {"chance": 0.1}}}      change what is named; {"preset": "plan"} sets the plan value
    {"calm": true}                             no faults any more, all concentrators up, no outage
    {"delay": "lognormal:2:0.5:30"}            how long commands wait
    {"outage": {"how": "silent", "seconds": 5}}, {"outage": null}
    {"concentrator": {"index": 0, "down": true}}
    {"press": "SIM000000000"}                  press a meter's button
    {"meter": "SIM000000000"}                  its state, its switches, its commands
    {"tracking": "ID"}, {"command": "MRID"}    how many commands were taken under it
    {"totals": true}                           sums over all meters, and how often each fault struck

The answer has the same keys. An invalid request gets 400 with a sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from csire_bridge.lab.simulators.control_endpoint import ControlEndpoint
from csire_bridge.lab.simulators.hes.outage import Outage
from csire_bridge.lab.simulators.hes.simulator import HeadEndSimulator

__all__ = ["control_of"]


def control_of(simulator: HeadEndSimulator, port: int = 0) -> ControlEndpoint:
    """Lets another process set faults, look at meters, and count commands."""
    return ControlEndpoint(_Words(simulator).by_name(), port)


class _Words:
    def __init__(self, simulator: HeadEndSimulator) -> None:
        self._simulator = simulator

    def by_name(self) -> Mapping[str, Callable[[Any], object]]:
        return {
            "faults": self._faults,
            "calm": self._calm,
            "delay": self._delay,
            "outage": self._outage,
            "concentrator": self._concentrator,
            "press": self._press,
            "meter": self._meter,
            "tracking": self._simulator.ledger.of_tracking,
            "command": self._simulator.ledger.of_command,
            "totals": self._totals,
        }

    def _faults(self, values: Mapping[str, Any]) -> object:
        self._simulator.faults.change(values)
        return True

    def _calm(self, _value: object) -> object:
        self._simulator.faults.clear()
        for index in range(len(self._simulator.concentrators)):
            self._simulator.concentrators.restore(index)
        self._simulator.outage.end()
        return True

    def _delay(self, value: float | str) -> object:
        self._simulator.delay = value
        return True

    def _outage(self, value: Mapping[str, Any] | None) -> object:
        if value is None:
            self._simulator.outage.end()
        else:
            self._simulator.outage.begin(Outage(value.get("how", Outage.REFUSED)), value.get("seconds"))
        return self._simulator.outage.down

    def _concentrator(self, value: Mapping[str, Any]) -> object:
        concentrators, index = self._simulator.concentrators, int(value["index"])
        (concentrators.cut if value["down"] else concentrators.restore)(index)
        return True

    def _press(self, number: str) -> object:
        self._simulator.press_button(number)
        return self._meter(number)

    def _meter(self, number: str) -> object:
        meter, account = self._simulator.meter(number), self._simulator.ledger.account(number)
        return {
            "mode": meter.mode,
            "state": meter.state.name.lower(),
            "output": meter.output_state,
            "switches": meter.switches,
            "last_switch": meter.last_switch.isoformat(),
            "concentrator": self._simulator.concentrators.concentrator_of(number),
            "accepted": account.accepted,
            "repeated": account.repeated,
            "waiting": len(account.waiting),
            "most_open": account.most_open,
        }

    def _totals(self, _value: object) -> object:
        simulator = self._simulator
        switches = sum(simulator.meter(number).switches for number in simulator.concentrators.hosted())
        return {**simulator.ledger.totals(), "switches": switches, "struck": dict(simulator.fate.struck)}
