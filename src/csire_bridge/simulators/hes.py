"""A simulated head-end system (HES): a real SOAP server on 127.0.0.1 that drives real COSEM meters over TCP.

    python -m csire_bridge.simulators.hes --port 0 --meters 100 --delay 0

runs it as its own process: it prints one line of JSON with its URL, and ends on SIGTERM or when stdin closes.
"""

from __future__ import annotations

import random
import threading
import uuid
from collections import OrderedDict
from collections.abc import Callable, Iterable
from datetime import datetime

from csire_bridge.domain.contactor import ContactorAction, ControlState
from csire_bridge.domain.errors import Unreadable
from csire_bridge.domain.identifiers import MeterNumber
from csire_bridge.hes.profile import HeadEndCodes
from csire_bridge.simulators.hes_field import ConfirmationStyle, Field, HeadEndFaults
from csire_bridge.simulators.hes_http import HeadEndHttpServer
from csire_bridge.simulators.hes_messages import (
    Event,
    Refusal,
    Request,
    read_request,
    write_event,
    write_reply,
    write_state,
)
from csire_bridge.simulators.hes_queue import DelayedWork
from csire_bridge.simulators.hes_sender import EventSender
from csire_bridge.simulators.meter import Meter, utc_now
from csire_bridge.simulators.meter_server import MeterServer

__all__ = ["ConfirmationStyle", "HeadEndFaults", "HeadEndSimulator", "meter_number"]

_REMEMBERED = 100_000


def meter_number(index: int) -> MeterNumber:
    """The number of the simulator's meter ``index``, counted from 0."""
    return MeterNumber(f"SIM{index:09d}")


class HeadEndSimulator:
    """Accepts commands, runs them after ``delay`` seconds (or a random time within a range), and posts the events.

    ``meters`` are connected at first. ``faults`` may be changed while it runs. Time comes from ``clock`` (UTC).
    """

    def __init__(
        self,
        meters: Iterable[str] = (),
        *,
        mode: int = 2,
        delay: float | tuple[float, float] = 0.0,
        seed: int = 0,
        style: ConfirmationStyle = ConfirmationStyle.EVENT_CODES,
        codes: HeadEndCodes | None = None,
        port: int = 0,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.delay = delay
        self.faults = HeadEndFaults()
        self.lost_events: list[bytes] = []
        self._clock = clock
        self._random = random.Random(seed)  # noqa: S311 - a repeatable delay, no secret
        self._meters = MeterServer()
        self._field = Field(self._meters, codes or HeadEndCodes(), style, self.faults, clock)
        self._work = DelayedWork()
        self._sender = EventSender(self._work, self.lost_events.append)
        self._http = HeadEndHttpServer(self.answer, port)
        self._lock = threading.Lock()
        self._queued: dict[str, Request] = {}
        self._seen: OrderedDict[str, None] = OrderedDict()
        for number in meters:
            self.add_meter(number, mode=mode)

    @property
    def url(self) -> str:
        """The address that takes requests; with ``?wsdl`` it gives the contract."""
        return self._http.url

    def add_meter(self, number: str, *, mode: int = 2, connected: bool = True) -> Meter:
        """Install a meter, also while the simulator runs; ValueError for a wrong number or mode."""
        state = ControlState.CONNECTED if connected else ControlState.DISCONNECTED
        meter = Meter(MeterNumber.parse(number), mode, state, self._clock)
        self._meters.add(meter)
        return meter

    def meter(self, number: str) -> Meter:
        """The meter itself, to look at it or press its button; KeyError for an unknown one."""
        return self._meters.meter(MeterNumber(number))

    def start(self) -> HeadEndSimulator:
        """Begin to answer."""
        self._meters.start()
        self._work.start()
        self._http.start()
        return self

    def stop(self) -> None:
        """Close all ports; waiting commands are dropped, as in a power cut."""
        self._http.stop()
        self._work.stop()
        self._sender.close()
        self._field.close()
        self._meters.stop()

    def answer(self, raw: bytes) -> bytes:
        """The SOAP answer to a SOAP request; the HTTP server calls it from its threads."""
        request = None
        try:
            request = read_request(raw)
            return self._answered(request)
        except Refusal as refusal:
            return write_reply(request, self._clock(), refusal)
        except Unreadable as error:
            return write_reply(None, self._clock(), Refusal("2.9", error.text))

    def _answered(self, request: Request) -> bytes:
        if self._meters.address_of(MeterNumber(request.meter)) is None:
            raise Refusal("2.4", f"there is no meter {request.meter}")
        if request.verb == "get":
            snapshot = self._field.read(request.meter)
            return write_state(request, self._clock(), snapshot.output_state, snapshot.control_state)
        if request.verb == "create":
            self._accept(request)
        elif request.verb == "cancel":
            self._cancel(request)
        else:
            raise Refusal("2.9", f"the verb {request.verb} is not served")
        return write_reply(request, self._clock())

    def _accept(self, request: Request) -> None:
        action = self._field.action(request.code)
        if action is None:
            raise Refusal("2.12", f"the control {request.code} is not known")
        with self._lock:
            if request.message_id in self._seen:
                return  # a repetition: the first one counts
            self._seen[request.message_id] = None
            if len(self._seen) > _REMEMBERED:
                self._seen.popitem(last=False)
            self._queued[request.mrid] = request
            delay = self.delay if isinstance(self.delay, (int, float)) else self._random.uniform(*self.delay)
        self._work.add(request.meter, delay, lambda: self._run(request, action))

    def _cancel(self, request: Request) -> None:
        with self._lock:
            queued = self._queued.pop(request.mrid, None)
        if queued is None:
            raise Refusal("6.2", f"the control {request.mrid} is not waiting: it was run, or never came")
        event = self._field.cancelled(queued, "cancelled by request")
        self._work.add(queued.meter, 0.0, lambda: self._report(queued, event))

    def _run(self, request: Request, action: ContactorAction) -> None:
        with self._lock:
            if self._queued.pop(request.mrid, None) is None:
                return  # cancelled meanwhile
        self._report(request, self._field.run(request, action))

    def _report(self, request: Request, event: Event) -> None:
        if request.meter in self.faults.silent or not request.reply_address:
            return
        body = write_event(event, str(uuid.uuid4()), self._clock())
        self._sender.send(request.reply_address, request.meter, body)


if __name__ == "__main__":
    from csire_bridge.simulators.hes_main import main

    main()
