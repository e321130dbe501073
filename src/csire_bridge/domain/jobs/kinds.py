"""What a job can do to each of its items, and the details that it needs for that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from enum import StrEnum

from csire_bridge.domain.errors import ActionRefused
from csire_bridge.domain.metering_point.complaints import Decision
from csire_bridge.domain.metering_point.guards import StopScope
from csire_bridge.domain.metering_point.holds import HoldKind
from csire_bridge.domain.order.order import RejectionReason
from csire_bridge.domain.people.acts import Act
from csire_bridge.domain.protection import ProtectedKind

__all__ = ["ABOUT", "JobDetails", "JobKind", "KindFacts", "Subject", "check_details"]


class Subject(StrEnum):
    """What the items of a job are: keys of orders, messages, holds, parked work or movements; codes of points; the stop
    switch.
    """

    ORDERS = "orders"
    POINTS = "points"
    HOLDS = "holds"
    MESSAGES = "messages"
    WORK = "work"
    MOVEMENTS = "movements"
    STOP = "stop"


class JobKind(StrEnum):
    """What is done to each item."""

    RETRY = "retry"
    FIELD_WORK = "field-work"
    REPORT_DONE = "report-done"
    REPORT_NOT_DONE = "report-not-done"
    WITHDRAW = "withdraw"
    SETTLE = "settle"
    RESEND = "resend"
    RELEASE_WORK = "release-work"
    JUDGE_AGAIN = "judge-again"
    REPLAY = "replay"
    HOLD = "hold"
    RELEASE_HOLD = "release-hold"
    COMPLAINT = "complaint"
    DECIDE_COMPLAINT = "decide-complaint"
    DISPUTE_COMPLAINT = "dispute-complaint"
    PROTECT = "protect"
    UNPROTECT = "unprotect"
    DANGER_CUT = "danger-cut"
    DANGER_LIFT = "danger-lift"
    SET_METER = "set-meter"
    EXPLAIN_MOVEMENT = "explain-movement"
    STOP = "stop"
    LIFT_STOP = "lift-stop"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobDetails:
    """What is the same for all items. Moments are UTC, ``last_day`` is a Polish date.

    ``hold`` and ``until`` are of a new hold, ``protected`` and ``last_day`` of a protected household. ``reason`` and
    ``code`` tell the hub why an order can't be carried out. ``unread``: an order ends although its meter can't be
    read. ``executed_at`` and ``seen_by`` are of a report that it was carried out. A complaint was ``lodged``, perhaps
    ``after_cut``, and has a ``decision``. ``meter`` is at a point; empty: none is. ``scope`` is what the stop switch
    stops, ``despite_stop`` that a cut because of danger goes all the same.
    """

    hold: HoldKind | None = None
    until: datetime | None = None
    protected: ProtectedKind | None = None
    last_day: date | None = None
    reason: str | None = None
    code: RejectionReason | None = None
    unread: bool = False
    executed_at: datetime | None = None
    seen_by: str | None = None
    lodged: datetime | None = None
    after_cut: bool = False
    decision: Decision | None = None
    meter: str | None = None
    scope: StopScope | None = None
    despite_stop: bool = False

    @property
    def given(self) -> frozenset[str]:
        """The names of those that are given."""
        return frozenset(one.name for one in fields(self) if getattr(self, one.name) not in (None, False))


@dataclass(frozen=True, slots=True)
class KindFacts:
    """What is known of a kind: the act it is, what its items are, the details that it must and may have.

    ``alone``: a job has one item only, because each is a decision of its own.
    """

    act: Act
    subject: Subject
    must: frozenset[str] = frozenset()
    may: frozenset[str] = frozenset()
    alone: bool = False


def _of(act: Act, subject: Subject, must: str = "", may: str = "", *, alone: bool = False) -> KindFacts:
    return KindFacts(act, subject, frozenset(must.split()), frozenset(may.split()), alone)


ABOUT: Mapping[JobKind, KindFacts] = {
    JobKind.RETRY: _of(Act.ORDER_RETRY, Subject.ORDERS),
    JobKind.FIELD_WORK: _of(Act.ORDER_FIELD_WORK, Subject.ORDERS),
    JobKind.REPORT_DONE: _of(Act.ORDER_REPORT_DONE, Subject.ORDERS, "executed_at", "seen_by unread", alone=True),
    JobKind.REPORT_NOT_DONE: _of(Act.ORDER_REPORT_NOT_DONE, Subject.ORDERS, "reason", "code unread"),
    JobKind.WITHDRAW: _of(Act.ORDER_WITHDRAW, Subject.ORDERS, may="unread"),
    JobKind.SETTLE: _of(Act.ORDER_SETTLE, Subject.ORDERS),
    JobKind.RESEND: _of(Act.ANSWER_RESEND, Subject.ORDERS),
    JobKind.RELEASE_WORK: _of(Act.WORK_RELEASE, Subject.WORK),
    JobKind.JUDGE_AGAIN: _of(Act.MESSAGE_JUDGE_AGAIN, Subject.MESSAGES),
    JobKind.REPLAY: _of(Act.MESSAGE_REPLAY, Subject.MESSAGES),
    JobKind.HOLD: _of(Act.HOLD_SET, Subject.POINTS, "hold", "until"),
    JobKind.RELEASE_HOLD: _of(Act.HOLD_RELEASE, Subject.HOLDS),
    JobKind.COMPLAINT: _of(Act.COMPLAINT_LODGE, Subject.POINTS, may="lodged after_cut", alone=True),
    JobKind.DECIDE_COMPLAINT: _of(Act.COMPLAINT_DECIDE, Subject.HOLDS, "decision", alone=True),
    JobKind.DISPUTE_COMPLAINT: _of(Act.COMPLAINT_DISPUTE, Subject.HOLDS, alone=True),
    JobKind.PROTECT: _of(Act.PROTECTION_SET, Subject.POINTS, "protected", "last_day"),
    JobKind.UNPROTECT: _of(Act.PROTECTION_END, Subject.POINTS),
    JobKind.DANGER_CUT: _of(Act.DANGER_CUT, Subject.POINTS, may="despite_stop", alone=True),
    JobKind.DANGER_LIFT: _of(Act.DANGER_LIFT, Subject.POINTS, alone=True),
    JobKind.SET_METER: _of(Act.POINT_METER, Subject.POINTS, "meter", alone=True),
    JobKind.EXPLAIN_MOVEMENT: _of(Act.MOVEMENT_EXPLAIN, Subject.MOVEMENTS, alone=True),
    JobKind.STOP: _of(Act.STOP_THROW, Subject.STOP, may="scope", alone=True),
    JobKind.LIFT_STOP: _of(Act.STOP_LIFT, Subject.STOP, alone=True),
}
"""Each kind; the one place where this stands."""


def check_details(kind: JobKind, details: JobDetails) -> None:
    """Raise ActionRefused where a detail is missing, or does not belong to the kind."""
    about, given = ABOUT[kind], details.given
    if missing := sorted(about.must - given):
        raise ActionRefused(f"{kind} needs `{missing[0]}`", "give it")
    if foreign := sorted(given - about.must - about.may):
        raise ActionRefused(f"`{foreign[0]}` does not belong to {kind}", "leave it out")
    if details.hold is HoldKind.COMPLAINT:
        raise ActionRefused("a complaint has a day on which it was lodged", "record each by itself, with that day")
