"""Operator actions on orders that wait for a person: retry, field work, report, withdraw.

Each action is one transaction and writes a line with the person's name into the order's history. If an action ends an
order, its contactor is read first (``look``), outside of the transaction, because a meter may answer slowly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from csire_bridge.domain.clock import Clock
from csire_bridge.domain.errors import ActionRefused, HeadEndRefused, HeadEndUnreachable, OutcomeUnknown
from csire_bridge.domain.identifiers import MeterNumber
from csire_bridge.domain.law.policy import LawPolicy
from csire_bridge.domain.message.answers import reasons_of
from csire_bridge.domain.meter.contactor import ContactorReading
from csire_bridge.domain.meter.evidence import CLOCK_TOLERANCE
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.order.order import NEEDS_OPERATOR, Order, OrderState, Outcome, RejectionReason
from csire_bridge.domain.order.outcome.site_reports import SiteReport, check_moment, check_unmoved, is_fresh, proven
from csire_bridge.domain.order.steps import STEP_ENDED, OrderStep, StepKind, StepState, tried_again
from csire_bridge.domain.people.acts import Act
from csire_bridge.domain.people.audited import audited
from csire_bridge.pipeline.execute.gates.field_work_gate import against_field_work
from csire_bridge.pipeline.execute.gates.meter_gate import doubts_of
from csire_bridge.pipeline.observe.readings import read_contactor
from csire_bridge.pipeline.observe.reserved_meters import released
from csire_bridge.pipeline.observe.sightings import take_report
from csire_bridge.pipeline.orders.cancel import cancel_or_recall, has_begun
from csire_bridge.pipeline.orders.create import queue
from csire_bridge.pipeline.orders.order_changes import OrderChanges
from csire_bridge.pipeline.ports.head_end import HeadEnd
from csire_bridge.pipeline.ports.store import Store, Transaction

__all__ = [
    "ObservedOrder",
    "known_order",
    "look",
    "not_sent",
    "report_executed",
    "report_not_done",
    "retry",
    "retry_refusal",
    "send_to_field",
    "settle_contested",
    "waiting_order",
    "withdraw",
    "withdraw_unsent",
]

_ON_SITE = "person on site"
_WITHOUT_EFFECT = {"cannot_reason": RejectionReason.OTHER, "detail": "the operator withdrew the order"}


@dataclass(frozen=True, slots=True)
class ObservedOrder:
    """An order and its contactor's reading; ``silence`` says why there is no reading."""

    order: Order
    reading: ContactorReading | None = None
    silence: str = ""

    def since(self, moment: datetime) -> ObservedOrder:
        """The same, ignoring a reading older than ``moment`` (UTC)."""
        if self.reading is None or is_fresh(self.reading, moment):
            return self
        return ObservedOrder(self.order, None, f"the meter's last reading is of {self.reading.read_at.isoformat()}")


@audited(Act.ORDER_RETRY, lambda given: _named(given["orders"]), lambda _, given: given["orders"])
def retry(tx: Transaction, orders: Sequence[Order], act: OperatorAction) -> list[Order]:
    """Put orders back into the queue: every gate is checked again, and the attempts are counted from zero.

    Raises ActionRefused, and changes nothing, if one of them must not be retried.
    """
    act.require_few(len(orders))
    changes = OrderChanges(act.at)
    for order in orders:
        against = retry_refusal(order)
        if against:
            raise ActionRefused(against, "look at it with `orders show`")
        text = act.history_line("taken back to the queue")
        facts = {"attempts": 0, "refused": None, "waits_for": None, "detail": None, "cannot_reason": None}
        changes.move(order, OrderState.REGISTERED, text, **facts)
        if order.recalled_at is None:
            changes.steps += tried_again(tx.steps.of([order.key]).get(order.key, []))
    changes.write(tx, None)
    tx.restores.vouch([order.key for order in orders])
    queue(tx, orders, [order.key for order in orders], act.at)
    return [after for _, after, _ in changes.moves]


def _named(orders: Sequence[Order]) -> str:
    return f"order {', '.join(str(order.key) for order in orders)}"


