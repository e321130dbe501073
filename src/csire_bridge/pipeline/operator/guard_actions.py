"""Operator actions on the guards: stop switch, holds, disconnections above the cap. Waiting orders continue at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from csire_bridge.domain.errors import ActionRefused, StaleWrite
from csire_bridge.domain.identifiers import MeteringPointCode
from csire_bridge.domain.metering_point.guards import Allowance, StopScope
from csire_bridge.domain.metering_point.holds import Hold, HoldKind
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.order.order import Order, WaitsFor
from csire_bridge.domain.people.acts import Act
from csire_bridge.domain.people.audited import audited
from csire_bridge.domain.people.second_person import require_in_person
from csire_bridge.pipeline.operator.waiting_orders import go_on
from csire_bridge.pipeline.orders.recheck import recheck_cuts_at
from csire_bridge.pipeline.ports.store import Transaction

__all__ = ["approve", "ask", "known_hold", "lift_stop", "release_hold", "set_hold", "throw_stop"]


def known_hold(tx: Transaction, key: int) -> Hold:
    """The hold of that key, released or not; raises ActionRefused where there is none."""
    try:
        return tx.guards.hold(key)
    except KeyError as error:
        raise ActionRefused(f"there is no hold {key}", "look its key up with `hold list`") from error


@audited(Act.STOP_THROW, "stop", lambda tx, _: tx.guards.stop())
def throw_stop(tx: Transaction, scope: StopScope, act: OperatorAction) -> None:
    """Throw the stop switch: no node sends commands of that scope any more; commands already sent are not recalled."""
    tx.guards.throw_stop(scope, act.by, act.why or "", act.at)


@audited(Act.STOP_LIFT, "stop", lambda tx, _: tx.guards.stop())
def lift_stop(tx: Transaction, act: OperatorAction) -> int:
    """Lift the stop switch; return how many times it had been thrown. Orders that waited continue.

    Raises NeedsSecondPerson where the rules say so.
    """
    act.require_second("lifting the stop switch", needed=act.rules.stop_lift)
    lifted = tx.guards.lift_stops(act.by, act.at, act.why)
    if lifted:
        tx.work.wake_waiting(WaitsFor.STOP, act.at)
    return lifted


@audited(Act.HOLD_SET, "point {point}")
def set_hold(
    tx: Transaction, point: MeteringPointCode, kind: HoldKind, until: datetime | None, act: OperatorAction
) -> int:
    """Hold a metering point from now on, until ``until`` (UTC) or until somebody releases it; return the hold's key.

    A disconnection under way that it forbids is recalled.

    A complaint is recorded by ``complaint_actions.lodge`` instead; it does not end by time.
    """
    if kind is HoldKind.COMPLAINT:
        raise ActionRefused("a complaint has a day on which it was lodged", "record it with that day")
    if until is not None and until <= act.at:
        raise ActionRefused(f"{until.isoformat()} is past", "give a moment that is still to come")
    hold = Hold(key=0, metering_point=point, kind=kind, since=act.at, until=until, by=act.by, why=act.why or "")
    key = tx.guards.add_hold(hold)
    recheck_cuts_at(tx, [point], act.at)
    return key


@audited(Act.HOLD_RELEASE, "hold {key}", lambda tx, given: known_hold(tx, given["key"]))
def release_hold(tx: Transaction, key: int, act: OperatorAction) -> tuple[Hold, Sequence[Order]]:
    """Release a hold; return it with the orders that waited for it, which continue unless something else stops them.

    Raises ActionRefused when there is no such hold, or it was released before, or the rules ask for a second person.
    """
    emergency = known_hold(tx, key).kind is HoldKind.EMERGENCY
    act.require_second("releasing an emergency hold", needed=emergency and act.rules.emergency_release)
    try:
        hold = tx.guards.release_hold(key, act.by, act.at, act.why)
    except StaleWrite as error:
        raise ActionRefused(error.text, "nothing is left to do") from error
    return hold, go_on(tx, hold.metering_point, WaitsFor.HOLD, f"{hold.kind} hold {key} was released", act)


@audited(Act.ALLOWANCE_ASK, "allowance")
def ask(tx: Transaction, count: int, act: OperatorAction) -> int:
    """Ask for ``count`` disconnections above the cap; return the request's key, for somebody else to approve."""
    require_in_person(act.who, "more than the cap")
    return tx.guards.ask_allowance(count, act.by, act.why or "", act.at)


@audited(Act.ALLOWANCE_APPROVE, "allowance {key}")
def approve(tx: Transaction, key: int, act: OperatorAction, lasts: timedelta) -> Allowance:
    """Approve a request for ``lasts`` from now on; orders that wait for the cap are looked at again at once.

    Raises ActionRefused when there is no such request, it was approved before or has lapsed, or the same person asked
    for it.
    """
    require_in_person(act.who, "more than the cap")
    try:
        allowance = tx.guards.approve_allowance(key, act.by, act.at, lasts, act.why)
    except KeyError as error:
        raise ActionRefused(f"there is no request {key}", "look its key up with `allow list`") from error
    except StaleWrite as error:
        raise ActionRefused(error.text, "ask anew if more is needed") from error
    except ValueError as error:
        raise ActionRefused(str(error), "have another person look at it and approve") from error
    tx.work.wake_waiting(WaitsFor.CAP, act.at)
    return allowance
