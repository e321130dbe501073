"""Operator actions on complaints: a person records that one was lodged, how it was decided, that it is disputed."""

from __future__ import annotations

from datetime import datetime

from csire_bridge.domain.clock import WARSAW, warsaw_midnight
from csire_bridge.domain.errors import ActionRefused, StaleWrite
from csire_bridge.domain.identifiers import MeteringPointCode
from csire_bridge.domain.law.complaints import decide_by
from csire_bridge.domain.law.policy import LawPolicy
from csire_bridge.domain.metering_point.complaints import Complaint, Decision
from csire_bridge.domain.metering_point.holds import Hold, HoldKind
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.people.acts import Act
from csire_bridge.domain.people.audited import audited
from csire_bridge.pipeline.operator.guard_actions import known_hold
from csire_bridge.pipeline.orders.recheck import recheck_cuts_at
from csire_bridge.pipeline.ports.store import Transaction

__all__ = ["decide", "dispute", "lodge"]


@audited(Act.COMPLAINT_LODGE, "point {point}")
def lodge(
    tx: Transaction,
    point: MeteringPointCode,
    lodged: datetime | None,
    act: OperatorAction,
    law: LawPolicy,
    *,
    after_cut: bool = False,
) -> int:
    """Hold a point because of a complaint that was lodged at ``lodged`` (UTC); return the hold's key.

    None: today, from the start of the Polish day, which is the strict reading: it counts as upheld the earlier. A
    disconnection whose command is under way is recalled: cancelled at the head-end system, and then the contactor is
    read, because it may have switched all the same. Raises ActionRefused for a moment that is still to come.
    """
    since = warsaw_midnight(act.at) if lodged is None else lodged
    if since > act.at:
        day = f"{since.astimezone(WARSAW):%Y-%m-%d}"
        raise ActionRefused(
            f"{day} is still to come: nobody can have lodged a complaint then", "give the day on which it came"
        )
    complaint = Complaint(lodged=since, after_cut=after_cut, decide_by=decide_by(law, since))
    hold = Hold(
        key=0,
        metering_point=point,
        kind=HoldKind.COMPLAINT,
        since=act.at,
        until=None,
        by=act.by,
        why=act.why or "",
        complaint=complaint,
    )
    key = tx.guards.add_hold(hold)
    recheck_cuts_at(tx, [point], act.at)
    return key


@audited(Act.COMPLAINT_DECIDE, "hold {key}", lambda tx, given: known_hold(tx, given["key"]))
def decide(tx: Transaction, key: int, decision: Decision, act: OperatorAction) -> Hold:
    """Record how the complaint of a hold was decided; return the hold.

    A rejection permits disconnections from now on, unless the complaint is disputed. Raises ActionRefused for a hold
    that is no complaint, was released, or whose complaint was decided; and for a rejection that comes too late.
    """
    hold, complaint = _standing_complaint(tx, key)
    late = complaint.decide_by is not None and act.at >= complaint.decide_by
    if decision is Decision.REJECTED and late and complaint.decision is None:
        raise ActionRefused(
            f"{complaint.words(act.at)}: its time was over at {complaint.decide_by:%Y-%m-%d %H:%M} UTC",
            f"if it was rejected before that, release the hold and say so: csire-bridge hold release {key} --why ...",
        )
    try:
        tx.complaints.decide(key, decision, act.by, act.at, act.why)
    except StaleWrite as error:
        raise ActionRefused(
            error.text, "a new complaint gets a hold of its own; `hold release` ends this one"
        ) from error
    return tx.guards.hold(hold.key)


@audited(Act.COMPLAINT_DISPUTE, "hold {key}", lambda tx, given: known_hold(tx, given["key"]))
def dispute(tx: Transaction, key: int, act: OperatorAction) -> Hold:
    """Record that the household disputes the decision before the coordinator; return the hold.

    From now on it blocks disconnections until a person releases it, also after a rejection. Raises ActionRefused for a
    hold that is no complaint or was released, or that is disputed already.
    """
    hold, _ = _standing_complaint(tx, key)
    try:
        tx.complaints.dispute(key, act.by, act.at, act.why)
    except StaleWrite as error:
        raise ActionRefused(error.text, "nothing is left to do") from error
    recheck_cuts_at(tx, [hold.metering_point], act.at)
    return tx.guards.hold(hold.key)


def _standing_complaint(tx: Transaction, key: int) -> tuple[Hold, Complaint]:
    hold = known_hold(tx, key)
    if hold.complaint is None:
        raise ActionRefused(f"hold {key} is of the kind {hold.kind}: it has no complaint", "see `hold list`")
    if hold.released_at is not None:
        raise ActionRefused(
            f"hold {key} was released by {hold.released_by}", "set a new one: csire-bridge hold set --kind complaint"
        )
    return hold, hold.complaint
