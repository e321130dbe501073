"""What may be concluded about an order from an event of the head-end system and a reading of the contactor.

The rule of the house: never conclude from a reply or an event alone that the contactor moved. An event says
*when*, a reading says *whether*. A reading from before the command says nothing about it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from csire_bridge.domain.contactor import ContactorReading, HeadEndEvent, HeadEndEventKind
from csire_bridge.domain.evidence import GRAIN, is_older
from csire_bridge.domain.orders import OrderKind, OrderState, Outcome

__all__ = ["Conclusion", "conclude", "execution_time"]


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
    the outcome unknown: the command may still be on its way. So does a reading from before ``submitted_at``.
    ``armed_counts`` is for operators who regard a reconnection as carried out once the customer can switch on.
    """
    if is_older(reading.read_at, submitted_at):
        text = f"contactor read at {reading.read_at.isoformat()}, before the command: that proves nothing"
        return Conclusion(OrderState.UNKNOWN, Outcome.UNKNOWN, text)
    if kind is OrderKind.RECONNECT and reading.armed:
        return _armed(event, reading, submitted_at, counts=armed_counts)
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
    unmoved = reading.connected if kind is OrderKind.DISCONNECT else reading.disconnected
    if unmoved and event is not None and event.kind.failure:
        return Conclusion(
            OrderState.CANNOT, Outcome.NOT_SWITCHED, f"head-end system reports {event.kind}: {event.text or event.code}"
        )
    return Conclusion(OrderState.UNKNOWN, Outcome.UNKNOWN, "contactor read: not in the wanted state")


def _armed(
    event: HeadEndEvent | None, reading: ContactorReading, submitted_at: datetime, *, counts: bool
) -> Conclusion:
    text = "contactor is ready for reconnection: the supply is still off"
    if not counts:
        return Conclusion(OrderState.ARMED, Outcome.ARMED, text)
    at = execution_time(event, HeadEndEventKind.ARMED, reading, submitted_at)
    return Conclusion(OrderState.DONE, Outcome.ARMED, text, at)


def execution_time(
    event: HeadEndEvent | None, expected: HeadEndEventKind, reading: ContactorReading, submitted_at: datetime
) -> datetime:
    """The event's own time where it is believable, else the time of verification (both UTC).

    Believable: the event reports this very movement, not before the command was given nor after it was verified.
    """
    verified_at = max(reading.read_at, submitted_at)
    if event is None or event.kind not in (expected, HeadEndEventKind.PROCESSED):
        return verified_at
    believable = submitted_at - GRAIN <= event.occurred_at <= reading.read_at
    return max(event.occurred_at, submitted_at) if believable else verified_at
