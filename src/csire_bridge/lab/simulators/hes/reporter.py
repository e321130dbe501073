"""What the simulated head-end system reports to the bridge, and all that can happen to a report on its way."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from csire_bridge.lab.simulators.faults.fate import Fate
from csire_bridge.lab.simulators.faults.hes import Fault, HeadEndFaults
from csire_bridge.lab.simulators.hes.delayed_work import DelayedWork
from csire_bridge.lab.simulators.hes.messages import Event, write_event
from csire_bridge.lab.simulators.hes.sender import EventSender

__all__ = ["Reporter"]


class Reporter:
    """Posts events to where the bridge last said it wants them."""

    def __init__(
        self,
        work: DelayedWork,
        fate: Fate,
        faults: HeadEndFaults,
        spoken: Callable[[bytes], bytes],
        clock: Callable[[], datetime],
        on_lost: Callable[[bytes], None],
    ) -> None:
        """``spoken`` turns our contract's namespaces into this system's own."""
        self._work, self._fate, self._faults = work, fate, faults
        self._spoken, self._clock = spoken, clock
        self._sender = EventSender(work, on_lost)
        self._address = ""

    def close(self) -> None:
        """Close all connections."""
        self._sender.close()

    def report(self, event: Event, address: str) -> None:
        """Report what became of a command to ``address``; nothing where there is none."""
        if not address:
            return
        self._address = address
        if self._fate.strikes(Fault.SILENT, event.meter):
            return
        if self._fate.strikes(Fault.STRAY, event.meter):
            event = replace(event, correlation_id=str(uuid.uuid4()))
        late = self._faults.late_seconds if self._fate.strikes(Fault.LATE, event.meter) else 0.0
        copies = 2 if self._fate.strikes(Fault.DUPLICATE, event.meter) else 1
        self._post(event, address, copies, late)

    def unsolicited(self, event: Event) -> None:
        """Report what nobody asked for, to where the last outcome was wanted; nowhere before that."""
        if self._address:
            self._post(event, self._address, 1, 0.0)

    def _post(self, event: Event, address: str, copies: int, late: float) -> None:
        body = self._spoken(write_event(event, str(uuid.uuid4()), self._clock()))
        for _ in range(copies):
            if late:
                self._work.add(event.meter, late, lambda: self._sender.send(address, event.meter, body))
            else:
                self._sender.send(address, event.meter, body)
