"""A model of a head-end system and its meters: what may go wrong between an order and a contactor, as plain data.

It keeps a log of everything that it was asked and that it told, so that a test can hold the bridge's words to it.
A command may be held on its way for as long as it lives, whatever was answered; meanwhile nobody knows it who is asked
to cancel it. One that is said to have failed, or that could not be cancelled, may still run. Its clock may be minutes
off. Two things that it never does, because no bridge could do anything against them: run a command after its end by its
own clock, and say that it has dropped one that it still holds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

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
from csire_bridge.domain.meter.head_end_clock import HeadEndClock

__all__ = ["Crash", "Fault", "Held", "HeldState", "ModelHeadEnd", "ModelMeter", "World"]

_Kind = HeadEndEventKind
_TOLD = {
    (ContactorAction.DISCONNECT, ControlState.DISCONNECTED): _Kind.DISCONNECTED,
    (ContactorAction.CONNECT, ControlState.CONNECTED): _Kind.CONNECTED,
    (ContactorAction.CONNECT, ControlState.READY_FOR_RECONNECTION): _Kind.ARMED,
}
_WISHED = {ContactorAction.DISCONNECT: _Kind.DISCONNECTED, ContactorAction.CONNECT: _Kind.CONNECTED}
_FAILED = {ContactorAction.DISCONNECT: _Kind.DISCONNECT_FAILED, ContactorAction.CONNECT: _Kind.CONNECT_FAILED}


class Crash(BaseException):
    """The process dies here: nothing in memory is left, and nothing catches this."""


class Fault(StrEnum):
    """What becomes of a call. ``AFTER`` means that the head-end system took it all the same."""

    UNREACHABLE = "the head-end system can't be reached"
    METER_UNREACHABLE = "the meter can't be reached"
    BUSY = "busy"
    BUSY_AFTER = "busy, it says, but taken"
    REFUSED = "refused"
    REFUSED_AFTER = "refused, but taken"
    LOST_BEFORE = "lost on the way there"
    LOST_AFTER = "lost on the way back"
    CRASH_BEFORE = "a crash before the call"
    CRASH_AFTER = "a crash after the call"
    HELD_SILENT = "held on its way, no answer"
    HELD_ACCEPTED = "held on its way, said to be accepted"
    HELD_REFUSED = "held on its way, said to be refused"
    HELD_BUSY = "held on its way, said to be too much"
    HELD_CRASH = "held on its way, and a crash"

    @property
    def taken(self) -> bool:
        """Whether the head-end system does what it was asked for."""
        return self in (Fault.BUSY_AFTER, Fault.REFUSED_AFTER, Fault.LOST_AFTER, Fault.CRASH_AFTER)

    @property
    def held(self) -> bool:
        """Whether a command is held on its way; any other call is lost there."""
        return self in (
            Fault.HELD_SILENT,
            Fault.HELD_ACCEPTED,
            Fault.HELD_REFUSED,
            Fault.HELD_BUSY,
            Fault.HELD_CRASH,
        )

    @property
    def told(self) -> bool:
        """Whether the head-end system answers, and so tells its time."""
        return self in (
            Fault.BUSY,
            Fault.BUSY_AFTER,
            Fault.REFUSED,
            Fault.REFUSED_AFTER,
            Fault.METER_UNREACHABLE,
            Fault.HELD_ACCEPTED,
            Fault.HELD_REFUSED,
            Fault.HELD_BUSY,
        )

    def raised(self) -> BaseException | None:
        """What the caller sees."""
        return None if self is Fault.HELD_ACCEPTED else self._error()

    def _error(self) -> BaseException:
        match self:
            case Fault.UNREACHABLE:
                return HeadEndUnreachable(self.value)
            case Fault.METER_UNREACHABLE:
                return HeadEndUnreachable(self.value, scope=HeadEndScope.METER)
            case Fault.BUSY | Fault.BUSY_AFTER | Fault.HELD_BUSY:
                return HeadEndBusy(self.value)
            case Fault.REFUSED | Fault.REFUSED_AFTER | Fault.HELD_REFUSED:
                return HeadEndRefused("9.9", self.value)
            case Fault.LOST_BEFORE | Fault.LOST_AFTER | Fault.HELD_SILENT:
                return OutcomeUnknown(self.value)
            case _:
                return Crash(self.value)


class HeldState(StrEnum):
    """What became of a command that the head-end system took, or will take."""

    ON_ITS_WAY = "on its way"
    QUEUED = "queued"
    RUN = "run"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


@dataclass
class World:
    """Time as it is, and the clocks of the bridge and of the head-end system, which may be ahead of it by so much."""

    now: datetime = datetime(2026, 11, 23, 9, tzinfo=UTC)
    skew: timedelta = timedelta()
    head_end_skew: timedelta = timedelta()

    def bridge_clock(self) -> datetime:
        """The time that the bridge believes."""
        return self.now + self.skew

    def head_end_clock(self) -> datetime:
        """The time that the head-end system believes."""
        return self.now + self.head_end_skew


@dataclass
class Held:
    """A command that was taken, or will be. ``told``: the bridge was told that it was run."""

    command: ContactorCommand
    state: HeldState = HeldState.QUEUED
    told: bool = False


@dataclass
class ModelMeter:
    """A contactor: ``arms`` is control mode 1, in which a remote connection leaves the supply off."""

    number: MeterNumber
    arms: bool
    state: ControlState = ControlState.CONNECTED
    stuck: bool = False

    @property
    def on(self) -> bool:
        """Whether the household has supply."""
        return self.state is ControlState.CONNECTED

    def switch(self, action: ContactorAction) -> None:
        """Move, as the control mode says."""
        if self.stuck:
            return
        if action is ContactorAction.DISCONNECT:
            self.state = ControlState.DISCONNECTED
        elif not self.on:
            self.state = ControlState.READY_FOR_RECONNECTION if self.arms else ControlState.CONNECTED


@dataclass
class ModelHeadEnd:
    """The port ``HeadEnd`` of the bridge. ``submits``, ``reads`` and ``cancels`` are what becomes of the next calls.

    ``meanwhile`` is done once, in the middle of the next command that is given: the world does not wait for a reply.
    """

    world: World
    meters: dict[MeterNumber, ModelMeter]
    down: bool = False
    at_once: bool = False
    held: list[Held] = field(default_factory=list)
    log: list[tuple[str, str, object]] = field(default_factory=list)
    undelivered: list[HeadEndEvent] = field(default_factory=list)
    submits: list[Fault | None] = field(default_factory=list)
    reads: list[Fault | None] = field(default_factory=list)
    cancels: list[Fault | None] = field(default_factory=list)
    clock: HeadEndClock = field(default_factory=HeadEndClock)
    meanwhile: Callable[[ContactorCommand], None] | None = None
    on_submit: Callable[[ContactorCommand], None] = lambda _: None
    on_taken: Callable[[ContactorCommand], None] = lambda _: None
    on_move: Callable[[Held, bool], None] = lambda _held, _was_on: None

    def systems(self) -> Mapping[str, ModelHeadEnd]:
        """All systems by their names: this one."""
        return {"head-end": self}

    def system_of(self, _meter: MeterNumber) -> str:
        """The name of a meter's system."""
        return "head-end"

    def of(self, _meter: MeterNumber) -> ModelHeadEnd:
        """The system of a meter."""
        return self

    def clock_shows(self, now: datetime) -> datetime | None:
        """What its clock shows at least, by its replies."""
        return self.clock.shows(now, self.world.now.timestamp())

    def clock_behind(self, now: datetime) -> timedelta:
        """How far its clock is behind the bridge's."""
        return self.clock.behind(now, self.world.now.timestamp())

    def clock_ahead(self, now: datetime) -> timedelta:
        """How far its clock is ahead of the bridge's."""
        return self.clock.ahead(now, self.world.now.timestamp())

    def submit(self, command: ContactorCommand) -> None:
        """Take a command, if ``submits`` lets it."""
        self.on_submit(command)
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            meanwhile(command)
        self._answer(self.submits, lambda: self._take(command), lambda: self._hold(command))

    def read_contactor(self, meter: MeterNumber) -> ContactorReading:
        """Read the contactor now, and write down what was told."""
        self._answer(self.reads, lambda: None)
        state = self.meters[meter].state
        reading = ContactorReading(meter, state is ControlState.CONNECTED, state, self.world.head_end_clock())
        self.log.append(("read", meter, replace(reading, read_at=self.world.bridge_clock())))  # as it is by our clock
        return reading

    def cancel(self, command: ContactorCommand) -> None:
        """Drop a command that waits."""
        self._answer(self.cancels, lambda: self._drop(command))

    def _answer(
        self, faults: list[Fault | None], does: Callable[[], None], holds: Callable[[], None] = lambda: None
    ) -> None:
        fault = Fault.UNREACHABLE if self.down else faults.pop(0) if faults else None
        if fault is None or fault.taken:
            does()
        elif fault.held:
            holds()
        if fault is None or fault.told:
            at = self.world.now.timestamp()
            self.clock.heard(self.world.head_end_clock(), at, at)
        error = fault.raised() if fault is not None else None
        if error is not None:
            raise error

    def _take(self, command: ContactorCommand) -> None:
        self.on_taken(command)
        self.held.append(held := Held(command, HeldState.ON_ITS_WAY))
        self.arrives(held)

    def _hold(self, command: ContactorCommand) -> None:
        self.on_taken(command)
        self.held.append(Held(command, HeldState.ON_ITS_WAY))

    def arrives(self, held: Held) -> None:
        """A command that was on its way is there."""
        held.state = HeldState.QUEUED
        self.log.append(("taken", held.command.meter, held.command.correlation_id))
        if self.at_once:
            self.run(held)

    def _drop(self, command: ContactorCommand) -> None:
        here = [h for h in self.live(command.meter) if h.state is HeldState.QUEUED]
        found = [h for h in here if h.command.correlation_id == command.correlation_id]
        if not found:
            raise HeadEndRefused("6.2", "the control is not waiting: it was run, or never came")
        for held in found:
            held.state = HeldState.CANCELLED
            self._report(held, _Kind.CANCELLED)

    def live(self, meter: MeterNumber) -> list[Held]:
        """The commands to the meter that may still run, those on their way too."""
        return [
            held
            for held in self.held
            if held.command.meter == meter
            and held.state in (HeldState.QUEUED, HeldState.ON_ITS_WAY)
            and self.world.head_end_clock() <= held.command.not_after
        ]

    def run(self, held: Held, *, silent: bool = False, lie: bool = False) -> None:
        """Carry out a command that waits, unless its end has passed. ``lie``: the event says the reverse."""
        meter = self.meters[held.command.meter]
        if self.world.head_end_clock() > held.command.not_after:
            held.state, kind = HeldState.EXPIRED, _Kind.CANCELLED
        else:
            was_on = meter.on
            held.state = HeldState.RUN
            meter.switch(held.command.action)
            self.log.append(("run", meter.number, held.command.correlation_id))
            self.on_move(held, was_on)
            failed, wished = _FAILED[held.command.action], _WISHED[held.command.action]
            truth = _TOLD.get((held.command.action, meter.state), failed)
            kind = truth if not lie else (wished if truth is failed else failed)
        if not silent:
            self._report(held, kind)

    def gives_up_too_early(self, held: Held) -> None:
        """Say that a command has failed which still waits, and may run later."""
        self._report(held, _FAILED[held.command.action])

    def claim(self, held: Held) -> None:
        """Say that a command was carried out which still waits."""
        self._report(held, _WISHED[held.command.action])

    def by_hand(self, meter: MeterNumber, state: ControlState) -> None:
        """Somebody at the meter switches it, or presses its button."""
        self.meters[meter].state = state
        self.log.append(("hand", meter, state))

    def _report(self, held: Held, kind: HeadEndEventKind) -> None:
        command = held.command
        self.undelivered.append(
            HeadEndEvent(
                command.correlation_id, command.meter, kind, kind.value, occurred_at=self.world.head_end_clock()
            )
        )

    def delivered(self, event: HeadEndEvent) -> None:
        """The bridge has taken ``event``."""
        for held in self.held:
            if held.command.correlation_id == event.correlation_id and not event.kind.failure:
                held.told = True
