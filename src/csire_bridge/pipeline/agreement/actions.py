"""What the steps of an order do at the meter. Each is idempotent: it may be repeated after a crash."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from csire_bridge.domain.clock import Clock, start_of
from csire_bridge.domain.identifiers import MeterNumber
from csire_bridge.domain.meter.contactor import ContactorReading
from csire_bridge.domain.meter.evidence import CLOCK_TOLERANCE
from csire_bridge.domain.meter.metering import ENERGY_REGISTERS, MeterCalendars, RegisterReading
from csire_bridge.domain.metering_point.facts import MeteringPoint
from csire_bridge.domain.order.order import Order, OrderKind
from csire_bridge.domain.order.steps import OrderStep, StepKind, StepState
from csire_bridge.domain.work import WorkItem
from csire_bridge.pipeline.batch_step import Task
from csire_bridge.pipeline.observe.readings import read_calendar, read_contactor, read_registers
from csire_bridge.pipeline.ports.head_end import HeadEnd

__all__ = ["AlreadyEffective", "ChildNeeded", "NotYet", "StepDone", "StepTask", "Undone", "perform", "undo"]


@dataclass(frozen=True, slots=True)
class StepTask:
    """A step that is to be done at a meter, or with ``undo`` to be undone; ``meter`` is None where none is known."""

    order: Order
    step: OrderStep
    meter: MeterNumber | None
    undo: bool = False

    @classmethod
    def task(
        cls, item: WorkItem, order: Order, step: OrderStep, point: MeteringPoint | None, *, undo: bool = False
    ) -> Task[StepTask]:
        """The task to do it at the meter of ``point``; where none is known, SID is asked, which needs a thread."""
        meter = point.meter if point else None
        return Task(item, cls(order, step, meter, undo), needs_thread=meter is None)


@dataclass(frozen=True, slots=True)
class StepDone:
    """A step that has ended, as the meter itself confirms."""

    state: StepState
    text: str
    readings: Sequence[RegisterReading] = ()
    contactor: ContactorReading | None = None


@dataclass(frozen=True, slots=True)
class ChildNeeded:
    """The contactor was read and is not yet as the step wants it: a child order has to move it."""

    kind: OrderKind
    contactor: ContactorReading


@dataclass(frozen=True, slots=True)
class NotYet:
    """The head-end system has answered, but what was written is not in the meter."""

    text: str


@dataclass(frozen=True, slots=True)
class Undone:
    """The tariff change that was waiting in the meter was cancelled, as the meter itself confirms."""

    text: str


@dataclass(frozen=True, slots=True)
class AlreadyEffective:
    """The tariff change has taken effect already, so there is nothing left to undo."""

    text: str


def perform(
    head_end: HeadEnd, order: Order, step: OrderStep, meter: MeterNumber, clock: Clock
) -> StepDone | ChildNeeded | NotYet:
    """Do a step at the meter.

    A register reading counts if it was taken when the step fell due, or later; everything else is read as it is now.
    Nothing that was read before the step fell due proves that it was done.
    Raises HeadEndUnreachable, HeadEndRefused or OutcomeUnknown; ValueError for a kind of step that no meter does.
    """
    match step.kind:
        case StepKind.READ:
            readings = read_registers(head_end, meter, ENERGY_REGISTERS, clock, since=step.not_before)
            values = ", ".join(f"{r.register} {r.value:f} {r.unit}" for r in readings)
            return StepDone(StepState.DONE, f"meter {meter}: {values}", readings)
        case StepKind.TARIFF:
            return _write_tariff(head_end, order, step, meter, clock)
        case StepKind.ACTIVATE:
            return _activate(head_end, order, step, meter, clock)
        case StepKind.CONNECT:
            contactor = read_contactor(head_end, meter, clock, since=_of_now(step, clock))
            if contactor.connected:
                return StepDone(StepState.SKIPPED, "the supply is on", contactor=contactor)
            return ChildNeeded(OrderKind.RECONNECT, contactor)
        case StepKind.DISCONNECT | StepKind.POWER:
            raise ValueError(f"step {step.kind} of order {order.key} needs no call")


def _write_tariff(
    head_end: HeadEnd, order: Order, step: OrderStep, meter: MeterNumber, clock: Clock
) -> StepDone | NotYet:
    """Write the passive calendar with its moment, and read it back."""
    tariff, at = order.tariff_group or "", _activation(order, step)
    calendars = read_calendar(head_end, meter, clock)
    if not calendars.waits(tariff, at):
        if calendars.active == tariff and not _will_change(calendars, tariff):
            return StepDone(StepState.SKIPPED, f"the meter counts by calendar {tariff} already")
        written_at = clock()
        head_end.write_calendar(meter, tariff, at)
        if not read_calendar(head_end, meter, clock, since=written_at).waits(tariff, at):
            return NotYet(f"the calendar {tariff} does not stand in meter {meter} after it was written")
    return StepDone(StepState.DONE, f"calendar {tariff} is in the meter, to count from {at:%Y-%m-%d %H:%M} UTC on")


def _will_change(calendars: MeterCalendars, tariff: str) -> bool:
    """Whether the meter will count by another calendar by itself."""
    at = calendars.passive.activate_at
    return calendars.passive.name not in ("", tariff) and at is not None and at > calendars.read_at


def _activation(order: Order, step: OrderStep) -> datetime:
    """When (UTC) the calendar is to count: from the start of the order's date, in Polish time."""
    return start_of(order.effective_date) if order.effective_date else step.not_before


