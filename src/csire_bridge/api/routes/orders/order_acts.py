"""Acts on one order: retry, field work, report, withdraw, settle, resend."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Response
from pydantic import Field

from csire_bridge.api.http.acts import Work, act
from csire_bridge.api.http.answers import require_version
from csire_bridge.api.http.call import Call, Ordering
from csire_bridge.api.http.fields import IdempotencyKey, Key, MomentText, Short, Why, Words
from csire_bridge.api.http.problems import missing
from csire_bridge.api.routes.orders.find_orders import the_order
from csire_bridge.api.routes.shapes import Facts, OrderFacts
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.order.order import Order, RejectionReason
from csire_bridge.domain.order.outcome.site_reports import SiteReport
from csire_bridge.domain.people.acts import Act
from csire_bridge.pipeline.operator.orders import answer_actions, order_actions
from csire_bridge.store.sql.row_mapper import to_row
from csire_bridge.store.unit_of_work import UnitOfWork

__all__ = ["order_acts_router"]

order_acts_router = APIRouter(prefix="/orders/{key}", tags=["acts on orders"])


class Unread(Why):
    """``unread``: if the meter can't be read, this counts WITHOUT ANY READING."""

    unread: bool = False


class Done(Unread):
    """The order was carried out at ``at``; ``seen_by`` saw it, if it was not the caller."""

    result: Literal["done"]
    at: MomentText
    seen_by: Short | None = None


class NotDone(Unread):
    """The order can't be carried out. THE HUB IS TOLD the words of ``reason``; they must name nobody."""

    result: Literal["not-done"]
    reason: Words
    code: RejectionReason = RejectionReason.NOT_POSSIBLE


Report = Annotated[Done | NotDone, Field(discriminator="result")]


@order_acts_router.post("/retry", response_model=OrderFacts, summary="Put it back into the queue")
def retry(call: Ordering, key: Key, body: Why, idempotency: IdempotencyKey = None) -> Response:
    """Every gate is checked again, and attempts count from zero."""

    def work(tx: UnitOfWork, doing: OperatorAction) -> object:
        (order,) = order_actions.retry(tx, [_unchanged(call, tx, key)], doing)
        return to_row(order)

    return act(call, Act.ORDER_RETRY, body, idempotency, lambda _: work)


@order_acts_router.post("/field-work", response_model=OrderFacts, summary="Leave it to a field crew")
def field_work(call: Ordering, key: Key, body: Why, idempotency: IdempotencyKey = None) -> Response:
    """Refused at a protected or held point, and while the stop switch is on."""

    def work(tx: UnitOfWork, doing: OperatorAction) -> object:
        _unchanged(call, tx, key)
        return to_row(order_actions.send_to_field(tx, key, doing, call.needs.policy.law))

    return act(call, Act.ORDER_FIELD_WORK, body, idempotency, lambda _: work)


@order_acts_router.post("/report", response_model=OrderFacts, summary="Report the result of field work")
def report(call: Ordering, key: Key, body: Report, idempotency: IdempotencyKey = None) -> Response:
    """The contactor is read, and its reading decides; the hub is told if it asked."""
    what = Act.ORDER_REPORT_DONE if isinstance(body, Done) else Act.ORDER_REPORT_NOT_DONE

    def prepare(_: OperatorAction) -> Work:
        seen = _look(call, key)

        def work(_tx: UnitOfWork, doing: OperatorAction) -> object:
            return _ended(call, seen, _reported(call, _tx, seen, doing, body))

        return work

    return act(call, what, body, idempotency, prepare)


@order_acts_router.post("/withdraw", response_model=OrderFacts, summary="End it without effect")
def withdraw(call: Ordering, key: Key, body: Unread, idempotency: IdempotencyKey = None) -> Response:
    """Of one that waits for a person the contactor is read first. One that was not sent yet ends at once.

    The hub is told "cannot" if it asked for it.
    """

    def prepare(_: OperatorAction) -> Work:
        order = the_order(call, key)
        if order_actions.not_sent(order):
            return lambda tx, doing: _unsent(call, tx, key, doing)
        seen = _look(call, key)
        return lambda tx, doing: _ended(call, seen, order_actions.withdraw(tx, seen, doing, unread=body.unread))

    return act(call, Act.ORDER_WITHDRAW, body, idempotency, prepare)


@order_acts_router.post("/settle", response_model=OrderFacts, summary="A contested answer was cleared up with the hub")
def settle(call: Ordering, key: Key, body: Why, idempotency: IdempotencyKey = None) -> Response:
    """Recorded; nothing is sent."""

    def work(tx: UnitOfWork, doing: OperatorAction) -> object:
        _unchanged(call, tx, key)
        return to_row(order_actions.settle_contested(tx, key, doing))

    return act(call, Act.ORDER_SETTLE, body, idempotency, lambda _: work)


@order_acts_router.post("/resend", response_model=Facts, summary="Send the same bytes of its answers again")
def resend(call: Ordering, key: Key, body: Why, idempotency: IdempotencyKey = None) -> Response:
    """Those that could not be sent, or were sent and heard nothing. The hub knows a repeated answer by its id."""

    def work(tx: UnitOfWork, doing: OperatorAction) -> object:
        _unchanged(call, tx, key)
        return {"answers": answer_actions.resend(tx, key, doing)}

    return act(call, Act.ANSWER_RESEND, body, idempotency, lambda _: work)


def _unchanged(call: Call, tx: UnitOfWork, key: int) -> Order:
    """The order, if it is still the one that the caller has decided on; raises ApiProblem."""
    order = tx.orders.get_many([key]).get(key)
    if order is None:
        raise missing(f"order {key}", "look its key up with GET /api/v1/orders")
    require_version(call, order.version)
    return order


def _look(call: Call, key: int) -> order_actions.ObservedOrder:
    require_version(call, the_order(call, key).version)
    with call.needs.head_end() as head_end:
        return order_actions.look(call.needs.database, head_end, key, call.needs.clock)


def _unsent(call: Call, tx: UnitOfWork, key: int, doing: OperatorAction) -> dict[str, Any]:
    _unchanged(call, tx, key)
    order = order_actions.withdraw_unsent(tx, key, doing)
    return to_row(order) | {"contactor_read": False, "answer": call.needs.answer_due(order)}


def _reported(
    call: Call, tx: UnitOfWork, seen: order_actions.ObservedOrder, doing: OperatorAction, body: Done | NotDone
) -> Order:
    if isinstance(body, NotDone):
        return order_actions.report_not_done(tx, seen, doing, body.code, body.reason, unread=body.unread)
    told = SiteReport(body.at, body.seen_by or doing.by, body.unread)
    return order_actions.report_executed(tx, seen, doing, told, armed_counts=call.needs.policy.armed_counts)


def _ended(call: Call, seen: order_actions.ObservedOrder, order: Order) -> dict[str, Any]:
    """The order, whether its contactor was read, and the number of the message that tells the hub."""
    return to_row(order) | {
        "contactor_read": seen.reading is not None,
        "answer": call.needs.answer_due(order),
    }
