"""Disconnections that were asked for too long ago: something newer, such as a payment, may not be known here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from csire_bridge.domain.clock import start_of
from csire_bridge.domain.order.order import Order, OrderKind

__all__ = ["TooOld", "wanted_at"]


def wanted_at(order: Order) -> datetime:
    """The latest moment (UTC) for which ``order`` itself says that it is wanted.

    It is that of the newest of its messages or registrations in SID, or the start of the day that they ask for.
    """
    day = order.effective_date or order.requested_date
    moments = (order.registered_at, order.renewed_at, order.dated_at, start_of(day) if day else None)
    return max(moment for moment in moments if moment is not None)


@dataclass(frozen=True, slots=True)
class TooOld:
    """The one rule about disconnections that come to be carried out long after they were asked for.

    It is asked when an order is registered, and again just before its command. ``oldest`` is how long after it was
    wanted a disconnection may still be carried out without a person.
    """

    oldest: timedelta

    def why(self, order: Order, now: datetime, looked_after: datetime | None = None) -> str | None:
        """Why a person must decide about ``order`` at ``now`` (UTC); None if it may be carried out.

        ``looked_after``: until when (UTC) it is known to be wanted by something else than the order: its message came
        with a retroactive token just now; or it waited here, and was to be looked at again at that moment. An order
        that waits for a rule or a date is looked at again and again, so only the time while we were away counts.
        """
        if order.kind is not OrderKind.DISCONNECT:
            return None
        wanted = wanted_at(order) if looked_after is None else max(wanted_at(order), looked_after)
        if wanted >= now - self.oldest:
            return None
        asked = f"asked for on {order.registered_at:%Y-%m-%d %H:%M} UTC"
        if wanted > order.registered_at:
            return f"{asked} and due on {wanted:%Y-%m-%d %H:%M} UTC, and carried out only now: a person decides"
        return f"{asked}, and understood only now: a person decides"
