"""Messages and their market processes: repeats, messages that come late, and messages in the wrong order.

A process's row is locked while one of its messages is settled. So an order and the end of its process see each other,
whichever comes first and however many workers there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from csire_bridge.domain.errors import Problem, ProblemCode
from csire_bridge.domain.identifiers import ProcessInstanceId
from csire_bridge.domain.message.message import OrderList, OrderRequest, SpecialKind, SpecialNotice, UnderstoodMessage
from csire_bridge.domain.message.processes import Process, Standing, Stands, same_dates, standing
from csire_bridge.domain.order.order import Order, OrderKind
from csire_bridge.domain.order.requests.operators_own import is_operators_own
from csire_bridge.domain.order.steps import StepRules
from csire_bridge.pipeline.orders.cancel import cancel_or_recall
from csire_bridge.pipeline.orders.child_orders import restore_supply
from csire_bridge.pipeline.orders.create import new_order
from csire_bridge.pipeline.orders.reschedule import move_date
from csire_bridge.pipeline.ports.store import Transaction
from csire_bridge.telemetry.logs import logger

__all__ = ["KnownProcesses", "catch_up", "end_process", "process_of", "refusal"]

_log = logger(__name__)
_ENDED = "the hub ended the process by force"
_CHANGES_NOTHING = (Standing.REPEATED, Standing.OUTDATED)


class KnownProcesses:
    """The processes that some messages of the hub name, one message each, as they stand in this transaction."""

    def __init__(self, tx: Transaction, understood: Sequence[UnderstoodMessage], now: datetime) -> None:
        self._asked = {u.header.message_id: _asked_by(u, now) for u in understood}
        ends = [instance for u in understood if (instance := _ends(u)) is not None]
        asked = [process_of(order) for orders in self._asked.values() for order in orders]
        named = asked + [Process(process_instance=p) for p in ends]
        self._processes = tx.processes.lock([process for process in named if process is not None])
        self._orders = tx.neighbours.of_processes(list(self._processes))

    def _stands(self, asked: Order) -> Stands:
        """How an order relates to its process."""
        if asked.process_instance is None:
            return Stands(Standing.NEW)
        return self._standing(asked, asked.process_instance)

    def _standing(self, asked: Order, instance: ProcessInstanceId) -> Stands:
        return standing(asked, self._processes[instance], self._orders[instance])

    def refusal(self, understood: UnderstoodMessage) -> Problem | None:
        """Why a message is refused because of what its process asked for before; None if it is not.

        A list is refused for one of its items, unless the others are wanted all the same and there is one.
        """
        against = self._against(understood)
        wanted = understood.request
        some = isinstance(wanted, OrderList) and wanted.partly and len(against) < len(wanted.orders)
        return against[0] if against and not some else None

    def left_out(self, understood: UnderstoodMessage) -> list[Problem]:
        """What is wrong with the items of a list that are not taken, although others are."""
        listed = understood.request
        return [*listed.refused, *self._against(understood)] if isinstance(listed, OrderList) else []

    def _against(self, understood: UnderstoodMessage) -> list[Problem]:
        """What speaks against the orders of a message, each once."""
        asked = self._asked[understood.header.message_id]
        found = ((order, refusal(self._stands(order), order.process_instance)) for order in asked)
        return [_of_item(order, problem) for order, problem in found if problem is not None]

    def asks(self, understood: UnderstoodMessage) -> bool:
        """Whether the message changes anything: false for a repeat, and for one older than what already counts."""
        return not self._asked[understood.header.message_id] or bool(self.asked(understood))

    def asked(self, understood: UnderstoodMessage) -> list[Order]:
        """The orders that a message asks for, without those that change nothing and those that are refused."""
        return [order for order in self._asked[understood.header.message_id] if self._is_wanted(order)]

    def _is_wanted(self, order: Order) -> bool:
        stands = self._stands(order)
        return stands.standing not in _CHANGES_NOTHING and refusal(stands, order.process_instance) is None

    def admit(self, tx: Transaction, derived: Order) -> list[Order]:
        """The order that follows from a notice; none if the notice's process has made it before.

        If the notice belongs to a process of another kind, the order is made without a process.
        """
        process = process_of(derived)
        if process is None:
            return [derived]
        self._processes |= tx.processes.lock([process])
        self._orders |= tx.neighbours.of_processes([process.process_instance])
        stands = self._standing(derived, process.process_instance).standing
        if stands is Standing.OTHER:
            return [replace(derived, process_instance=None)]
        return [derived] if stands in (Standing.NEW, Standing.MOVED) else []

    def without_joining(self, tx: Transaction, orders: Sequence[Order], now: datetime, rules: StepRules) -> list[Order]:
        """Join orders of the hub to those for which SID has named the same process; return the other ones."""
        return [order for order in orders if not self._joins(tx, order, now, rules)]

    def _joins(self, tx: Transaction, order: Order, now: datetime, rules: StepRules) -> bool:
        instance = order.process_instance
        stands = self._standing(order, instance) if instance in self._processes and instance else None
        if stands is None or stands.standing is not Standing.JOINS or stands.order is None:
            return False
        text = f"message {order.source_number} of the hub asks for the same, in the process that SID named"
        joined = tx.orders.join(stands.order, order, now, text)
        if order.kind.contactor_action is None and not same_dates(order, joined):
            move_date(tx, joined, order, now, rules)
        return True

    def remark(self, understood: UnderstoodMessage) -> str | None:
        """A line for the message's history if there is something unusual about its process; else None."""
        asked = self._asked[understood.header.message_id]
        if not asked:
            return self._remark(understood, understood.request.process_instance, Stands(Standing.NEW))
        found = [(one, self._remark(understood, one.process_instance, self._stands(one))) for one in asked]
        return "; ".join(_of_place(order, text) for order, text in found if text) or None

    def _remark(self, understood: UnderstoodMessage, instance: ProcessInstanceId | None, stands: Stands) -> str | None:
        if stands.standing is Standing.REPEATED and stands.order is not None:
            return f"asks again for order {stands.order.key}, which is {stands.order.state}: nothing changes"
        if stands.standing is Standing.OUTDATED and stands.order is not None:
            return f"is older than the message that set the dates of order {stands.order.key}: nothing changes"
        ends = _ends(understood)
        if ends is not None and not self._orders[ends]:
            return f"no order of process {ends} has come yet: its end is kept, and counts when one comes"
        ended = self._processes.get(instance) if instance and stands.standing is Standing.NEW else None
        if ended is not None and ended.ended_at is not None and ends is None:
            return f"{_ENDED} before this message came: its order ends at once"
        return None

    def follow(self, tx: Transaction, understood: UnderstoodMessage, now: datetime) -> None:
        """Note that the hub ended a process, and end what it asked for."""
        instance = _ends(understood)
        if instance is not None:
            tx.processes.end(instance, understood.header.message_id, now)
            end_process(tx, instance, _ENDED, now)

    def catch_up(self, tx: Transaction, new: Sequence[Order], now: datetime) -> None:
        """Record what processes asked for; ``new`` orders whose process had been ended before end at once."""
        for order in new:
            process = self._processes.get(order.process_instance) if order.process_instance else None
            if process is not None:
                catch_up(tx, process, order, now)