def retry_refusal(order: Order) -> str | None:
    """Why the order must not be retried; None if it may."""
    if order.state not in NEEDS_OPERATOR:
        return f"order {order.key} is {order.state}: it does not wait for a person"
    if order.superseded_by is not None:
        return f"order {order.key} was superseded by order {order.superseded_by}: it must not be given again"
    if order.recalled_at is not None and order.kind.contactor_action is not None:
        return f"order {order.key} was recalled, because its process was ended: it must not be given again"
    return None


@audited(Act.ORDER_FIELD_WORK, "order {key}", lambda tx, given: tx.orders.get_many([given["key"]]))
def send_to_field(tx: Transaction, key: int, act: OperatorAction, law: LawPolicy) -> Order:
    """Leave a parked order to a field crew.

    Raises ActionRefused for one that must not be carried out now: recalled, at a protected point, held, stopped.
    """
    order = waiting_order(tx, key)
    against = _against_people(tx, order, act.at, law)
    if against:
        raise ActionRefused(against, "nobody may be sent; the order stays as it is")
    text = act.history_line("left to people on site")
    return tx.orders.move(order, OrderState.FIELD_WORK, act.at, text)


def _against_people(tx: Transaction, order: Order, now: datetime, law: LawPolicy) -> str | None:
    if order.state is OrderState.FIELD_WORK:
        return f"order {order.key} is left to people on site already"
    first = against_field_work(tx, order, now, law)
    return f"order {order.key}: {first}" if first else retry_refusal(order)


def look(store: Store, head_end: HeadEnd | None, key: int, clock: Clock) -> ObservedOrder:
    """The order, and its contactor as it is now; orders that move no contactor have none to read."""
    now = clock()
    with store.transaction() as tx:
        order = waiting_order(tx, key)
        point = tx.points.of([order.metering_point], now).get(order.metering_point)
        doubt = doubts_of(tx, order, now)
    if order.kind.contactor_action is None:
        return ObservedOrder(order)
    meter = point.meter if point and point.meter else order.meter
    if doubt is not None:
        return ObservedOrder(order, None, doubt)
    if head_end is None or meter is None:
        return ObservedOrder(order, None, "no head-end system is set up" if meter else "no meter is known at the point")
    try:
        return ObservedOrder(order, read_contactor(head_end, meter, clock))
    except (HeadEndUnreachable, OutcomeUnknown, HeadEndRefused) as error:
        return ObservedOrder(order, None, error.text)


@audited(Act.ORDER_REPORT_DONE, "order {seen.order.key}", lambda _, given: given["seen"].order)
def report_executed(
    tx: Transaction, seen: ObservedOrder, act: OperatorAction, report: SiteReport, *, armed_counts: bool = False
) -> Order:
    """The order was carried out at ``report.at``; the hub is told where its message has an answer.

    Raises ActionRefused for an impossible moment; if the contactor shows otherwise; if it can't be read, unless the
    report says that it shall count unread; and while another order's command may still undo it.
    """
    order = _unchanged(tx, seen.order)
    check_moment(order, report.at, act.at, _left_to_people(tx, order))
    steps = _open_steps(tx, order)
    seen = seen.since(report.at)
    outcome = proven(order, seen.reading, armed_counts=armed_counts)
    proof = _proof(seen, report.unread)
    reading = seen.reading
    _nothing_undoes(tx, order, reading.meter if reading else order.meter, act.at)
    changes = OrderChanges(act.at)
    text = act.history_line(f"done at {report.at.isoformat()} as seen by {report.seen_by}; {proof}; reported")
    verified_at = min(reading.read_at, act.at) if reading else act.at
    facts = {"outcome": outcome, "executed_at": report.at, "executed_from": _ON_SITE, "verified_at": verified_at}
    meter = {"meter": reading.meter} if reading else {}
    changes.steps += [
        replace(step, state=StepState.SKIPPED, text=act.history_line("reported as done"), ended_at=report.at)
        for step in steps
    ]
    order = changes.move(order, OrderState.DONE, text, detail=f"reported; {proof}", **facts, **meter)
    if order.kind.contactor_action is not None:
        on = outcome is Outcome.CONNECTED
        tx.points.switched_all([(order.metering_point, on, reading.read_at if reading else report.at)], act.at)
        take_report(tx, order, reading, act.at)
    return _end(tx, changes, order)


