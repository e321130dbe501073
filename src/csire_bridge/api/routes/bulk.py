"""``/bulk``: a pasted list of points or orders: what it means, what an act would do, and the act."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from enum import StrEnum
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import AfterValidator, Field

from csire_bridge.api.http.acts import Work, act
from csire_bridge.api.http.answers import answer
from csire_bridge.api.http.call import Call, Personal
from csire_bridge.api.http.fields import IdempotencyKey, MomentText, Strict, Words
from csire_bridge.api.http.problems import ApiProblem, missing
from csire_bridge.api.routes.shapes import Facts
from csire_bridge.domain.errors import ActionRefused
from csire_bridge.domain.identifiers import MeteringPointCode
from csire_bridge.domain.metering_point.holds import HoldKind
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.people.acts import Act
from csire_bridge.domain.people.audited import require
from csire_bridge.pipeline.operator import bulk_actions, guard_actions, order_actions
from csire_bridge.pipeline.operator.point_picks import listed_words, pick_points
from csire_bridge.pipeline.ports.store import Transaction
from csire_bridge.store.queries.key_lists import MOST_KEYS, KeyList, orders_of, split_keys
from csire_bridge.store.unit_of_work import UnitOfWork

__all__ = ["bulk_router"]

bulk_router = APIRouter(prefix="/bulk", tags=["bulk"])


def _pasted(text: str) -> str:
    """The list without a byte order mark; raises ValueError where it has control characters."""
    text = text.removeprefix("\ufeff")
    if any(ord(one) < 32 and one not in "\r\n\t" for one in text):
        raise ValueError("the list has control characters: it is no text")
    return text


KeyText = Annotated[
    str,
    Field(
        min_length=1,
        max_length=64 * 1024,
        description=f"A list as it is pasted, or a column of a CSV file: up to {MOST_KEYS} keys.",
        examples=["590243856287817706\n590243856287817713"],
    ),
    AfterValidator(_pasted),
]


class Subject(StrEnum):
    """What the keys are of."""

    POINTS = "points"
    ORDERS = "orders"


class BulkAct(StrEnum):
    """What is done with each."""

    HOLD = "hold"
    RETRY = "retry"
    FIELD_WORK = "field-work"
    WITHDRAW = "withdraw"


class Wanted(Strict):
    """A list, and what it is of."""

    of: Subject
    keys: KeyText


class Planned(Strict):
    """An act on a list. ``kind`` and ``until`` are for ``hold``, whose list is of points; the others are of orders."""

    act: BulkAct
    keys: KeyText
    why: Words
    kind: HoldKind | None = None
    until: MomentText | None = None


class Decided(Planned):
    """The same, with the seal of the preview that was seen."""

    seal: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


_ACTS = {
    BulkAct.HOLD: (Act.HOLD_SET, Subject.POINTS),
    BulkAct.RETRY: (Act.ORDER_RETRY, Subject.ORDERS),
    BulkAct.FIELD_WORK: (Act.ORDER_FIELD_WORK, Subject.ORDERS),
    BulkAct.WITHDRAW: (Act.ORDER_WITHDRAW, Subject.ORDERS),
}


@bulk_router.post("/find", response_model=Facts, summary="What a list of keys means")
def find(call: Personal, body: Wanted) -> Response:
    """Found, unknown or wrong (with the right check digit), and ambiguous with the candidates."""
    with call.needs.database.transaction() as tx:
        found = _resolved(tx, body.of, body.keys, call.now)
    return answer(call, asdict(found), (Act.ORDER_READ, f"list of {body.of}: {len(found.found)} found"))


@bulk_router.post("/preview", response_model=Facts, summary="What an act on a list would do")
def preview(call: Personal, body: Planned) -> Response:
    """The outcome of each item, by the very code that does it, in a transaction that is undone; and its ``seal``."""
    what, subject = _ACTS[body.act]
    require(call.actor, what)
    with call.needs.database.transaction() as tx:
        found = _resolved(tx, subject, body.keys, call.now)
    doing = OperatorAction.of(call.actor, call.now, body.why)
    result = bulk_actions.preview(call.needs.database, _named(body), found.found, _one(call, body), doing)
    return answer(call, _told(found, result), (Act.ORDER_READ, f"list of {subject}: {len(found.found)} found"))


@bulk_router.post("", response_model=Facts, summary="Act on a list, as the preview showed it")
def carry_out(call: Personal, body: Decided, idempotency: IdempotencyKey = None) -> Response:
    """All in one transaction: nothing is done if anything would come out otherwise than in the preview (409)."""
    what, subject = _ACTS[body.act]

    def prepare(_: OperatorAction) -> Work:
        def work(tx: UnitOfWork, doing: OperatorAction) -> object:
            found = _resolved(tx, subject, body.keys, doing.at)
            one = _one(call, body)
            return _told(found, bulk_actions.carry_out(tx, _named(body), found.found, one, doing, body.seal))

        return work

    return act(call, what, body, idempotency, prepare)


def _resolved(tx: UnitOfWork, subject: Subject, text: str, now: datetime) -> KeyList:
    keys = split_keys(text) if subject is Subject.ORDERS else listed_words(text)
    if not keys:
        raise missing("key in the list", "paste codes of metering points, or keys of orders")
    if len(keys) > MOST_KEYS:
        raise ApiProblem(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "invalid",
            f"the list has {len(keys)} keys, more than {MOST_KEYS}",
            "split it",
        )
    if subject is Subject.ORDERS:
        return orders_of(tx.connection, keys)
    points = pick_points(tx, keys, now)
    ambiguous = {word: tuple(map(str, some)) for word, some in points.ambiguous.items()}
    return KeyList(tuple(map(str, points.found)), points.unknown, {}, ambiguous)


def _named(body: Planned) -> str:
    return f"{body.act} {body.kind or ''} {body.until.isoformat() if body.until else ''}"


def _one(call: Call, body: Planned) -> Callable[[Transaction, str, OperatorAction], str]:
    if body.act is not BulkAct.HOLD:
        if body.kind is not None or body.until is not None:
            raise ActionRefused("`kind` and `until` are for holds", "leave them out")
        return _ON_ORDERS[body.act](call)
    kind, until = body.kind, body.until
    if kind is None:
        raise ActionRefused("a hold needs a `kind`", f"give one of {', '.join(HoldKind)}")

    def hold(tx: Transaction, item: str, doing: OperatorAction) -> str:
        code = MeteringPointCode(item)
        guard_actions.set_hold(tx, code, kind, until, doing)
        return f"held ({kind})"

    return hold


def _retry(_: Call) -> Callable[[Transaction, str, OperatorAction], str]:
    def one(tx: Transaction, item: str, doing: OperatorAction) -> str:
        order = tx.orders.get(int(item))
        order_actions.retry(tx, [order], doing)
        return f"{order.kind} at {order.metering_point}: back to the queue"

    return one


def _field_work(call: Call) -> Callable[[Transaction, str, OperatorAction], str]:
    def one(tx: Transaction, item: str, doing: OperatorAction) -> str:
        order = order_actions.send_to_field(tx, int(item), doing, call.needs.policy.law)
        return f"{order.kind} at {order.metering_point}: left to people on site"

    return one


def _withdraw(_: Call) -> Callable[[Transaction, str, OperatorAction], str]:
    def one(tx: Transaction, item: str, doing: OperatorAction) -> str:
        order = order_actions.withdraw_unsent(tx, int(item), doing)
        return f"{order.kind} at {order.metering_point}: withdrawn before it was sent"

    return one


_ON_ORDERS = {BulkAct.RETRY: _retry, BulkAct.FIELD_WORK: _field_work, BulkAct.WITHDRAW: _withdraw}


def _told(found: KeyList, result: bulk_actions.BulkResult) -> dict[str, Any]:
    return {
        "total": len(result.outcomes),
        "done": result.done,
        "skipped": result.skipped,
        "seal": result.seal,
        "outcomes": [asdict(one) for one in result.outcomes],
        "unknown": found.unknown,
        "wrong": found.wrong,
        "ambiguous": found.ambiguous,
    }
