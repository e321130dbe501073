"""The guards as lines for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from csire_bridge.cli.shared.console import duration
from csire_bridge.cli.shared.moments import local
from csire_bridge.cli.shared.table import Column
from csire_bridge.domain.law.policy import LawPolicy
from csire_bridge.domain.metering_point.complaints import Complaint, ComplaintStanding
from csire_bridge.domain.metering_point.guards import Allowance, Stop
from csire_bridge.domain.metering_point.holds import Hold
from csire_bridge.domain.order.order import NEEDS_OPERATOR, Order
from csire_bridge.store.queries.guard_facts import back_by

__all__ = [
    "ALLOWANCE_COLUMNS",
    "HOLD_COLUMNS",
    "ListedHold",
    "allowance_line",
    "hold_line",
    "met_lines",
    "stop_line",
]


def stop_line(stop: Stop | None) -> str:
    """For people."""
    if stop is None:
        return "the stop switch is not thrown"
    return f"the stop switch is thrown ({stop.scope}) since {local(stop.since)} by {stop.by}: {stop.why}"


def hold_line(hold: Hold, now: datetime, law: LawPolicy) -> str:
    """For people."""
    end = f"until {local(hold.until)}" if hold.until else "until it is released"
    over = "" if hold.holds(now) else " (over)"
    what = f"hold {hold.key}: {hold.metering_point} {hold.kind}, stops {hold.kind.stops}"
    if hold.complaint is not None:
        end = "; ".join(_complaint_words(hold.complaint, now, law))
    return f"{what} {end}{over}; {hold.by}: {hold.why}"


@dataclass(frozen=True, slots=True)
class ListedHold:
    """A hold as it stands at a moment (UTC), by the law."""

    hold: Hold
    now: datetime
    law: LawPolicy

    @property
    def standing(self) -> str:
        """What stands, and how it ends."""
        if self.hold.complaint is not None:
            over = "" if self.hold.holds(self.now) else "over: "
            return over + "; ".join(_complaint_words(self.hold.complaint, self.now, self.law))
        if not self.hold.holds(self.now):
            return "over"
        return "it holds until then" if self.hold.until else "it holds until it is released"


HOLD_COLUMNS: Sequence[Column[ListedHold]] = (
    Column("key", lambda row: row.hold.key),
    Column("point", lambda row: str(row.hold.metering_point)),
    Column("kind", lambda row: row.hold.kind),
    Column("stops", lambda row: row.hold.kind.stops, goes=3),
    Column("since", lambda row: row.hold.since, goes=4),
    Column("until", lambda row: row.hold.until, goes=2),
    Column("by", lambda row: row.hold.by, goes=5),
    Column("standing", lambda row: row.standing, words=True),
    Column("why", lambda row: row.hold.why, goes=1, words=True),
)
ALLOWANCE_COLUMNS: Sequence[Column[Allowance]] = (
    Column("key", lambda one: one.key),
    Column("count", lambda one: one.count, right=True),
    Column("asked-by", lambda one: one.asked_by, words=True),
    Column("approved-by", lambda one: one.approved_by or "waits for another person", words=True),
    Column("until", lambda one: one.until, goes=1),
    Column("why", lambda one: one.why, words=True),
)


def met_lines(orders: Iterable[Order]) -> list[str]:
    """What becomes of the open orders that a hold meets."""
    return [
        f"order {order.key} ({order.kind}) is {order.state}: "
        + ("call the people back" if order.state in NEEDS_OPERATOR else "its next command is not given")
        for order in orders
    ]


def _complaint_words(complaint: Complaint, now: datetime, law: LawPolicy) -> Iterator[str]:
    """What stands, what counts from when, and what is left."""
    standing = complaint.standing(now)
    yield complaint.words(now)
    if standing is ComplaintStanding.OPEN and complaint.decide_by is not None:
        left = duration((complaint.decide_by - now).total_seconds())
        yield f"it counts as upheld from {local(complaint.decide_by)}, {left} are left to decide"
    elif standing is ComplaintStanding.OPEN:
        yield "it holds until it is decided"
    elif standing is not ComplaintStanding.REJECTED:
        yield "it holds until it is released"
    back = back_by(complaint, law)
    if back is not None and standing is not ComplaintStanding.REJECTED:
        yield f"the supply must be back by {local(back)}"
    for what, at, by, why in (
        (complaint.decision, complaint.decided_at, complaint.decided_by, complaint.decided_why),
        (ComplaintStanding.DISPUTED, complaint.disputed_at, complaint.disputed_by, complaint.disputed_why),
    ):
        if at is not None:
            yield f"{what} {local(at)}, entered by {by}: {why}"


def allowance_line(allowance: Allowance) -> str:
    """For people."""
    what = f"request {allowance.key}: {allowance.count} above the cap, asked by {allowance.asked_by}: {allowance.why}"
    if allowance.until is None:
        return f"{what}; waits for another person: csire-bridge allow approve {allowance.key}"
    return f"{what}; approved by {allowance.approved_by}, counts until {local(allowance.until)}"
