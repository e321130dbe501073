"""Orders whose fate is uncertain after a restore: the contactor is read, and then a person decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from csire_bridge.domain.clock import Clock
from csire_bridge.domain.errors import ActionRefused, HeadEndRefused, HeadEndUnreachable, OutcomeUnknown
from csire_bridge.domain.identifiers import MeterNumber
from csire_bridge.domain.meter.contactor import ContactorReading
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.operations.restores import IN_DOUBT
from csire_bridge.domain.order.order import (
    FINAL_STATES,
    NEEDS_OPERATOR,
    Order,
    OrderKind,
    OrderState,
    Outcome,
    RejectionReason,
)
from csire_bridge.domain.work import WorkItem, WorkStep
from csire_bridge.pipeline.batch_step import Completed, Task
from csire_bridge.pipeline.observe.readings import read_contactor
from csire_bridge.pipeline.orders.order_changes import OrderChanges
from csire_bridge.pipeline.ports.head_end import HeadEnd
from csire_bridge.pipeline.ports.store import Transaction

__all__ = ["Doubting", "LookedAt", "look_at", "set_doubtful_aside", "settle_doubted", "told_before"]

_OUTCOMES = {OrderKind.DISCONNECT: Outcome.DISCONNECTED, OrderKind.RECONNECT: Outcome.CONNECTED}


@dataclass(frozen=True, slots=True)
class Doubting:
    """An uncertain order, whose contactor is read before it is left to a person; ``meter`` is None if not known."""

    order: Order
    meter: MeterNumber | None


LookedAt = ContactorReading | HeadEndUnreachable | OutcomeUnknown | HeadEndRefused | None
"""What the contactor said, or why it said nothing; None where no meter is known."""


def set_doubtful_aside(
    tx: Transaction, pairs: Sequence[tuple[WorkItem, Order]], now: datetime
) -> tuple[list[tuple[WorkItem, Order]], list[Task[Doubting]]]:
    """Split orders that are about to start: those that may, and the uncertain ones, whose contactors are read."""
    last = tx.restores.last()
    doubtful = [(item, order) for item, order in pairs if last is not None and last.doubts(order)]
    if not doubtful:
        return list(pairs), []
    points = tx.points.of([order.metering_point for _, order in doubtful], now)
    tasks = []
    for item, order in doubtful:
        point = points.get(order.metering_point)
        tasks.append(Task(item, Doubting(order, order.meter or (point.meter if point else None))))
    return [pair for pair in pairs if pair not in doubtful], tasks


def look_at(head_end: HeadEnd, doubting: Doubting, clock: Clock) -> LookedAt:
    """Read the contactor."""
    if doubting.meter is None:
        return None
    try:
        return read_contactor(head_end, doubting.meter, clock)
    except (HeadEndUnreachable, OutcomeUnknown, HeadEndRefused) as error:
        return error


def settle_doubted(done: Sequence[Completed[Doubting, LookedAt]], changes: OrderChanges) -> None:
    """Park each order for a person, with the state that its contactor showed."""
    for piece in done:
        match piece.result:
            case ContactorReading() as reading:
                seen = f"contactor read: supply {'on' if reading.output_state else 'off'}"
            case None:
                seen = "no meter is known at the point"
            case error:
                seen = f"the contactor can't be read: {error.text}"
        changes.park(piece.about.order, piece.item, f"{IN_DOUBT}; {seen}")


def told_before(tx: Transaction, key: int, act: OperatorAction, done_at: datetime | None) -> Order:
    """Record that the hub has the order's answer from before the restore, so it is never answered again.

    ``done_at`` (UTC) is the time that the hub was told; None if it was told that the order can't be carried out. An
    order that has ended since then stays as it is. Raises ActionRefused for one that does not wait for a person.
    """
    order = tx.orders.get_many([key]).get(key)
    if order is None:
        raise ActionRefused(f"there is no order {key}", "look its key up with `orders list`")
    told = "can't be carried out" if done_at is None else f"done at {done_at.isoformat()}"
    text = act.history_line(f"the hub was told before the restore: {told}; nothing is sent")
    if order.state in FINAL_STATES:
        if not tx.work.take_away(WorkStep.ACKNOWLEDGE, key):
            raise ActionRefused(
                f"the answer to order {key} was made, or is being made now", "look at it with `orders show`"
            )
        tx.orders.note(key, order.state, act.at, text)
    elif order.state in NEEDS_OPERATOR:
        changes = OrderChanges(act.at)
        if done_at is None:
            order = changes.move(order, OrderState.REJECTED, text, cannot_reason=RejectionReason.OTHER, detail=text)
        else:
            facts = {"outcome": _OUTCOMES.get(order.kind), "executed_at": done_at}
            order = changes.move(order, OrderState.DONE, text, detail=text, **facts)
        changes.released.append(order)
        changes.write(tx, None)
    else:
        raise ActionRefused(
            f"order {key} is {order.state}", "only orders that wait for a person, or have ended, can be"
        )
    tx.restores.vouch([key])
    tx.restores.told_before(key)
    return order
