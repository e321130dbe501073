"""What the control endpoint of the simulated hub knows (``control_endpoint``).

{"faults": {"hang": {"times": 1}}}         change what is named (``HubFaults``); {"calm": true} ends all of them
{"verdict": "CE001"}                       the code of every result (R_1) from now on; "CA001" accepts
{"webhook": "http://127.0.0.1:8080/hub/messages"}, {"webhook": null}   push results there, or queue them
{"send": "good/8.1.1.5-debt.xml"}          a sample or a file, made new and signed, into our queue; its id
{"push": "good/8.1.1.5-debt.xml"}          the same, pushed to the webhook; status and receipt
{"send-as-it-is": "message.xml"}           a file byte by byte
{"waiting": true}                          how many messages are in our queue
{"received": true}                         what the bridge has sent: number, id, time
{"document": "MESSAGE-ID"}                 one of these as it came
{"problems": true}                         what was wrong with what the bridge has sent
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from csire_bridge.domain.clock import Clock
from csire_bridge.lab.simulators.control_endpoint import ControlEndpoint, done
from csire_bridge.lab.simulators.faults.hub import calm, change_faults
from csire_bridge.lab.simulators.hub.simulator import HubSimulator
from csire_bridge.xml.envelope import read_header
from csire_bridge.xml.fresh_copy import fresh_copy
from csire_bridge.xml.parser import parse
from csire_bridge.xml.security.signature import sign_enveloped

__all__ = ["control_of"]


def control_of(simulator: HubSimulator, samples: Path, clock: Clock, port: int = 0) -> ControlEndpoint:
    """Lets a person have the hub send messages, and look at what came; ``samples`` are found by their names."""
    return ControlEndpoint(_Words(simulator, samples, clock).by_name(), port)


class _Words:
    def __init__(self, simulator: HubSimulator, samples: Path, clock: Clock) -> None:
        self._simulator, self._samples, self._clock = simulator, samples, clock

    def by_name(self) -> Mapping[str, Callable[[Any], object]]:
        return {
            "faults": done(lambda values: change_faults(self._simulator.faults, values)),
            "calm": done(lambda _: calm(self._simulator.faults)),
            "verdict": self._verdict,
            "webhook": self._webhook,
            "send": lambda name: self._simulator.enqueue(self._made_new(name)),
            "push": self._push,
            "send-as-it-is": lambda name: self._simulator.enqueue(self._file(name).read_bytes()),
            "waiting": lambda _: self._simulator.waiting,
            "received": lambda _: [
                {"number": one.number, "message_id": one.message_id, "at": one.at} for one in self._simulator.received
            ],
            "document": self._document,
            "problems": lambda _: self._simulator.problems,
        }

    def _verdict(self, code: str) -> object:
        self._simulator.verdict = lambda _number: code
        return True

    def _webhook(self, url: str | None) -> object:
        self._simulator.webhook = url
        return True

    def _push(self, name: str) -> object:
        document = self._made_new(name)
        answer = self._simulator.push(document)
        return {
            "message_id": read_header(parse(document)).message_id,
            "status": answer.status,
            "problem": answer.problem,
        }

    def _made_new(self, name: str) -> bytes:
        root = fresh_copy(self._file(name).read_bytes(), self._clock())
        return sign_enveloped(root, self._simulator.pki.hub.signing)

    def _file(self, name: str) -> Path:
        sample = self._samples / name
        return sample if sample.is_file() else Path(name)

    def _document(self, message_id: str) -> object:
        found = {one.message_id: one.document for one in self._simulator.received}
        return found[message_id].decode("utf-8")  # type: ignore[index]  # an id is text
