"""The last known state of a contactor, and whether an order explains it.

A reading shows a state, an event only claims one. Both may reveal a state that no order asked for: a person must know
of it, above all if a household has no supply.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from csire_bridge.domain.identifiers import MeteringPointCode, MeterNumber
from csire_bridge.domain.meter.contactor import ContactorReading, ControlState, HeadEndEvent, HeadEndEventKind
from csire_bridge.domain.order.order import OrderKind, Outcome

__all__ = [
    "Movement",
    "Sighting",
    "Supply",
    "claimed",
    "explained",
    "leads_to",
    "outdated",
    "seen",
    "shown",
    "supply_of",
]


class Supply(StrEnum):
    """The state of the supply. ``READY``: off, and the customer can switch on at the meter."""

    ON = "on"
    OFF = "off"
    READY = "ready"


_OF_CONTROL = {
    ControlState.CONNECTED: Supply.ON,
    ControlState.DISCONNECTED: Supply.OFF,
    ControlState.READY_FOR_RECONNECTION: Supply.READY,
}
_OF_EVENT = {
    HeadEndEventKind.CONNECTED: Supply.ON,
    HeadEndEventKind.DISCONNECTED: Supply.OFF,
    HeadEndEventKind.ARMED: Supply.READY,
}
_OF_OUTCOME = {Outcome.CONNECTED: Supply.ON, Outcome.DISCONNECTED: Supply.OFF, Outcome.ARMED: Supply.READY}
_LEADS_TO = {
    OrderKind.DISCONNECT: frozenset({Supply.OFF}),
    OrderKind.RECONNECT: frozenset({Supply.ON, Supply.READY}),
}


def shown(reading: ContactorReading) -> Supply | None:
    """The state that a reading shows; None if its two attributes contradict each other."""
    state = _OF_CONTROL[reading.control_state]
    return state if reading.output_state is (state is Supply.ON) else None


def claimed(event: HeadEndEvent) -> Supply | None:
    """The state that an event claims; None for an event that reports no movement."""
    if event.kind in _OF_EVENT:
        return _OF_EVENT[event.kind]
    told = event.kind is HeadEndEventKind.PROCESSED and event.contactor is not None
    return _OF_CONTROL[event.contactor] if told and event.contactor is not None else None


def leads_to(kind: OrderKind, state: Supply) -> bool:
    """Whether an order of this kind asks for a movement that ends in ``state``."""
    return state in _LEADS_TO.get(kind, ())


def supply_of(outcome: Outcome | None) -> Supply | None:
    """The state in which an order that was done has left the supply; None if not known."""
    return None if outcome is None else _OF_OUTCOME.get(outcome)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """The last known state of a meter's contactor. All moments are UTC.

    ``state`` was seen first at ``first_seen_at`` and last at ``last_seen_at``, with no other in between;
    ``other_seen_at`` is when it was last seen in another. ``left`` is the state in which the last order that was done
    has left it, ``left_by`` that order.
    """

    meter: MeterNumber
    state: Supply
    first_seen_at: datetime
    last_seen_at: datetime
    other_seen_at: datetime | None = None
    left: Supply | None = None
    left_by: int | None = None


def seen(before: Sighting | None, meter: MeterNumber, state: Supply, at: datetime) -> Sighting:
    """The sighting after the contactor was seen in ``state`` at ``at`` (UTC); an earlier moment changes nothing."""
    if before is None:
        return Sighting(meter=meter, state=state, first_seen_at=at, last_seen_at=at)
    if at < before.last_seen_at:
        return before
    if state is before.state:
        return replace(before, last_seen_at=at)
    return replace(before, state=state, first_seen_at=at, last_seen_at=at, other_seen_at=before.last_seen_at)


def explained(state: Supply, left: Supply | None, asked: Collection[OrderKind]) -> bool:
    """Whether an order explains that a contactor is in ``state``.

    ``left`` is the state in which the last order that was done has left it, None where there was none. ``asked`` are
    the kinds of the orders that are open there. A customer may press the button of a meter that was left ready. If
    nothing is known, supply on is explained, and supply off is explained by an open request for a connection.
    """
    if state is left or (state is Supply.ON and left is Supply.READY):
        return True
    if any(leads_to(kind, state) for kind in asked):
        return True
    return left is None and (state is Supply.ON or OrderKind.RECONNECT in asked)


def outdated(event: HeadEndEvent, known: Sighting | None) -> bool:
    """Whether the contactor was read after the moment of an event, which is then out of date."""
    return known is not None and event.occurred_at <= known.last_seen_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """A state of a contactor that no order explains: seen or claimed (``source``) for ``at``, noticed then (UTC).

    ``told`` is what the hub was last told of that meter, in words. A person settles it with a reason, or it is settled
    automatically once an order or a reading explains the state.
    """

    key: int
    meter: MeterNumber
    metering_point: MeteringPointCode | None
    state: Supply
    source: str
    at: datetime
    noticed_at: datetime
    told: str
    settled_at: datetime | None = None
    settled_by: str | None = None
    why: str | None = None

    @property
    def text(self) -> str:
        """One sentence for people, who know meters by their numbers; the metering point is masked."""
        point = f" at metering point {self.metering_point.masked}" if self.metering_point else ""
        what = "supply is ON" if self.state is Supply.ON else f"supply is OFF ({self.state})"
        return f"meter {self.meter}{point}: {what} by {self.source} of {self.at:%Y-%m-%d %H:%M} UTC; {self.told}"