def _activate(head_end: HeadEnd, order: Order, step: OrderStep, meter: MeterNumber, clock: Clock) -> StepDone | NotYet:
    """Normally the meter activates its calendar by itself; if it has not, send the command. The reading proves it.

    The command is sent only while the right calendar waits in the meter: somebody else may have written another one.
    """
    tariff, at = order.tariff_group or "", _activation(order, step)
    calendars = read_calendar(head_end, meter, clock, since=_of_now(step, clock))
    if calendars.active != tariff:
        if calendars.passive.name != tariff:
            written_at = clock()
            head_end.write_calendar(meter, tariff, at)
            calendars = read_calendar(head_end, meter, clock, since=written_at)
            if calendars.passive.name != tariff:
                return NotYet(f"the calendar {tariff} does not stand in meter {meter} after it was written")
        asked_at = clock()
        if calendars.active != tariff:
            head_end.activate_calendar(meter)
        if read_calendar(head_end, meter, clock, since=asked_at).active != tariff:
            return NotYet(f"the calendar {tariff} does not count in meter {meter} yet")
    return StepDone(StepState.DONE, f"the meter counts by calendar {tariff}")


def _of_now(step: OrderStep, clock: Clock) -> datetime:
    """From when (UTC) on a reading counts for a step: not from before it fell due, nor from long ago."""
    return max(step.not_before, clock() - CLOCK_TOLERANCE)


def undo(head_end: HeadEnd, order: Order, meter: MeterNumber, clock: Clock) -> Undone | AlreadyEffective | NotYet:
    """Keep a meter from changing over to the tariff that waits in it.

    The active calendar is written over the waiting one, for the same moment. So the meter stays as it is, whether
    that moment passes meanwhile or not. Raises what ``perform`` does.
    """
    tariff = order.tariff_group or ""
    calendars = read_calendar(head_end, meter, clock)
    active, waiting = calendars.active, calendars.passive
    if active == tariff:
        return AlreadyEffective(f"the meter counts by calendar {tariff} already")
    if waiting.name == tariff and waiting.activate_at is not None:
        written_at = clock()
        head_end.write_calendar(meter, active, waiting.activate_at)
        after = read_calendar(head_end, meter, clock, since=written_at)
        if after.active == tariff:
            return AlreadyEffective(f"the meter counts by calendar {tariff} since a moment ago")
        if after.passive.name != active:
            return NotYet(f"the calendar {tariff} still waits in meter {meter}")
    return Undone(f"calendar {tariff} waits in the meter no more; it goes on with {active}")
