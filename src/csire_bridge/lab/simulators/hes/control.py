"""The control endpoint of the simulated head-end system: ``POST /control`` with JSON on its own port, 127.0.0.1 only.

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

import json
from collections.abc import Callable, Mapping
from typing import Any

from csire_bridge.lab.simulators.hes.outage import Outage
from csire_bridge.lab.simulators.hes.simulator import HeadEndSimulator
from csire_bridge.lab.simulators.http_server import HttpServer, Reply

__all__ = ["ControlEndpoint"]

_JSON = "application/json"
_PATH = "/control"


class ControlEndpoint:
    """Lets another process set faults, look at meters, and count commands."""

    def __init__(self, simulator: HeadEndSimulator, port: int = 0) -> None:
        self._simulator = simulator
        self._http = HttpServer(self._answer, max_bytes=1024 * 1024, port=port)
        self._words: Mapping[str, Callable[[Any], object]] = {
            "faults": self._faults,
            "calm": self._calm,
            "delay": self._delay,
            "outage": self._outage,
            "concentrator": self._concentrator,
            "press": self._press,
            "meter": self._meter,
            "tracking": simulator.ledger.of_tracking,
            "command": simulator.ledger.of_command,
            "totals": self._totals,
        }

    @property
    def url(self) -> str:
        """The address to post to."""
        return f"{self._http.url}{_PATH}"

    def start(self) -> ControlEndpoint:
        """Begin to answer."""
        self._http.start()
        return self

    def stop(self) -> None:
        """Close the endpoint."""
        self._http.stop()

    def _answer(self, path: str, _content_type: str, raw: bytes) -> Reply:
        if path != _PATH:
            return _json(404, {"error": f"post to {_PATH}"})
        try:
            return _json(200, self._done(json.loads(raw)))
        except KeyError as error:
            return _json(400, {"error": f"there is no {error}"})
        except (ValueError, TypeError, AttributeError, IndexError) as error:
            return _json(400, {"error": str(error)})

    def _done(self, asked: object) -> dict[str, object]:
        if not isinstance(asked, dict):
            raise ValueError("a JSON object is wanted")
        if unknown := asked.keys() - self._words.keys():
            raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
        return {word: do(asked[word]) for word, do in self._words.items() if word in asked}

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
        switches = sum(simulator.meter(number).switches for number in simulator.concentrators.meters())
        return {**simulator.ledger.totals(), "switches": switches, "struck": dict(simulator.fate.struck)}


def _json(status: int, answer: Mapping[str, object]) -> Reply:
    return Reply(status, json.dumps(answer).encode(), _JSON)
