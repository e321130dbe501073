"""A simulated head-end system (HES): a real SOAP server on 127.0.0.1 that drives real COSEM meters over TCP.

    python -m csire_bridge.lab.simulators.hes.simulator --port 0 --meters 100 --delay 0 --faults '{"preset": "plan"}'

runs it as its own process: it prints one line of JSON with its addresses, and ends on SIGTERM or when stdin closes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

from csire_bridge.channels.hes.dialect.dialect import OURS
from csire_bridge.channels.hes.profile import HeadEndCodes, HeadEndNamespaces
from csire_bridge.domain.identifiers import MeterNumber
from csire_bridge.domain.meter.contactor import ControlState
from csire_bridge.lab.simulators.faults.delay import Delay
from csire_bridge.lab.simulators.faults.fate import Fate
from csire_bridge.lab.simulators.faults.hes import Fault, FaultRule, HeadEndFaults
from csire_bridge.lab.simulators.hes.commands import Commands
from csire_bridge.lab.simulators.hes.delayed_work import DelayedWork
from csire_bridge.lab.simulators.hes.field import ConfirmationStyle, Field
from csire_bridge.lab.simulators.hes.ledger import Ledger
from csire_bridge.lab.simulators.hes.outage import Outage, Outages
from csire_bridge.lab.simulators.hes.reporter import Reporter
from csire_bridge.lab.simulators.hes.request_handler import SILENCE, RequestHandler
from csire_bridge.lab.simulators.hes.spoken import Spoken
from csire_bridge.lab.simulators.hes.tariffs import Tariffs
from csire_bridge.lab.simulators.http_server import Contract, HttpServer, Reply
from csire_bridge.lab.simulators.meter.concentrators import Concentrators
from csire_bridge.lab.simulators.meter.meter import Meter, utc_now

__all__ = [
    "ConfirmationStyle",
    "Fault",
    "FaultRule",
    "HeadEndFaults",
    "HeadEndSimulator",
    "Outage",
    "meter_number",
]

_PATH = "/hes/EndDeviceControls"
_CONTRACT = Contract("hes", "EndDeviceControls.wsdl", "http://127.0.0.1/hes")
_MAX_BYTES = 256 * 1024
_OURS = HeadEndNamespaces()


def meter_number(index: int) -> MeterNumber:
    """The number of the simulator's meter ``index``, counted from 0."""
    return MeterNumber(f"SIM{index:09d}")


class HeadEndSimulator:
    """Accepts commands, runs them after a delay (seconds, a range, or a ``Delay``), and posts the events.

    ``meters`` are connected at first, ``per_concentrator`` of them behind each concentrator. ``faults`` may be changed
    while it runs; the same ``seed`` gives each meter the same faults and delays again. ``dialect`` is one of those that
    are shipped. Time comes from ``clock`` (UTC).
    """

    def __init__(
        self,
        meters: Iterable[str] = (),
        *,
        mode: int = 2,
        delay: Delay | float | tuple[float, float] | str = 0.0,
        seed: int = 0,
        dialect: str = OURS,
        style: ConfirmationStyle | None = None,
        codes: HeadEndCodes | None = None,
        namespaces: HeadEndNamespaces | None = None,
        faults: HeadEndFaults | None = None,
        per_concentrator: int | None = None,
        port: int = 0,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.faults = faults or HeadEndFaults()
        self.lost_events: list[bytes] = []
        self.ledger = Ledger()
        self.fate = Fate(seed, self.faults)
        self.concentrators = Concentrators(per_concentrator)
        self._clock = clock
        self._work = DelayedWork()
        self._namespaces = namespaces or HeadEndNamespaces()
        self._spoken = Spoken(dialect, self._namespaces)
        codes, style = codes or self._spoken.dialect.codes, style or self._spoken.style
        self._reporter = Reporter(self._work, self.fate, self.faults, self._spoken.said, clock, self.lost_events.append)
        self._field = Field(self.concentrators, codes, style, self.fate, clock)
        self._commands = Commands(
            self._field, self._reporter, self._work, self.fate, self.faults, self.ledger, self.press_button
        )
        self.delay = delay
        self._handler = RequestHandler(
            self.concentrators,
            self._commands,
            self._field,
            Tariffs(self._field, codes),
            self.fate,
            self.faults,
            clock,
            self._spoken.schema,
        )
        self._http = HttpServer(self._answer, contract=_CONTRACT, max_bytes=_MAX_BYTES, port=port)
        self.outage = Outages(self._http, self._work)
        for number in meters:
            self.add_meter(number, mode=mode)

    @property
    def url(self) -> str:
        """The address that takes requests; with ``?wsdl`` it gives the contract."""
        return f"{self._http.url}{_PATH}"

    @property
    def delay(self) -> Delay:
        """How long a command waits before it is run; may be set while it runs."""
        return self._commands.delay

    @delay.setter
    def delay(self, value: Delay | float | tuple[float, float] | str) -> None:
        self._commands.delay = Delay.of(value)

    def add_meter(self, number: str, *, mode: int = 2, connected: bool = True) -> Meter:
        """Install a meter, also while the simulator runs; ValueError for a wrong number or mode."""
        state = ControlState.CONNECTED if connected else ControlState.DISCONNECTED
        meter = Meter(MeterNumber.parse(number), mode, state, self._clock)
        self.concentrators.add(meter)
        return meter

    def meter(self, number: str) -> Meter:
        """The meter itself, to look at it or press its button unseen; KeyError for an unknown one."""
        return self.concentrators.meter(number)

    def press_button(self, number: str) -> None:
        """Press a meter's button; where that closes the contactor, the bridge hears of it without having asked."""
        if self.meter(number).press_button():
            self._reporter.unsolicited(self._field.pressed(number))

    def start(self) -> HeadEndSimulator:
        """Begin to answer."""
        self.concentrators.start()
        self._work.start()
        self._http.start()
        return self

    def stop(self) -> None:
        """Close all ports; waiting commands are dropped, as in a power cut."""
        self.outage.give_up()
        self._http.stop()
        self._work.stop()
        self._reporter.close()
        self.concentrators.stop()

    def _answer(self, _path: str, _content_type: str, raw: bytes) -> Reply:
        if self.outage.down:
            self.outage.wait()
            return SILENCE
        if self._namespaces == _OURS and self._spoken.dialect.name == OURS:
            return self._handler.answer(raw)
        reply = self._handler.answer(self._spoken.heard(raw))
        return reply if reply.silent else replace(reply, body=self._spoken.said(reply.body))