def catch_up(tx: Transaction, process: Process, order: Order, now: datetime) -> None:
    """Apply to a new ``order`` what its process had been told before: its end, if that came first."""
    if process.kind is None and (asked := process_of(order)) is not None:
        tx.processes.ask(asked)
    if process.ended_at is not None:
        said = f"{_ENDED} (message {process.ended_by}) before the order came"
        end_process(tx, process.process_instance, said, now)


def end_process(tx: Transaction, instance: ProcessInstanceId, why: str, now: datetime) -> None:
    """End the waiting orders of a process that the hub terminated; recall those under way.

    The hub gets an answer in both cases: "cannot" for what did not happen, "done" for what could not be stopped. If SID
    asked for the same, a connection continues; everything else ends, and SID is told and may ask again. Orders of the
    operator's own, because of danger and after it, are nobody else's to end.
    """
    restore_supply(tx, instance, why, now)
    orders = tx.neighbours.open_of_process(instance)
    behind = tx.sid.behind([order.key for order in orders])
    for order in orders:
        if is_operators_own(order):
            text = f"{why}, but a person of the operator gave the order: it goes on"
            tx.orders.note(order.key, order.state, now, text)
        elif order.kind is OrderKind.RECONNECT and behind.get(order.key) and order.source_message is not None:
            tx.orders.note(order.key, order.state, now, f"{why}, but SID asks for the same: the order goes on")
        elif order.recalled_at is None and not cancel_or_recall(tx, order, why, now):
            _log.error("order.process_ended", order=order.key)


def refusal(stands: Stands, instance: ProcessInstanceId | None) -> Problem | None:
    """Why a request is refused for what its process has asked for before; None where it is not."""
    order = stands.order
    if stands.standing is Standing.ANSWERED:
        how = f"order {order.key} of it is {order.state}" if order else "its order was archived"
        return Problem(
            ProblemCode.PROCESS_ANSWERED,
            f"process {instance} was answered: {how}. It is not carried out a second time",
            "send it under a new process instance id, if it is wanted again",
        )
    if stands.standing is Standing.OTHER:
        what = f"order {order.key}: {order.kind} at {order.metering_point}" if order else "another kind, or point"
        return Problem(
            ProblemCode.PROCESS_REUSED,
            f"process {instance} has asked for something else before ({what})",
            "send it under a process instance id of its own",
        )
    if stands.standing is Standing.UNDER_WAY and order is not None:
        return Problem(
            ProblemCode.PROCESS_REUSED,
            f"order {order.key} of process {instance} is {order.state}: its date can't be changed any more",
            "end the process if the order is not wanted, and send the request under a new process instance id",
        )
    return None


def process_of(order: Order) -> Process | None:
    """The process that ``order`` names, as it is written down; None where it names none."""
    if order.process_instance is None:
        return None
    return Process(process_instance=order.process_instance, kind=order.kind, metering_point=order.metering_point)


def _asked_by(understood: UnderstoodMessage, now: datetime) -> list[Order]:
    """The orders that a message asks for: one, one for each item of its list, or none."""
    header, reading = understood.header, understood.request
    single = [reading] if isinstance(reading, OrderRequest) else []
    wanted = reading.orders if isinstance(reading, OrderList) else single
    return [new_order(request, now, registered_at=header.timestamp, header=header) for request in wanted]


def _of_item(order: Order, problem: Problem) -> Problem:
    return replace(problem, text=_of_place(order, problem.text))


def _of_place(order: Order, text: str) -> str:
    """A sentence about an item of a list says which."""
    return f"item {order.source_item}: {text}" if order.source_item else text


def _ends(understood: UnderstoodMessage) -> ProcessInstanceId | None:
    """The process that the message says was ended by force."""
    notice = understood.request
    ended = isinstance(notice, SpecialNotice) and notice.kind is SpecialKind.PROCESS_ENDED
    return notice.process_instance if ended else None
