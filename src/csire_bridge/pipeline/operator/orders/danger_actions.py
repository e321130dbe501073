"""Operator actions because of danger: a named person cuts the supply, and lifts the danger when it is gone.

Direct danger to life, health or the environment: the operator must cut, and supply comes back without delay once the
danger is gone (Energy Law art. 6b(4) and (5)). The cut is an order like every other, with the truth about its
execution; it passes whatever protects the household but a hold that says that the supply must stay on for an emergency.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from csire_bridge.domain.errors import ActionRefused
from csire_bridge.domain.identifiers import MeteringPointCode, ProcessInstanceId
from csire_bridge.domain.metering_point.danger_cuts import DangerCut
from csire_bridge.domain.metering_point.facts import MeteringPoint
from csire_bridge.domain.metering_point.guards import StopScope
from csire_bridge.domain.metering_point.holds import HoldKind
from csire_bridge.domain.metering_point.interlocks import supply_must_stay
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.order.order import (
    COMMAND_IN_FLIGHT,
    FINAL_STATES,
    NEEDS_OPERATOR,
    DisconnectionKind,
    Order,
    OrderKind,
    OrderState,
    ReconnectionReason,
)
from csire_bridge.domain.people.acts import Act
from csire_bridge.domain.people.audited import audited
from csire_bridge.domain.work import WorkStep
from csire_bridge.pipeline.execute.circuit import CIRCUIT
from csire_bridge.pipeline.execute.gates.danger_gate import needs_people
from csire_bridge.pipeline.execute.gates.meter_gate import doubts_of
from csire_bridge.pipeline.operator.points.point_actions import lift_danger, record, statement
from csire_bridge.pipeline.orders.cancel import cancel_or_recall
from csire_bridge.pipeline.orders.create import queue
from csire_bridge.pipeline.ports.store import Transaction

__all__ = ["Lifted", "Ordered", "cut", "lift", "standing"]


@dataclass(frozen=True, slots=True)
class Ordered:
    """A cut that was ordered, with the order that carries it out, and what keeps it from being made remotely."""

    cut: DangerCut
    order: Order
    against: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lifted:
    """What follows once danger is lifted: the order that brings the supply back, and the connections that waited.

    ``stays_off`` says why the supply does not come back by itself.
    """

    connection: Order | None
    waited: Sequence[Order]
    stays_off: str | None = None


@audited(Act.DANGER_CUT, "point {point}")
def cut(tx: Transaction, point: MeteringPointCode, act: OperatorAction, *, despite_stop: bool = False) -> Ordered:
    """Order a cut at once, and register the danger, so that every connection waits until it is lifted.

    Raises ActionRefused for an unknown point; for one that a hold keeps supplied; where a cut is under way already; and
    while the stop switch stops everything, unless ``despite_stop``. Asked again with that, a cut under way goes on.
    """
    tx.points.lock([point])
    known = _known(tx, point, act)
    _must_not_stay(tx, point, act)
    _not_stopped(tx, despite_stop)
    under_way = _under_way(tx, point)
    if under_way is not None:
        return _goes_on(tx, under_way, act, despite_stop)
    new = _order(OrderKind.DISCONNECT, point, act, disconnection_kind=DisconnectionKind.DANGER)
    (key,) = tx.orders.add([new], act.at)
    tx.orders.note(key, new.state, act.at, act.history_line("supply cut because of danger: ordered"))
    record(tx, replace(statement(tx, point, "danger_registered", act), danger_registered=True), act)
    one = DangerCut(
        key=0,
        metering_point=point,
        order=key,
        since=act.at,
        by=act.by,
        why=act.why or "",
        despite_stop=despite_stop,
        was_off=known.connected is False,
    )
    one = replace(one, key=tx.danger_cuts.add(one))
    _recall_connections(tx, known, key, act)
    queue(tx, [new], [key], act.at)
    order = tx.orders.get(key)
    return Ordered(one, order, tuple(_against(tx, order, known, act)))


@audited(Act.DANGER_LIFT, "point {point}", lambda tx, given: tx.danger_cuts.standing([given["point"]]))
def lift(tx: Transaction, point: MeteringPointCode, act: OperatorAction) -> Lifted:
    """Lift the danger at a point (PL-278): what the operator had cut is connected again, and connections go on.

    A cut that was not made yet is withdrawn. The supply stays off where it was off before the cut, or another
    disconnection was done; then it comes back when somebody asks for it. Raises ActionRefused where no danger is
    registered, and no cut stands.
    """
    tx.points.lock([point])
    cuts = tx.danger_cuts.standing([point])
    known = tx.points.of([point], act.at).get(point)
    registered = known is not None and known.danger_registered is True
    if not cuts and not registered:
        raise ActionRefused(f"no danger is registered at the metering point {point}", "nothing is left to do")
    waiting = lift_danger(tx, point, act) if registered else ()
    made = [one for one in cuts if _may_be_off(tx, one, act)]
    why = _stays_off(tx, point, made, waiting) if made else None
    connection = _connect(tx, point, act) if made and why is None else None
    back = connection.key if connection else None
    tx.danger_cuts.lift([one.key for one in cuts], act.by, act.at, act.why or "", back)
    return Lifted(connection, waiting, why)


def standing(tx: Transaction) -> list[tuple[DangerCut, Order | None]]:
    """The cuts that nobody has lifted, the oldest first, with their orders."""
    cuts = tx.danger_cuts.standing()
    orders = tx.orders.get_many([one.order for one in cuts])
    return [(one, orders.get(one.order)) for one in cuts]


def _known(tx: Transaction, point: MeteringPointCode, act: OperatorAction) -> MeteringPoint:
    known = tx.points.of([point], act.at).get(point)
    if known is None:
        raise ActionRefused(
            f"the metering point {point} is not known, so its meter can't be switched",
            "send people to the place; check the code, or import the point",
        )
    return known


def _must_not_stay(tx: Transaction, point: MeteringPointCode, act: OperatorAction) -> None:
    for hold in tx.guards.holds_of([point], act.at).get(point, ()):
        if hold.kind is HoldKind.EMERGENCY_SUPPLY:
            raise ActionRefused(
                supply_must_stay(hold), f"ask {hold.by}; then `csire-bridge hold release {hold.key}`, and cut again"
            )


def _not_stopped(tx: Transaction, despite_stop: bool) -> None:
    stop = tx.guards.stop()
    if stop is not None and stop.scope is StopScope.EVERYTHING and not despite_stop:
        raise ActionRefused(
            f"{stop.by} has stopped everything: {stop.why}",
            "send people to the place; or, if the cut shall be sent all the same, say --despite-stop",
        )


def _under_way(tx: Transaction, point: MeteringPointCode) -> Ordered | None:
    cuts = tx.danger_cuts.standing([point])
    orders = tx.orders.get_many([one.order for one in cuts])
    open_ones = [Ordered(one, orders[one.order]) for one in cuts if one.order in orders]
    return next((one for one in open_ones if one.order.state not in FINAL_STATES), None)


def _goes_on(tx: Transaction, known: Ordered, act: OperatorAction, despite_stop: bool) -> Ordered:
    """The cut that is under way; it is pushed on if a person says so who knows of the stop switch."""
    if not despite_stop or known.cut.despite_stop:
        raise ActionRefused(
            f"order {known.order.key} of {known.cut.by} cuts the supply there already: it is {known.order.state}",
            f"look at it: csire-bridge orders show {known.order.key}",
        )
    tx.danger_cuts.goes_despite_stop(known.cut.key)
    tx.orders.note(known.order.key, known.order.state, act.at, act.history_line("goes despite the stop switch"))
    tx.work.wake(WorkStep.EXECUTE, [known.order.key], act.at)
    return known


def _order(
    kind: OrderKind,
    point: MeteringPointCode,
    act: OperatorAction,
    disconnection_kind: DisconnectionKind | None = None,
    reconnection_reason: ReconnectionReason | None = None,
) -> Order:
    """An order of the operator's own, in a market process that it starts (8.3 or 8.4)."""
    return Order(
        key=0,
        kind=kind,
        state=OrderState.REGISTERED,
        metering_point=point,
        process_instance=ProcessInstanceId.new(),
        source_message=None,
        source_number=None,
        registered_at=act.at,
        not_before=act.at,
        version=1,
        disconnection_kind=disconnection_kind,
        reconnection_reason=reconnection_reason,
    )


