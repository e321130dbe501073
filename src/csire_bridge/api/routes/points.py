"""``/points``: what is known of a metering point, its holds, and danger."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Path, Response

from csire_bridge.api.http.acts import act
from csire_bridge.api.http.answers import answer
from csire_bridge.api.http.call import Guarding, Personal
from csire_bridge.api.http.fields import IdempotencyKey, PointText, Why
from csire_bridge.api.http.problems import missing
from csire_bridge.api.routes.shapes import Facts
from csire_bridge.domain.identifiers import MeteringPointCode
from csire_bridge.domain.metering_point.facts import Since, Telling, origins
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.people.acts import Act
from csire_bridge.domain.protection import Protection
from csire_bridge.pipeline.operator import danger_actions, protection_actions
from csire_bridge.store.queries.guard_facts import hold_facts
from csire_bridge.store.sql.row_mapper import to_row
from csire_bridge.store.unit_of_work import UnitOfWork

__all__ = ["point_router"]

point_router = APIRouter(prefix="/points", tags=["points"])
Code = Annotated[PointText, Path(description="Code of the metering point.", examples=["590243856287817706"])]


class Cut(Why):
    """``despite_stop``: the cut shall be sent although everything is stopped."""

    despite_stop: bool = False


@point_router.get("/{code}", response_model=Facts, summary="What is known of a point, from whom and since when")
def show(call: Personal, code: Code) -> Response:
    """The facts with their sources, every statement, the holds and the standing cuts because of danger.

    Why a household is protected is told by ``POST /points/{code}/protection`` only, which keeps who has read it.
    """
    chosen, now = MeteringPointCode(code), call.now
    with call.reading() as connection:
        tx = UnitOfWork(connection)
        record, told = tx.points.record(chosen), tx.points.history(chosen)
        holds = tx.guards.holds_of([chosen], now).get(chosen, [])
        cuts = tx.danger_cuts.standing([chosen])
    if record is None and not told and not holds:
        raise missing(f"point {code} in the registry", "import it, or look the code up")
    point = record.point if record else None
    known = origins(record, told) if record else {}
    facts = {name: _known(getattr(point, name), since, telling) for name, (since, telling) in known.items()}
    body = {
        "code": chosen,
        "updated_at": point.updated_at if point else None,
        "facts": facts,
        "history": [_told(telling) for telling in told],
        "holds": [hold_facts(hold, now, call.needs.policy.law) for hold in holds],
        "danger_cuts": [to_row(cut) for cut in cuts],
    }
    return answer(call, body, (Act.POINT_READ, f"point {code}"))


@point_router.post("/{code}/protection", response_model=Facts, summary="Why the household is protected")
def protection(call: Personal, code: Code, body: Why, idempotency: IdempotencyKey = None) -> Response:
    """Personal data: that you have read it is kept, with your reason."""

    def work(tx: UnitOfWork, doing: OperatorAction) -> dict[str, Any]:
        known = protection_actions.read_protection_of(tx, MeteringPointCode(code), doing)
        return {"metering_point": code, "protection": known, "read_by": doing.by, "why": doing.why}

    return act(call, Act.PROTECTION_READ, body, idempotency, lambda _: work)


@point_router.post("/{code}/danger/cut", response_model=Facts, summary="Danger: cut the supply at once")
def cut(call: Guarding, code: Code, body: Cut, idempotency: IdempotencyKey = None) -> Response:
    """Danger to life, health or the environment. ``against`` says what keeps it from being made remotely."""

    def work(tx: UnitOfWork, doing: OperatorAction) -> dict[str, Any]:
        ordered = danger_actions.cut(tx, MeteringPointCode(code), doing, despite_stop=body.despite_stop)
        return {"cut": to_row(ordered.cut), "order": to_row(ordered.order), "against": list(ordered.against)}

    return act(call, Act.DANGER_CUT, body, idempotency, lambda _: work)


@point_router.post("/{code}/danger/lift", response_model=Facts, summary="The danger is gone")
def lift(call: Guarding, code: Code, body: Why, idempotency: IdempotencyKey = None) -> Response:
    """What the operator had cut is connected again, and connections that waited go on."""

    def work(tx: UnitOfWork, doing: OperatorAction) -> dict[str, Any]:
        lifted = danger_actions.lift(tx, MeteringPointCode(code), doing)
        return {
            "connection": lifted.connection.key if lifted.connection else None,
            "waited": [order.key for order in lifted.waited],
            "stays_off": lifted.stays_off,
        }

    return act(call, Act.DANGER_LIFT, body, idempotency, lambda _: work)


def _known(value: object, since: Since | None, telling: Telling | None) -> dict[str, Any]:
    return {
        "value": "(masked)" if isinstance(value, Protection) else value,
        "source": telling.source if telling else None,
        "told_by": telling.told_by if telling else None,
        "effective": since.effective if since else None,
        "heard": since.heard if since else None,
    }


def _told(telling: Telling) -> dict[str, Any]:
    facts = {name: value for name, value in asdict(telling.update).items() if value is not None}
    if "protection" in facts:
        facts["protection"] = "(masked)"
    return {"told_at": telling.told_at, "applied_at": telling.applied_at, "source": telling.source, "facts": facts}
