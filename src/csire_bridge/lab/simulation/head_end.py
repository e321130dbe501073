"""A head-end system in memory, on the simulated clock: the port ``HeadEnd``, its queue of commands, and its faults.

Meters and faults are those of the head-end simulator that speaks HTTP; only the network is left out. A call takes
simulated time, for which the worker waits, as in production. An event comes separately, and later.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from csire_bridge.domain.errors import HeadEndBusy, HeadEndRefused, HeadEndScope, HeadEndUnreachable, OutcomeUnknown
from csire_bridge.domain.identifiers import MeterNumber
from csire_bridge.domain.meter.contactor import (
    ContactorAction,
    ContactorCommand,
    ContactorReading,
    ControlState,
    HeadEndEvent,
    HeadEndEventKind,
)
from csire_bridge.domain.meter.metering import MeterCalendars, ObisCode, RegisterReading, TariffCalendar
from csire_bridge.lab.simulation.clock import Agenda, SimulatedClock
from csire_bridge.lab.simulation.outages import Outages
from csire_bridge.lab.simulation.population import index_of
from csire_bridge.lab.simulators.faults.delay import Delay
from csire_bridge.lab.simulators.faults.fate import Fate
from csire_bridge.lab.simulators.faults.hes import Fault
from csire_bridge.lab.simulators.meter.meter import Meter

__all__ = ["Movement", "Pace", "SimulatedHeadEnd"]

_KINDS = {
    ControlState.DISCONNECTED: HeadEndEventKind.DISCONNECTED,
    ControlState.CONNECTED: HeadEndEventKind.CONNECTED,
    ControlState.READY_FOR_RECONNECTION: HeadEndEventKind.ARMED,
}
_FAILED = {
    ContactorAction.DISCONNECT: HeadEndEventKind.DISCONNECT_FAILED,
    ContactorAction.CONNECT: HeadEndEventKind.CONNECT_FAILED,
}
_PRESSED = "pressed"
_ASK_FIRST = "read the contactor before anything is sent again"


@dataclass(frozen=True, slots=True)
class Pace:
    """How long things take, in seconds; all of it assumptions.

    ``reply``: until the system accepts something. ``reading``: until a meter was read while the caller waits.
    ``switching``: from the command to the contactor. ``event``: from there to us. ``button``: until the customer
    presses it. ``late``: how much later a late event comes.
    """

    reply: Delay = field(default_factory=lambda: Delay.of("0.05:0.3"))
    reading: Delay = field(default_factory=lambda: Delay.of("lognormal:1.0:0.6:20"))
    switching: Delay = field(default_factory=lambda: Delay.of("lognormal:20:0.9:600"))
    event: Delay = field(default_factory=lambda: Delay.of("exponential:3:60"))
    button: Delay = field(default_factory=lambda: Delay.of("exponential:300:86400"))
    late: Delay = field(default_factory=lambda: Delay.of("60:600"))


@dataclass(frozen=True, slots=True)
class Movement:
    """A contactor moved at ``at`` (UTC), by the command of order ``order``; None: by the customer's button."""

    at: datetime
    state: ControlState
    order: int | None


