"""What may be concluded about an order from an event of the head-end system and a reading of the contactor.

The rule: never conclude from a reply or an event alone that the contactor moved. An event says *when* it moved, a
reading says *whether*. A reading from before the command proves nothing about the command.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from csire_bridge.domain.meter.contactor import ContactorReading, HeadEndEvent, HeadEndEventKind
from csire_bridge.domain.meter.evidence import as_fine_as, is_older
from csire_bridge.domain.order.order import OrderKind, OrderState, Outcome
from csire_bridge.domain.order.outcome.supply import Sighting, Supply, shown

__all__ = ["Conclusion", "ExecutionTime", "conclude", "execution_time"]


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What an order becomes. ``executed_at`` is set for ``DONE`` only."""

    state: OrderState
    outcome: Outcome
    text: str
    executed_at: datetime | None = None
    executed_from: str | None = None


@dataclass(frozen=True, slots=True)
class ExecutionTime:
    """When (UTC) the contactor moved, as far as known, and ``source``: where that time is from."""

    at: datetime
    source: str


def conclude(
    kind: OrderKind,
    event: HeadEndEvent | None,
    reading: ContactorReading,
    submitted_at: datetime,
    *,
    before: Sighting | None = None,
    armed_counts: bool = False,
) -> Conclusion:
    """Decide from the contactor's reading; the event only tells the time, and whether the command has ended.

    ``kind`` must be a disconnection or a reconnection. A rejection also requires a reading that shows the contactor
    unmoved: a reported failure alone does not count. Without an event, a contactor that has not moved leaves the
    outcome unknown: the command may still be under way. So does a reading from before ``submitted_at``. ``before`` is
    how the contactor was seen until then. ``armed_counts`` is for operators who regard a reconnection as carried out
    once the customer can switch on.
    """
    if is_older(reading.read_at, submitted_at):
        text = f"contactor read at {reading.read_at.isoformat()}, before the command: that proves nothing"
        return Conclusion(OrderState.UNKNOWN, Outcome.UNKNOWN, text)
    if kind is OrderKind.RECONNECT and reading.armed:
        return _armed(event, reading, submitted_at, before, counts=armed_counts)
    if kind is OrderKind.DISCONNECT and reading.disconnected:
        time = execution_time(event, HeadEndEventKind.DISCONNECTED, reading, submitted_at, before)
        text = "contactor read: disconnected"
        return Conclusion(OrderState.DONE, Outcome.DISCONNECTED, text, time.at, time.source)
    if kind is OrderKind.RECONNECT and reading.connected:
        time = execution_time(event, HeadEndEventKind.CONNECTED, reading, submitted_at, before)
        text = "contactor read: connected"
        return Conclusion(OrderState.DONE, Outcome.CONNECTED, text, time.at, time.source)
    unmoved = reading.connected if kind is OrderKind.DISCONNECT else reading.disconnected
    if unmoved and event is not None and event.kind.failure:
        return Conclusion(
            OrderState.REJECTED,
            Outcome.NOT_SWITCHED,
            f"head-end system reports {event.kind}: {event.text or event.code}",
        )
    return Conclusion(OrderState.UNKNOWN, Outcome.UNKNOWN, "contactor read: not in the wanted state")


def _armed(
    event: HeadEndEvent | None,
    reading: ContactorReading,
    submitted_at: datetime,
    before: Sighting | None,
    *,
    counts: bool,
) -> Conclusion:
    text = "contactor is ready for reconnection: the supply is still off"
    if not counts:
        return Conclusion(OrderState.ARMED, Outcome.ARMED, text)
    time = execution_time(event, HeadEndEventKind.ARMED, reading, submitted_at, before)
    return Conclusion(OrderState.DONE, Outcome.ARMED, text, time.at, time.source)


def execution_time(
    event: HeadEndEvent | None,
    expected: HeadEndEventKind,
    reading: ContactorReading,
    submitted_at: datetime,
    before: Sighting | None = None,
) -> ExecutionTime:
    """The event's own time where the readings around it allow it, else that of the reading that first saw it (UTC).

    Allowed: the event reports this very movement, at a moment after the command was given and before the contactor was
    seen so; and where the contactor is known from ``before``, it was last seen otherwise before that moment.
    """
    state = shown(reading)
    since_command = before is not None and before.state is state and before.first_seen_at >= submitted_at
    verified_at = max(reading.read_at, submitted_at)
    if before is not None and since_command:
        verified_at = min(before.first_seen_at, verified_at)
    if event is None or event.kind not in (expected, HeadEndEventKind.PROCESSED):
        return ExecutionTime(verified_at, "reading")
    against = _against(event.occurred_at, before, state, submitted_at, verified_at, since_command=since_command)
    if against is not None:
        told = f"{event.occurred_at:%Y-%m-%d %H:%M:%S} UTC"
        return ExecutionTime(verified_at, f"reading; the head-end system's claim of {told} is refused: {against}")
    return ExecutionTime(event.occurred_at, "event of the head-end system")


def _against(
    at: datetime,
    before: Sighting | None,
    state: Supply | None,
    submitted_at: datetime,
    verified_at: datetime,
    *,
    since_command: bool,
) -> str | None:
    """The reason why the contactor can't have moved at ``at``; None if it can."""
    if at < as_fine_as(submitted_at, at):
        return "that was before the command"
    if at > verified_at:
        return "the contactor was seen so earlier"
    if before is None:
        return None
    if before.state is state and not since_command:
        return "the contactor was seen so before the command"
    otherwise = before.other_seen_at if before.state is state else before.last_seen_at
    if otherwise is not None and at < otherwise:
        return f"the contactor was seen otherwise at {otherwise:%Y-%m-%d %H:%M:%S} UTC"
    return None