def _left_to_people(tx: Transaction, order: Order) -> datetime | None:
    """When (UTC) the order was left to people on site; None while it is not."""
    if order.state is not OrderState.FIELD_WORK:
        return None
    since = None
    for event in reversed(tx.orders.history(order.key)):
        if event.state is not OrderState.FIELD_WORK:
            break
        since = event.at
    return since


@audited(Act.ORDER_REPORT_NOT_DONE, "order {seen.order.key}", lambda _, given: given["seen"].order)
def report_not_done(
    tx: Transaction,
    seen: ObservedOrder,
    act: OperatorAction,
    reason: RejectionReason,
    words: str,
    *,
    unread: bool = False,
) -> Order:
    """The order can't be carried out. ``words`` may go to the hub, so they must name nobody. Raises ActionRefused."""
    order, proof = _without_effect(tx, seen, unread, act.at)
    known = reasons_of(order.kind)
    if reason not in known:
        raise ActionRefused(
            f"{reason} is no reason of an order of the kind {order.kind}", f"give one of {', '.join(known)}"
        )
    text = act.history_line(f"not done: {words}; {proof}; reported")
    changes = OrderChanges(act.at)
    return _end(tx, changes, changes.move(order, OrderState.REJECTED, text, cannot_reason=reason, detail=words))


@audited(Act.ORDER_WITHDRAW, "order {seen.order.key}", lambda _, given: given["seen"].order)
def withdraw(tx: Transaction, seen: ObservedOrder, act: OperatorAction, *, unread: bool = False) -> Order:
    """The order ends without effect; the hub is told where its message has an answer, but not why. Raises
    ActionRefused.

    One of several steps is recalled first, and ends once what was begun at the meter is undone; when that failed, and
    it waits for a person again, it ends as it is.
    """
    if seen.order.recalled_at is None and has_begun(tx, seen.order):
        order = _unchanged(tx, seen.order)
        cancel_or_recall(tx, order, act.history_line("withdrawn"), act.at)
        return tx.orders.get(order.key)
    order, proof = _without_effect(tx, seen, unread, act.at)
    text, changes = act.history_line(f"{proof}; withdrawn"), OrderChanges(act.at)
    return _end(tx, changes, changes.move(order, OrderState.WITHDRAWN, text, **_WITHOUT_EFFECT))


def not_sent(order: Order) -> bool:
    """Whether the order waits in the queue, and nothing of it was given to the head-end system yet."""
    return order.state is OrderState.REGISTERED and order.submitted_at is None


@audited(Act.ORDER_WITHDRAW, "order {key}", lambda tx, given: tx.orders.get_many([given["key"]]))
def withdraw_unsent(tx: Transaction, key: int, act: OperatorAction) -> Order:
    """End an order that was not sent yet; what was begun of one in steps is undone first.

    The hub is told as for ``withdraw``. Raises ActionRefused for one that was sent, was recalled, or is a step.
    """
    order = known_order(tx, key)
    against = _against_withdrawal(order)
    if against:
        raise ActionRefused(against, f"look at it: csire-bridge orders show {key}")
    if has_begun(tx, order):
        cancel_or_recall(tx, order, act.history_line("withdrawn"), act.at)
        return tx.orders.get(key)
    text, changes = act.history_line("nothing was sent; withdrawn"), OrderChanges(act.at)
    ended = _end(tx, changes, changes.move(order, OrderState.WITHDRAWN, text, **_WITHOUT_EFFECT))
    tx.work.wake(order.work_step, [key], act.at)
    return ended


def _against_withdrawal(order: Order) -> str | None:
    if not not_sent(order):
        return f"order {order.key} is {order.state}, and its command was sent: it can't be withdrawn as unsent"
    if order.recalled_at is not None:
        return f"order {order.key} was recalled already: it ends by itself"
    if order.parent is not None:
        return f"order {order.key} is a step of order {order.parent}: withdraw that one"
    return None


