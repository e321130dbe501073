"""The commands of the simulated head-end system, from being accepted to being run, and what goes wrong on the way."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable

from csire_bridge.domain.meter.contactor import ContactorAction
from csire_bridge.lab.simulators.faults.delay import Delay
from csire_bridge.lab.simulators.faults.fate import Fate
from csire_bridge.lab.simulators.faults.hes import Fault, HeadEndFaults
from csire_bridge.lab.simulators.hes.delayed_work import DelayedWork
from csire_bridge.lab.simulators.hes.field import Field
from csire_bridge.lab.simulators.hes.ledger import Ledger
from csire_bridge.lab.simulators.hes.messages import Event, Refusal, Request
from csire_bridge.lab.simulators.hes.reporter import Reporter

__all__ = ["Commands"]

_REMEMBERED = 100_000


class Commands:
    """Takes contactor commands, runs each after ``delay``, and reports. Safe to use from several threads."""

    def __init__(
        self,
        field: Field,
        reporter: Reporter,
        work: DelayedWork,
        fate: Fate,
        faults: HeadEndFaults,
        ledger: Ledger,
        on_button: Callable[[str], None],
    ) -> None:
        """``on_button`` presses the button of a meter."""
        self.delay = Delay()
        self._field, self._reporter, self._work = field, reporter, work
        self._fate, self._faults, self._ledger, self._on_button = fate, faults, ledger, on_button
        self._lock = threading.Lock()
        self._queued: dict[str, Request] = {}
        self._seen: OrderedDict[str, None] = OrderedDict()

    def accept(self, request: Request) -> None:
        """Take a command; one that repeats another's MessageID is that one. ``Refusal`` for an unknown code."""
        action = self._field.action(request.code)
        if action is None:
            raise Refusal("2.12", f"the control {request.code} is not known")
        with self._lock:
            if request.message_id in self._seen:
                self._ledger.repeated(request.meter)
                return
            self._seen[request.message_id] = None
            if len(self._seen) > _REMEMBERED:
                self._seen.popitem(last=False)
            self._queued[request.mrid] = request
            self._ledger.accepted(request.meter, request.mrid, request.tracking_id)
        if self._fate.strikes(Fault.EARLY, request.meter):
            self._run(request, action)  # in the thread that owes the reply: the event is faster
            return
        delay = self._fate.delay(self.delay, request.meter)
        self._work.add(request.meter, delay, lambda: self._run(request, action))

    def cancel(self, request: Request) -> None:
        """Drop a command that still waits; ``Refusal`` when it is too late."""
        queued = self._taken_out(request.mrid)
        if queued is None:
            raise Refusal("6.2", f"the control {request.mrid} is not waiting: it was run, or never came")
        event = self._field.cancelled(queued, "cancelled by request")
        self._work.add(queued.meter, 0.0, lambda: self._reporter.report(event, queued.reply_address))
        self._ledger.ended(queued.meter, queued.mrid)

    def _taken_out(self, mrid: str) -> Request | None:
        with self._lock:
            return self._queued.pop(mrid, None)

    def _run(self, request: Request, action: ContactorAction) -> None:
        if self._taken_out(request.mrid) is None:
            return  # cancelled meanwhile
        try:
            event = None if self._fate.strikes(Fault.IGNORED, request.meter) else self._outcome(request, action)
        finally:
            self._ledger.ended(request.meter, request.mrid)
        if event is None:
            return
        self._reporter.report(event, request.reply_address)
        if self._field.armed(event) and self._fate.strikes(Fault.UNSOLICITED, request.meter):
            self._work.add(request.meter, self._faults.button_seconds, lambda: self._on_button(request.meter))

    def _outcome(self, request: Request, action: ContactorAction) -> Event:
        if self._fate.strikes(Fault.CLAIMED, request.meter):
            return self._field.claimed(request, action)
        event = self._field.run(request, action)
        lies = self._fate.strikes(Fault.EVENT_LIES, request.meter)
        return self._field.denied(request, action) if lies else event
