"""What may be concluded about an order from an event of the head-end system and a reading of the contactor.

The rule of the house: never conclude from a reply or an event alone that the contactor moved. An event says
*when*, a reading says *whether*.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from csire_bridge.domain.contactor import ContactorReading, HeadEndEvent, HeadEndEventKind
from csire_bridge.domain.orders import OrderKind, OrderState, Outcome

__all__ = ["CLOCK_TOLERANCE", "Conclusion", "conclude", "execution_time"]

CLOCK_TOLERANCE = timedelta(minutes=5)
"""How far a meter's clock may be off before its time is not believed (DLMS UA: a few minutes are common)."""


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What an order becomes. ``executed_at`` is set for ``DONE`` only."""

    state: OrderState
    outcome: Outcome
    text: str
    executed_at: datetime | None = None


def conclude(
    kind: OrderKind,
    event: HeadEndEvent | None,
    reading: ContactorReading,
    submitted_at: datetime,
    *,
    armed_counts: bool = False,
) -> Conclusion:
    """Decide from the contactor's reading; the event only tells the time, and whether the command has ended.

    ``kind`` must be a disconnection or a reconnection. "Cannot" too needs the contactor's word: a reported failure
    counts only where the contactor was read and has not moved. Without an event, a contactor that has not moved leaves
    the outcome unknown: the command may still be on its way. ``armed_counts`` is for operators who regard a
    reconnection as carried out once the customer can switch on.
    """
    if kind is OrderKind.DISCONNECT and reading.disconnected:
        return Conclusion(
            OrderState.DONE,
            Outcome.DISCONNECTED,
            "contactor read: disconnected",
            execution_time(event, HeadEndEventKind.DISCONNECTED, reading, submitted_at),
        )
    if kind is OrderKind.RECONNECT and reading.connected:
        return Conclusion(
            OrderState.DONE,
            Outcome.CONNECTED,
            "contactor read: connected",
            execution_time(event, HeadEndEventKind.CONNECTED, reading, submitted_at),
        )
    if kind is OrderKind.RECONNECT and reading.armed:
        text = "contactor is ready for reconnection: the supply is still off"
        if armed_counts:
            at = execution_time(event, HeadEndEventKind.ARMED, reading, submitted_at)
            return Conclusion(OrderState.DONE, Outcome.ARMED, text, at)
        return Conclusion(OrderState.ARMED, Outcome.ARMED, text)
    unmoved = reading.connected if kind is OrderKind.DISCONNECT else reading.disconnected
    if unmoved and event is not None and event.kind.failure:
        return Conclusion(
            OrderState.CANNOT, Outcome.NOT_SWITCHED, f"head-end system reports {event.kind}: {event.text or event.code}"
        )
    return Conclusion(OrderState.UNKNOWN, Outcome.UNKNOWN, "contactor read: not in the wanted state")


def execution_time(
    event: HeadEndEvent | None, expected: HeadEndEventKind, reading: ContactorReading, submitted_at: datetime
) -> datetime:
    """The event's own time where it is believable, else the time of verification (both UTC).

    Believable: the event reports this very movement, not before the command was given nor after it was verified,
    give or take the clocks' tolerance.
    """
    if event is None or event.kind not in (expected, HeadEndEventKind.PROCESSED):
        return reading.read_at
    earliest, latest = submitted_at - CLOCK_TOLERANCE, reading.read_at + CLOCK_TOLERANCE
    return event.occurred_at if earliest <= event.occurred_at <= latest else reading.read_at