class SimulatedHeadEnd:
    """Holds commands, switches meters, and tells events by ``tell``. For one thread."""

    def __init__(
        self,
        clock: SimulatedClock,
        agenda: Agenda,
        fate: Fate,
        outages: Outages,
        pace: Pace,
        tell: Callable[[HeadEndEvent], None],
        workers: int = 1,
    ) -> None:
        """``workers`` call at the same time, so each call takes that part of its time from the one simulated clock."""
        self._clock, self._agenda, self._fate = clock, agenda, fate
        self._outages, self._pace, self._tell, self._workers = outages, pace, tell, workers
        self._meters: dict[MeterNumber, Meter] = {}
        self._queued: dict[str, ContactorCommand] = {}
        self._open: defaultdict[MeterNumber, dict[str, datetime]] = defaultdict(dict)
        self.movements: defaultdict[MeterNumber, list[Movement]] = defaultdict(list)
        self.violations: list[str] = []
        self.commands = 0

    def install(self, meter: Meter) -> None:
        """Install a meter; it exists from the start, and is made known when it is first needed."""
        self._meters[meter.number] = meter

    def state_at(self, meter: MeterNumber, moment: datetime) -> ControlState | None:
        """The state of a contactor at ``moment`` (UTC), as it truly was; None when it has not moved until then."""
        return next((m.state for m in reversed(self.movements[meter]) if m.at <= moment), None)

    def systems(self) -> Mapping[str, SimulatedHeadEnd]:
        """All systems by their names: this one."""
        return {"head-end": self}

    def system_of(self, _meter: MeterNumber) -> str:
        """The name of a meter's system."""
        return "head-end"

    def of(self, _meter: MeterNumber) -> SimulatedHeadEnd:
        """The system of a meter."""
        return self

    def clock_shows(self, now: datetime) -> datetime:
        """The same as ``now``: both use the simulated clock."""
        return now

    def clock_behind(self, now: datetime) -> timedelta:
        """Zero: both use the simulated clock."""
        return timedelta()

    def clock_ahead(self, now: datetime) -> timedelta:
        """Not at all."""
        return timedelta()

    def submit(self, command: ContactorCommand) -> None:
        """Take a command; the contactor moves later, if it does."""
        self._reached(command.meter, "create")
        if self._strikes(Fault.REFUSED, command.meter):
            raise HeadEndRefused("5.2", "the HES refused: not authorised for this control", permanent=True)
        self._note_open(command)
        self._queued[command.correlation_id] = command
        self._after(self._pace.switching, command.meter, "switching", lambda at: self._run(command, at))
        if self._strikes(Fault.REPLY_LIES, command.meter):
            raise HeadEndRefused("4.1", "the HES refused: the control could not be carried out")
        self._replied(command.meter, "create")

    def cancel(self, command: ContactorCommand) -> None:
        """Drop a command that waits; ``HeadEndRefused`` when it is too late."""
        self._reached(command.meter, "cancel")
        if self._queued.pop(command.correlation_id, None) is None:
            raise HeadEndRefused("6.2", "the control is not waiting: it was run, or never came")
        self._ended(command)
        self._report(self._event(command, HeadEndEventKind.CANCELLED, self._clock()))
        self._replied(command.meter, "cancel")

    def read_contactor(self, meter: MeterNumber) -> ContactorReading:
        """Have the contactor read while the caller waits."""
        found = self._read(meter)
        return ContactorReading(meter, found.output_state, found.state, self._clock())

    def read_registers(self, meter: MeterNumber, registers: Sequence[ObisCode]) -> list[RegisterReading]:
        """Have registers read while the caller waits."""
        counters, at = self._read(meter).counters(), self._clock()
        watt_hours = {ObisCode.parse(code): value for code, value in counters.items()}
        return [RegisterReading(meter, code, Decimal(watt_hours[code]) / 1000, "kWh", at) for code in registers]

    def read_calendar(self, meter: MeterNumber) -> MeterCalendars:
        """Have both calendars read while the caller waits."""
        found = self._read(meter).tariffs()
        return MeterCalendars(meter, found.active, TariffCalendar(found.passive, found.activate_at), self._clock())

    def write_calendar(self, meter: MeterNumber, tariff: str, activate_at: datetime) -> None:
        """Write the passive calendar while the caller waits."""
        found = self._read(meter)
        found.write_passive(name=tariff)
        found.write_passive(activate_at=activate_at)

    def activate_calendar(self, meter: MeterNumber) -> None:
        """Make the passive calendar the active one while the caller waits."""
        self._read(meter).activate_passive()

    def _reached(self, meter: MeterNumber, verb: str) -> None:
        """The request arrives: unless the system is down or busy, or the request is lost."""
        if self._outages.system_down(self._clock()):
            raise HeadEndUnreachable("the HES refuses connections", "check the HES")
        self._wait(self._pace.reply, meter, "reply")
        if self._strikes(Fault.REQUEST_LOST, meter, verb):
            raise OutcomeUnknown("the HES closed the connection", _ASK_FIRST)
        if self._strikes(Fault.BUSY, meter, verb):
            later = HeadEndUnreachable if verb == "get" else HeadEndBusy
            raise later("the HES is too busy for it", scope=HeadEndScope.METER)

    def _replied(self, meter: MeterNumber, verb: str) -> None:
        """The reply arrives, unless it is lost or something else comes in its place."""
        if self._strikes(Fault.REPLY_LOST, meter, verb) or self._strikes(Fault.REPLY_ERROR, meter, verb):
            raise OutcomeUnknown("the HES gave no answer", _ASK_FIRST)

    def _read(self, meter: MeterNumber) -> Meter:
        self._reached(meter, "get")
        if self._far(meter, "get", self._clock()):
            raise HeadEndUnreachable(f"meter {meter} can't be reached", scope=HeadEndScope.METER)
        self._wait(self._pace.reading, meter, "reading")
        self._agenda.do_due(self._clock())  # a contactor may have moved while the meter was read
        self._replied(meter, "get")
        return self._meters[meter]

    def _wait(self, delay: Delay, meter: MeterNumber, what: str) -> None:
        self._clock.take(self._fate.delay(delay, meter, what) / self._workers)

    def _far(self, meter: MeterNumber, verb: str, at: datetime) -> bool:
        away = self._outages.away(index_of(meter), at)
        return away or self._strikes(Fault.UNREACHABLE, meter, verb)

    def _run(self, command: ContactorCommand, at: datetime) -> None:
        back = self._outages.system_down(at)
        if back is not None:
            self._agenda.add(back, lambda later: self._run(command, later))
            return
        if self._queued.pop(command.correlation_id, None) is None:
            return  # cancelled meanwhile
        self._ended(command)
        if self._strikes(Fault.IGNORED, command.meter):
            return
        self._report(self._outcome(command, at))

    def _outcome(self, command: ContactorCommand, at: datetime) -> HeadEndEvent:
        if at > command.not_after:
            return self._event(command, HeadEndEventKind.CANCELLED, at, "expired before it could be run")
        if self._strikes(Fault.CLAIMED, command.meter):
            off = command.action is ContactorAction.DISCONNECT
            return self._event(command, HeadEndEventKind.DISCONNECTED if off else HeadEndEventKind.CONNECTED, at)
        if self._far(command.meter, "create", at):
            return self._event(command, _FAILED[command.action], at, "the meter can't be reached")
        meter = self._meters[command.meter]
        self._switched(meter, command, at)
        if self._strikes(Fault.EVENT_LIES, command.meter):
            return self._event(command, _FAILED[command.action], at, "no answer from the meter")
        return self._event(command, _KINDS[meter.state], at)

    def _switched(self, meter: Meter, command: ContactorCommand, at: datetime) -> None:
        before = meter.switches
        if command.action is ContactorAction.DISCONNECT:
            meter.remote_disconnect()
        else:
            meter.remote_reconnect()
        if meter.switches > before:
            self.movements[meter.number].append(Movement(at, meter.state, int(command.tracking_id)))
        if meter.state is ControlState.READY_FOR_RECONNECTION:
            self._after(self._pace.button, meter.number, "button", lambda later: self._pressed(meter, later), at)

    def _pressed(self, meter: Meter, at: datetime) -> None:
        if meter.press_button():
            self.movements[meter.number].append(Movement(at, meter.state, None))
            self._report(HeadEndEvent(None, meter.number, HeadEndEventKind.CONNECTED, _PRESSED, at))

    def _event(self, command: ContactorCommand, kind: HeadEndEventKind, at: datetime, text: str = "") -> HeadEndEvent:
        return HeadEndEvent(command.correlation_id, command.meter, kind, kind, at, text=text)

    def _report(self, event: HeadEndEvent) -> None:
        """Send an event: never, late, twice, or correctly."""
        if self._strikes(Fault.SILENT, event.meter):
            return
        seconds = self._fate.delay(self._pace.event, event.meter, "event")
        if self._strikes(Fault.LATE, event.meter):
            seconds += self._fate.delay(self._pace.late, event.meter, "late")
        for _ in range(1 + self._strikes(Fault.DUPLICATE, event.meter)):
            self._arrives(event, event.occurred_at + timedelta(seconds=seconds))

    def _arrives(self, event: HeadEndEvent, at: datetime) -> None:
        back = self._outages.system_down(at)
        if back is None:
            self._agenda.add(at, lambda _: self._tell(event))
        else:
            self._agenda.add(back, lambda later: self._arrives(event, later))

    def _note_open(self, command: ContactorCommand) -> None:
        """No meter may have two commands that could both still be run."""
        now, here = self._clock(), self._open[command.meter]
        others = [until for until in here.values() if until > now]
        if others:
            self.violations.append(
                f"order {command.tracking_id}: meter {command.meter} was given a command while another was open"
            )
        here[command.correlation_id] = command.not_after
        self.commands += 1

    def _ended(self, command: ContactorCommand) -> None:
        self._open[command.meter].pop(command.correlation_id, None)

    def _after(
        self,
        delay: Delay,
        meter: MeterNumber,
        what: str,
        job: Callable[[datetime], None],
        since: datetime | None = None,
    ) -> None:
        seconds = self._fate.delay(delay, meter, what)
        self._agenda.add((since or self._clock()) + timedelta(seconds=seconds), job)

    def _strikes(self, fault: Fault, meter: MeterNumber, verb: str = "create") -> bool:
        return self._fate.strikes(fault, meter, verb)
