"""What the steps of an order do at the meter. Each may be done again without harm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from csire_bridge.domain.clock import start_of
from csire_bridge.domain.errors import OutcomeUnknown
from csire_bridge.domain.identifiers import MeterNumber
from csire_bridge.domain.metering import ENERGY_REGISTERS, RegisterReading
from csire_bridge.domain.order_steps import OrderStep, StepKind, StepState
from csire_bridge.domain.orders import Order, OrderKind
from csire_bridge.pipeline.ports import HeadEnd

__all__ = ["ChildNeeded", "Performed", "Performing", "perform"]

_AGAIN = "it is read again"


@dataclass(frozen=True, slots=True)
class Performing:
    """A step that is to be done at a meter."""

    order: Order
    step: OrderStep
    meter: MeterNumber


@dataclass(frozen=True, slots=True)
class Performed:
    """A step that has ended, as the meter itself confirms."""

    state: StepState
    text: str
    readings: Sequence[RegisterReading] = ()


@dataclass(frozen=True, slots=True)
class ChildNeeded:
    """The contactor has to be moved."""

    kind: OrderKind


def perform(head_end: HeadEnd, performing: Performing) -> Performed | ChildNeeded:
    """Do a step. Raises HeadEndUnreachable, HeadEndRefused, or OutcomeUnknown where what was written is not there."""
    match performing.step.kind:
        case StepKind.READ:
            readings = head_end.read_registers(performing.meter, ENERGY_REGISTERS)
            return Performed(StepState.DONE, f"{len(readings)} registers read", readings)
        case StepKind.TARIFF:
            return _write_tariff(head_end, performing)
        case StepKind.ACTIVATE:
            return _activate(head_end, performing)
        case StepKind.CONNECT:
            if head_end.read_contactor(performing.meter).connected:
                return Performed(StepState.SKIPPED, "the supply is on")
            return ChildNeeded(OrderKind.RECONNECT)
        case StepKind.DISCONNECT:
            return ChildNeeded(OrderKind.DISCONNECT)


def _write_tariff(head_end: HeadEnd, performing: Performing) -> Performed:
    """Write the passive calendar with its moment, and read it back."""
    tariff, meter = performing.order.tariff_group or "", performing.meter
    at = _activation(performing)
    if not head_end.read_calendar(meter).waits(tariff, at):
        head_end.write_calendar(meter, tariff, at)
        if not head_end.read_calendar(meter).waits(tariff, at):
            raise OutcomeUnknown(f"the calendar {tariff} does not stand in meter {meter} after it was written", _AGAIN)
    return Performed(StepState.DONE, f"calendar {tariff} is in the meter, to count from {at:%Y-%m-%d %H:%M} UTC on")


def _activation(performing: Performing) -> datetime:
    """When (UTC) the calendar is to count: from the start of the order's date, in Polish time."""
    date = performing.order.effective_date
    return start_of(date) if date else performing.step.not_before


def _activate(head_end: HeadEnd, performing: Performing) -> Performed:
    """The meter activates its calendar by itself; where it has not, it is told to. The reading proves it."""
    tariff, meter = performing.order.tariff_group or "", performing.meter
    if head_end.read_calendar(meter).active != tariff:
        head_end.activate_calendar(meter)
        if head_end.read_calendar(meter).active != tariff:
            raise OutcomeUnknown(f"the calendar {tariff} does not count in meter {meter} yet", _AGAIN)
    return Performed(StepState.DONE, f"the meter counts by calendar {tariff}")
