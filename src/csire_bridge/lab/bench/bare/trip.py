"""The bare round trip of an order, without any code of the bridge."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from lxml import etree

from csire_bridge.lab.bench.bare.head_end import BareHeadEnd, BareListener, command
from csire_bridge.lab.bench.bare.work import BareStore, BareWork
from csire_bridge.lab.shared.workload import SignedMessage, sample
from csire_bridge.lab.simulators.hes.simulator import meter_number

__all__ = ["BareTrip"]

_ANSWER = "good/8.1.1.11-disconnected.xml"


class BareTrip:
    """Per order: parse, verify, XSD, commit; post the command; take the event, commit; sign the answer, commit."""

    def __init__(self, work: BareWork, store: BareStore, head_end: BareHeadEnd, listener: BareListener) -> None:
        self._work, self._store = work, store
        self._head_end, self._listener = head_end, listener
        self._answer = etree.fromstring(sample(_ANSWER, datetime.now(UTC)))
        self._commands: dict[int, bytes] = {}

    def prepare(self, chunk: Sequence[SignedMessage]) -> None:
        """Render the commands."""
        self._commands = {order.index: command(meter_number(order.index), self._listener.url) for order in chunk}

    def run(self, chunk: Sequence[SignedMessage], in_flight: int) -> None:
        """Carry the orders out; at most ``in_flight`` wait for their event at once."""
        waiting = 0
        for order in chunk:
            self._work.take(order.raw)
            self._store.keep(order.raw)
            self._head_end.post(self._commands[order.index])
            waiting += 1
            if waiting == in_flight:
                self._finish()
                waiting -= 1
        for _ in range(waiting):
            self._finish()

    def _finish(self) -> None:
        self._store.keep(self._listener.event())
        self._store.keep(self._work.sign(self._answer))
