"""Rules for reports of field work: when a person's report "done" or "not done" may be believed.

People are checked too: "done" requires a reading of the contactor. Only if it can't be read does the report count by
itself, and then the order says so. An order can't end as "cannot" if the supply has switched.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from csire_bridge.domain.errors import ActionRefused
from csire_bridge.domain.meter.contactor import ContactorReading
from csire_bridge.domain.meter.evidence import is_older
from csire_bridge.domain.order.order import Order, OrderKind, OrderState, Outcome
from csire_bridge.domain.order.outcome.conclusion import conclude

__all__ = ["SiteReport", "check_moment", "check_unmoved", "is_fresh", "proven"]

_REPORTED = {OrderKind.DISCONNECT: Outcome.DISCONNECTED, OrderKind.RECONNECT: Outcome.CONNECTED}


@dataclass(frozen=True, slots=True)
class SiteReport:
    """It was done at ``at`` (UTC), as ``seen_by`` saw it. ``unread``: let it count even if no contactor can be read."""

    at: datetime
    seen_by: str
    unread: bool = False


def check_moment(order: Order, at: datetime, now: datetime, sent_at: datetime | None = None) -> None:
    """Raise ActionRefused for a moment in the future, or before the order could have been carried out (all UTC).

    That is before the order's registration, its last command, or ``sent_at``: when it was left to a field crew. People
    report full minutes, so a moment within the same minute as the last two is accepted.
    """
    if at > now:
        raise ActionRefused(f"{at.isoformat()} lies in the future", "give the moment at which it was done")
    before = {
        f"order {order.key} was registered": order.registered_at,
        "the last command to its meter was given": _minute(order.submitted_at),
        f"order {order.key} was left to people on site": _minute(sent_at),
    }
    for what, since in before.items():
        if since is not None and at < since:
            raise ActionRefused(
                f"{what} at {since.isoformat()}, after {at.isoformat()}",
                "what was done before an order is not its execution: give the moment at which it was done",
            )


def _minute(moment: datetime | None) -> datetime | None:
    return moment and moment.replace(second=0, microsecond=0)


def is_fresh(reading: ContactorReading, since: datetime) -> bool:
    """Whether a reading can prove what was done at ``since`` (UTC): only if it was taken then or later."""
    return not is_older(reading.read_at, since)


def proven(order: Order, reading: ContactorReading | None, *, armed_counts: bool) -> Outcome | None:
    """The outcome of an order that is reported done; without a reading, the reported one.

    None for an order that moves no contactor. Raises ActionRefused if the reading contradicts the report.
    """
    if reading is None:
        return _REPORTED.get(order.kind)
    found = conclude(order.kind, None, reading, order.registered_at, armed_counts=armed_counts)
    if found.state is not OrderState.DONE:
        raise ActionRefused(
            f"order {order.key} is not done: its contactor was read just now, and {_state_of(reading)}",
            "look at the meter again; nothing was written, and the hub was told nothing",
        )
    return found.outcome


def check_unmoved(order: Order, reading: ContactorReading) -> None:
    """Raise ActionRefused if the supply is already as the order wants it: then it can't be answered with "cannot"."""
    if reading.output_state is (order.kind is OrderKind.RECONNECT):
        raise ActionRefused(
            f"order {order.key} can't end without effect: its contactor was read just now, and {_state_of(reading)}",
            "report it --done with the moment; or take it back with `orders retry`, so that the bridge finds out",
        )


def _state_of(reading: ContactorReading) -> str:
    supply = "on" if reading.output_state else "off"
    return f"the supply is {supply} ({reading.control_state.name.lower().replace('_', ' ')})"