@audited(Act.ORDER_SETTLE, "order {key}")
def settle_contested(tx: Transaction, key: int, act: OperatorAction) -> Order:
    """Settle an answer that the hub contests, after it was cleared up with the hub.

    Only a person can do so: a later R_1 that accepts the answer is recorded, and changes nothing. Raises ActionRefused.
    """
    order = tx.orders.get_many([key]).get(key)
    documents = tx.outbox.contested(key)
    if order is None or not documents:
        raise ActionRefused(f"no answer to order {key} is contested by the hub", "look at it with `orders show`")
    for document in documents:
        text = act.history_line(f"what the hub contested about message {document.number} was settled")
        tx.outbox.settle(document.key, act.at, text)
        tx.orders.note(key, order.state, act.at, text)
    return order


def _without_effect(tx: Transaction, seen: ObservedOrder, unread: bool, now: datetime) -> tuple[Order, str]:
    """The order and the evidence that nothing has switched; raises ActionRefused if something has, or is unknown."""
    order = _unchanged(tx, seen.order)
    seen = seen.since(order.submitted_at or order.registered_at)
    if seen.reading is not None:
        check_unmoved(order, seen.reading)
        take_report(tx, order, seen.reading, now)
    return order, _proof(seen, unread)


def _nothing_undoes(tx: Transaction, order: Order, meter: MeterNumber | None, now: datetime) -> None:
    """Raise ActionRefused where the command of another order may still move the contactor the other way."""
    near = released(tx, tx.neighbours.at_meters([meter] if meter else [], now, now - CLOCK_TOLERANCE))
    for other in near:
        if other.key != order.key and other.kind is not order.kind and (other.open or other.may_run_until):
            end = f" (until {other.may_run_until:%H:%M:%S} UTC and a margin)" if other.may_run_until else ""
            raise ActionRefused(
                f"the command of order {other.key} ({other.kind}) may still reach meter {meter}{end}",
                "report it once that command has ended",
            )


def _open_steps(tx: Transaction, order: Order) -> list[OrderStep]:
    """The open steps of an order; raises ActionRefused if one moves the contactor, which a report can't stand for."""
    steps = [s for s in tx.steps.of([order.key]).get(order.key, []) if s.state not in STEP_ENDED]
    moving = [step.kind for step in steps if step.kind in (StepKind.CONNECT, StepKind.DISCONNECT)]
    if moving:
        raise ActionRefused(
            f"order {order.key} has not ended its step {moving[0]}, which moves the contactor",
            "take it back with `orders retry`; or withdraw it, where nothing has to be moved",
        )
    return steps


def _proof(seen: ObservedOrder, unread: bool) -> str:
    """The evidence for the report, in words; raises ActionRefused if it is not enough."""
    if seen.reading is not None:
        return f"contactor read: supply {'on' if seen.reading.output_state else 'off'}"
    if seen.order.kind.contactor_action is None:
        return "no contactor is concerned"
    if not unread:
        raise ActionRefused(
            f"the contactor of order {seen.order.key} was not read: {seen.silence}",
            "try again later; or say --unread, and the report counts although nobody has asked the meter",
        )
    return f"CONTACTOR NOT READ ({seen.silence})"


def waiting_order(tx: Transaction, key: int) -> Order:
    """The order of that key; raises ActionRefused for one that does not wait for a person."""
    order = known_order(tx, key)
    if order.state not in NEEDS_OPERATOR:
        raise ActionRefused(
            f"order {key} is {order.state}", f"only orders that are {' or '.join(sorted(NEEDS_OPERATOR))} can be"
        )
    return order


def known_order(tx: Transaction, key: int) -> Order:
    """The order of that key; raises ActionRefused where there is none."""
    order = tx.orders.get_many([key]).get(key)
    if order is None:
        raise ActionRefused(f"there is no order {key}", "look its key up with `orders list`")
    return order


def _unchanged(tx: Transaction, order: Order) -> Order:
    if tx.orders.get(order.key).version != order.version:
        raise ActionRefused(f"order {order.key} changed while its contactor was read", "look at it, and do it again")
    return order


def _end(tx: Transaction, changes: OrderChanges, order: Order) -> Order:
    """End the order: it is answered, and orders that waited for it continue."""
    changes.released.append(order)
    changes.answerable.append(order)
    changes.write(tx, None)
    tx.restores.vouch([order.key])
    return order