def _recall_connections(tx: Transaction, known: MeteringPoint, key: int, act: OperatorAction) -> None:
    """Recall connections whose command is under way: the cut waits for no button that a customer may press."""
    if known.meter is None:
        return
    for other in tx.neighbours.open_at_meters([known.meter]):
        if other.kind is OrderKind.RECONNECT and other.state in COMMAND_IN_FLIGHT and other.recalled_at is None:
            tx.orders.recall(other.key, act.at, superseded_by=key)
            tx.orders.note(other.key, other.state, act.at, f"recalled: order {key} cuts the supply because of danger")
            tx.work.wake(WorkStep.EXECUTE, [other.key], act.at)


def _against(tx: Transaction, order: Order, known: MeteringPoint, act: OperatorAction) -> Iterator[str]:
    people = needs_people(order, known) or doubts_of(tx, order, act.at)
    if people is not None:
        yield f"nothing is sent to a meter, SEND PEOPLE: {people}"
    if tx.guards.is_any_open(CIRCUIT):
        yield "the head-end system is down: it is tried all the same; SEND PEOPLE if the order is not done at once"


def _may_be_off(tx: Transaction, one: DangerCut, act: OperatorAction) -> bool:
    """Whether the cut may have switched the supply off; one that has not begun is withdrawn."""
    order = tx.orders.get_many([one.order]).get(one.order)
    if order is None or order.state is OrderState.DONE:
        return True
    if order.state in FINAL_STATES:
        return False
    begun = order.state in NEEDS_OPERATOR or order.submitted_at is not None
    if order.recalled_at is None:
        cancel_or_recall(tx, order, act.history_line("the danger was lifted"), act.at)
    return begun


def _stays_off(
    tx: Transaction, point: MeteringPointCode, made: Sequence[DangerCut], waiting: Sequence[Order]
) -> str | None:
    other = tx.danger_cuts.other_reason_to_stay_off(point)
    if other is not None:
        return f"order {other} has cut the supply for another reason"
    if all(one.was_off for one in made) and not waiting:
        return "it was off before the cut"
    return None


def _connect(tx: Transaction, point: MeteringPointCode, act: OperatorAction) -> Order:
    new = _order(OrderKind.RECONNECT, point, act, reconnection_reason=ReconnectionReason.DANGER_GONE)
    (key,) = tx.orders.add([new], act.at)
    tx.orders.note(key, new.state, act.at, act.history_line("the danger is gone: supply comes back"))
    queue(tx, [new], [key], act.at)
    return tx.orders.get(key)
