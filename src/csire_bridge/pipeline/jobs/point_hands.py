"""What jobs do to one metering point, to one hold, or to the stop switch."""

from __future__ import annotations

from collections.abc import Sequence

from csire_bridge.domain.errors import ActionRefused
from csire_bridge.domain.identifiers import MeteringPointCode, MeterNumber
from csire_bridge.domain.metering_point.guards import StopScope
from csire_bridge.domain.metering_point.holds import Hold
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.pipeline.jobs.tools import Hand
from csire_bridge.pipeline.operator import complaint_actions, guard_actions
from csire_bridge.pipeline.operator.orders import danger_actions
from csire_bridge.pipeline.operator.points import movement_actions, point_actions, protection_actions
from csire_bridge.pipeline.ports.store import Transaction

__all__ = [
    "complaint",
    "danger_cut",
    "danger_lift",
    "decide_complaint",
    "dispute_complaint",
    "explain_movement",
    "hold",
    "holds_as_they_are",
    "lift_stop",
    "points_as_they_are",
    "protect",
    "release_hold",
    "set_meter",
    "stop",
    "unprotect",
]


def points_as_they_are(tx: Transaction, items: Sequence[str]) -> dict[str, str]:
    """When what is known of each point last changed."""
    known = {item: tx.points.get(MeteringPointCode(item)) for item in items}
    return {item: point.updated_at.isoformat() for item, point in known.items() if point and point.updated_at}


def holds_as_they_are(tx: Transaction, items: Sequence[str]) -> dict[str, str]:
    """Whether each hold was released, and what was decided of its complaint."""
    found = {item: tx.guards.find_hold(int(item)) for item in items}
    return {item: _as_it_is(one) for item, one in found.items() if one is not None}


def _as_it_is(found: Hold) -> str:
    decided = f" {found.complaint.decision or ''}" if found.complaint else ""
    return ("released" if found.released_at else "set") + decided


def hold(tx: Transaction, item: str, act: OperatorAction, hand: Hand) -> str:
    kind = hand.details.hold
    if kind is None:
        raise ActionRefused("a hold needs its kind", "give `hold`")
    guard_actions.set_hold(tx, MeteringPointCode(item), kind, hand.details.until, act)
    return f"held ({kind})"


def release_hold(tx: Transaction, item: str, act: OperatorAction, _: Hand) -> str:
    found, waited = guard_actions.release_hold(tx, int(item), act)
    goes_on = f"; orders that waited go on: {', '.join(str(one.key) for one in waited)}" if waited else ""
    return f"{found.kind} hold at {found.metering_point} released{goes_on}"


def complaint(tx: Transaction, item: str, act: OperatorAction, hand: Hand) -> str:
    details, code = hand.details, MeteringPointCode(item)
    complaint_actions.lodge(tx, code, details.lodged, act, hand.tools.law, after_cut=details.after_cut)
    return "complaint recorded: disconnections are held"


def decide_complaint(tx: Transaction, item: str, act: OperatorAction, hand: Hand) -> str:
    if hand.details.decision is None:
        raise ActionRefused("what was decided is missing", "give `decision`")
    found = complaint_actions.decide(tx, int(item), hand.details.decision, act)
    return f"complaint at {found.metering_point}: {hand.details.decision}"


def dispute_complaint(tx: Transaction, item: str, act: OperatorAction, _: Hand) -> str:
    return f"complaint at {complaint_actions.dispute(tx, int(item), act).metering_point}: disputed"


def set_meter(tx: Transaction, item: str, act: OperatorAction, hand: Hand) -> str:
    text = (hand.details.meter or "").strip()
    try:
        meter = MeterNumber.parse(text) if text else None
    except ValueError as error:
        raise ActionRefused(str(error), "give the number as it stands on the meter") from error
    others, parked = point_actions.set_meter(tx, MeteringPointCode(item), meter, act)
    there = f"; it is also known at {', '.join(others)}" if others else ""
    waits = f"; orders that wait for a person here: {', '.join(map(str, parked))}" if parked else ""
    return (f"meter {meter} confirmed" if meter else "no meter is here: confirmed") + there + waits


def explain_movement(tx: Transaction, item: str, act: OperatorAction, _: Hand) -> str:
    movement_actions.settle(tx, int(item), act)
    return f"movement {item}: clarified"


def protect(tx: Transaction, item: str, act: OperatorAction, hand: Hand) -> str:
    kind = hand.details.protected
    if kind is None:
        raise ActionRefused("a protection needs its kind", "give `protected`")
    protection_actions.protect(tx, MeteringPointCode(item), kind, hand.details.last_day, act)
    return "recorded as protected"


def unprotect(tx: Transaction, item: str, act: OperatorAction, _: Hand) -> str:
    waited = protection_actions.unprotect(tx, MeteringPointCode(item), act)
    return f"recorded as not protected; {len(waited)} orders that waited for that go on"


def danger_cut(tx: Transaction, item: str, act: OperatorAction, hand: Hand) -> str:
    ordered = danger_actions.cut(tx, MeteringPointCode(item), act, despite_stop=hand.details.despite_stop)
    against = f"; against it: {'; '.join(ordered.against)}" if ordered.against else ""
    return f"supply cut because of danger: ordered{against}"


def danger_lift(tx: Transaction, item: str, act: OperatorAction, _: Hand) -> str:
    lifted = danger_actions.lift(tx, MeteringPointCode(item), act)
    if lifted.connection is not None:
        return "danger lifted; the supply is ordered back"
    return f"danger lifted; the supply stays off: {lifted.stays_off}" if lifted.stays_off else "danger lifted"


def stop(tx: Transaction, _: str, act: OperatorAction, hand: Hand) -> str:
    scope = hand.details.scope or StopScope.DISCONNECTIONS
    guard_actions.throw_stop(tx, scope, act)
    return f"stop switch thrown: {scope}"


def lift_stop(tx: Transaction, _: str, act: OperatorAction, _hand: Hand) -> str:
    if not guard_actions.lift_stop(tx, act):
        raise ActionRefused("the stop switch is not thrown", "nothing is left to do")
    return "stop switch lifted; orders that waited for it go on"
