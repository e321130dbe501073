"""What may be believed of a report about an order that was carried out, or not, without the bridge.

The rule of the house holds for people too: "done" needs the contactor's word. Only where it can't be asked does a
report stand alone, and then the order says so. "Cannot" is not said of a supply that has switched.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from csire_bridge.domain.contactor import ContactorReading
from csire_bridge.domain.errors import ActRefused
from csire_bridge.domain.execution import CLOCK_TOLERANCE, conclude
from csire_bridge.domain.orders import Order, OrderKind, OrderState, Outcome

__all__ = ["SiteReport", "check_moment", "check_unmoved", "is_fresh", "proven"]

_REPORTED = {OrderKind.DISCONNECT: Outcome.DISCONNECTED, OrderKind.RECONNECT: Outcome.CONNECTED}


@dataclass(frozen=True, slots=True)
class SiteReport:
    """It was done at ``at`` (UTC), as ``seen_by`` saw it. ``unread``: let it count even if no contactor can be read."""

    at: datetime
    seen_by: str
    unread: bool = False


def check_moment(order: Order, at: datetime, now: datetime) -> None:
    """Raise ActRefused for a moment in the future or before the order was registered (all UTC)."""
    if at > now:
        raise ActRefused(f"{at.isoformat()} lies in the future", "give the moment at which it was done")
    if at < order.registered_at:
        raise ActRefused(
            f"order {order.key} was registered at {order.registered_at.isoformat()}, after {at.isoformat()}",
            "what was done before an order is not its execution: give the moment at which it was done",
        )


def is_fresh(reading: ContactorReading, since: datetime) -> bool:
    """Whether a reading can tell of what was done at ``since`` (UTC), give or take the clocks' tolerance."""
    return reading.read_at >= since - CLOCK_TOLERANCE


def proven(order: Order, reading: ContactorReading | None, *, armed_counts: bool) -> Outcome | None:
    """The outcome of an order that is reported done; without a reading, what was reported.

    None for an order that moves no contactor. Raises ActRefused when the reading contradicts the report.
    """
    if reading is None:
        return _REPORTED.get(order.kind)
    found = conclude(order.kind, None, reading, order.registered_at, armed_counts=armed_counts)
    if found.state is not OrderState.DONE:
        raise ActRefused(
            f"order {order.key} is not done: its contactor was read just now, and {_state_of(reading)}",
            "look at the meter again; nothing was written, and the hub was told nothing",
        )
    return found.outcome


def check_unmoved(order: Order, reading: ContactorReading) -> None:
    """Raise ActRefused when the supply is where the order wants it: it can't be answered with "cannot"."""
    if reading.output_state is (order.kind is OrderKind.RECONNECT):
        raise ActRefused(
            f"order {order.key} can't end without effect: its contactor was read just now, and {_state_of(reading)}",
            "report it --done with the moment; or take it back with `orders retry`, so that the bridge finds out",
        )


def _state_of(reading: ContactorReading) -> str:
    supply = "on" if reading.output_state else "off"
    return f"the supply is {supply} ({reading.control_state.name.lower().replace('_', ' ')})"
