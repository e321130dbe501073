"""``/holds``, ``/stop`` and ``/allowances``: the guards, and what people do with them."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import Field

from csire_bridge.api.http.acts import act
from csire_bridge.api.http.answers import answer
from csire_bridge.api.http.call import Guarding, Reading, Releasing
from csire_bridge.api.http.fields import IdempotencyKey, Key, MomentText, PointText, Why
from csire_bridge.api.routes.shapes import Facts
from csire_bridge.domain.identifiers import MeteringPointCode
from csire_bridge.domain.metering_point.complaints import Decision
from csire_bridge.domain.metering_point.guards import CAP_WINDOW, StopScope
from csire_bridge.domain.metering_point.holds import HoldKind
from csire_bridge.domain.metering_point.interlocks import against
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.people.acts import Act
from csire_bridge.pipeline.operator import complaint_actions, guard_actions
from csire_bridge.store.queries.guard_facts import allowance_facts, hold_facts, stop_facts
from csire_bridge.store.queries.lists.order_pages import open_at
from csire_bridge.store.queries.search.order_search import commands_under_way
from csire_bridge.store.repositories.points.guards import Guards
from csire_bridge.store.unit_of_work import UnitOfWork

__all__ = ["guard_router"]

guard_router = APIRouter(tags=["guards"])


class NewHold(Why):
    """A hold. A complaint has ``lodged`` (None: today) and ``after_cut``, and no ``until``."""

    point: PointText
    kind: HoldKind
    until: MomentText | None = None
    lodged: MomentText | None = None
    after_cut: bool = False


class Decided(Why):
    """How a complaint was decided."""

    decision: Decision


class NewStop(Why):
    """What is stopped."""

    scope: StopScope = StopScope.DISCONNECTIONS


class NewAllowance(Why):
    """How many disconnections above the cap are asked for."""

    count: Annotated[int, Field(ge=1, le=100_000)]


class Approval(Why):
    """How long they count, in hours."""

    hours: Annotated[float, Field(ge=0.01, le=24)] = 1


@guard_router.get("/holds", response_model=Facts, summary="Every hold that was not released")
def holds(call: Reading) -> Response:
    """What is over is there, too, with ``holds`` false; of a complaint, what stands and which times count."""
    with call.reading() as connection:
        found = Guards(connection).holds()
    # Whether it holds depends on the moment, and nothing else that is told does: an ETag stays while nothing changes.
    items = [hold_facts(hold, call.now, call.needs.policy.law) for hold in found]
    return answer(call, {"items": items, "next": None}, (Act.POINT_READ, "holds"))


@guard_router.post("/holds", response_model=Facts, status_code=HTTPStatus.CREATED, summary="Hold a metering point")
def set_hold(call: Guarding, body: NewHold, idempotency: IdempotencyKey = None) -> Response:
    """Disconnections are answered with "cannot"; or connections wait (emergency).

    ``orders`` are the open orders that it meets.
    """
    code, law = MeteringPointCode(body.point), call.needs.policy.law

    def work(tx: UnitOfWork, doing: OperatorAction) -> dict[str, Any]:
        key = (
            complaint_actions.lodge(tx, code, body.lodged, doing, law, after_cut=body.after_cut)
            if body.kind is HoldKind.COMPLAINT
            else guard_actions.set_hold(tx, code, body.kind, body.until, doing)
        )
        hold = tx.guards.hold(key)
        met = [order for order in open_at(tx.connection, code, body.kind.stops) if against(order, [hold]) is not None]
        orders = [{"key": one.key, "kind": one.kind, "state": one.state} for one in met]
        return hold_facts(hold, doing.at, law) | {"orders": orders}

    what = Act.COMPLAINT_LODGE if body.kind is HoldKind.COMPLAINT else Act.HOLD_SET
    return act(call, what, body, idempotency, lambda _: work, status=HTTPStatus.CREATED)


@guard_router.post("/holds/{key}/release", response_model=Facts, summary="Release a hold")
def release_hold(call: Releasing, key: Key, body: Why, idempotency: IdempotencyKey = None) -> Response:
    """Orders that waited for it continue at once."""

    def work(tx: UnitOfWork, doing: OperatorAction) -> dict[str, Any]:
        hold, waited = guard_actions.release_hold(tx, key, doing)
        return hold_facts(hold, doing.at, call.needs.policy.law) | {"orders": [order.key for order in waited]}

    return act(call, Act.HOLD_RELEASE, body, idempotency, lambda _: work)


@guard_router.post("/holds/{key}/decide", response_model=Facts, summary="How its complaint was decided")
def decide(call: Guarding, key: Key, body: Decided, idempotency: IdempotencyKey = None) -> Response:
    """A rejection permits disconnections from now on, unless the complaint is disputed."""

    def work(tx: UnitOfWork, doing: OperatorAction) -> dict[str, Any]:
        return hold_facts(complaint_actions.decide(tx, key, body.decision, doing), doing.at, call.needs.policy.law)

    return act(call, Act.COMPLAINT_DECIDE, body, idempotency, lambda _: work)


@guard_router.post("/holds/{key}/dispute", response_model=Facts, summary="Its complaint is disputed")
def dispute(call: Guarding, key: Key, body: Why, idempotency: IdempotencyKey = None) -> Response:
    """It blocks disconnections until a person releases it, also after a rejection."""

    def work(tx: UnitOfWork, doing: OperatorAction) -> dict[str, Any]:
        return hold_facts(complaint_actions.dispute(tx, key, doing), doing.at, call.needs.policy.law)

    return act(call, Act.COMPLAINT_DISPUTE, body, idempotency, lambda _: work)


@guard_router.get("/stop", response_model=Facts, summary="Whether the stop switch is thrown")
def stop(call: Reading) -> Response:
    """And how many commands are under way, which it does not call back."""
    with call.reading() as connection:
        body = stop_facts(Guards(connection).stop()) | {"under_way": commands_under_way(connection)}
    return answer(call, body)


@guard_router.post("/stop", response_model=Facts, summary="Throw the stop switch")
def throw_stop(call: Guarding, body: NewStop, idempotency: IdempotencyKey = None) -> Response:
    """No node sends commands of that scope any more; commands under way are not called back."""

    def work(tx: UnitOfWork, doing: OperatorAction) -> dict[str, Any]:
        guard_actions.throw_stop(tx, body.scope, doing)
        return stop_facts(tx.guards.stop()) | {"under_way": commands_under_way(tx.connection)}

    return act(call, Act.STOP_THROW, body, idempotency, lambda _: work)


@guard_router.post("/stop/lift", response_model=Facts, summary="Lift the stop switch")
def lift_stop(call: Releasing, body: Why, idempotency: IdempotencyKey = None) -> Response:
    """Orders that waited for it continue at once, under the cap and all other guards."""

    def work(tx: UnitOfWork, doing: OperatorAction) -> dict[str, Any]:
        was = tx.guards.stop()
        return {"lifted": guard_actions.lift_stop(tx, doing), "was": stop_facts(was)}

    return act(call, Act.STOP_LIFT, body, idempotency, lambda _: work)


@guard_router.get("/allowances", response_model=Facts, summary="The cap, and requests above it")
def allowances(call: Reading) -> Response:
    """The hour's cap, how many were given within it, requests that wait for a second person, approved ones."""
    with call.reading() as connection:
        tx = UnitOfWork(connection)
        found = [allowance_facts(one) for one in tx.guards.allowances(call.now)]
        given, more = tx.neighbours.disconnections_given(call.now - CAP_WINDOW), tx.guards.allowed(call.now)
    return answer(
        call,
        {
            "cap": call.needs.policy.disconnections_per_hour,
            "allowed_above": more,
            "given": given,
            "items": found,
            "next": None,
        },
    )


@guard_router.post("/allowances", response_model=Facts, status_code=HTTPStatus.CREATED, summary="Ask for more")
def ask(call: Guarding, body: NewAllowance, idempotency: IdempotencyKey = None) -> Response:
    """Disconnections above the hour's cap; another person approves."""

    def work(tx: UnitOfWork, doing: OperatorAction) -> dict[str, Any]:
        key = guard_actions.ask(tx, body.count, doing)
        return {"key": key, "count": body.count, "asked_by": doing.by, "why": doing.why}

    return act(call, Act.ALLOWANCE_ASK, body, idempotency, lambda _: work, status=HTTPStatus.CREATED)


@guard_router.post("/allowances/{key}/approve", response_model=Facts, summary="Approve a request of another person")
def approve(call: Releasing, key: Key, body: Approval, idempotency: IdempotencyKey = None) -> Response:
    """Only another account can; orders that wait for the cap continue at once."""

    def work(tx: UnitOfWork, doing: OperatorAction) -> dict[str, Any]:
        return allowance_facts(guard_actions.approve(tx, key, doing, timedelta(hours=body.hours)))

    return act(call, Act.ALLOWANCE_APPROVE, body, idempotency, lambda _: work)
