"""``/points``: what is known of a metering point, its holds, and danger."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Response

from csire_bridge.api.http.acts import Work, act
from csire_bridge.api.http.answers import answer
from csire_bridge.api.http.call import Guarding, Personal, Pointing
from csire_bridge.api.http.fields import IdempotencyKey, PointText, Why
from csire_bridge.api.http.problems import missing
from csire_bridge.api.routes.shapes import Facts
from csire_bridge.domain.identifiers import MeteringPointCode
from csire_bridge.domain.metering_point.facts import Telling
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.people.acts import Act
from csire_bridge.pipeline.operator.orders import danger_actions
from csire_bridge.pipeline.operator.points import meter_looks, protection_actions
from csire_bridge.store.queries.dossiers.point_dossier import KnownFact, point_file, told_facts
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
    """The facts with their sources, the newest statements, holds, standing cuts because of danger, meters, contactor.

    Why a household is protected is told by ``POST /points/{code}/protection`` only, which keeps who has read it.
    """
    with call.reading() as connection:
        found = point_file(connection, MeteringPointCode(code), call.needs.policy.law, call.now)
    if found is None:
        raise missing(f"point {code} in the registry", "import it, or look the code up")
    body = {
        "code": found.code,
        "updated_at": found.updated_at,
        "facts": {one.name: _known(one) for one in found.facts},
        "history": [_told(telling) for telling in found.tellings[::-1]],
        "holds": found.holds,
        "past_holds": found.past_holds,
        "danger_cuts": found.standing_cuts,
        "meters": found.meters,
        "contactor": found.contactor,
        "movements": found.movements,
    }
    return answer(call, body, (Act.POINT_READ, f"point {code}"))


@point_router.post("/{code}/ask", response_model=Facts, summary="Ask its meter now")
def ask(call: Pointing, code: Code, body: Why, idempotency: IdempotencyKey = None) -> Response:
    """The contactor is read, which may take a minute, and the reading is recorded. Nothing is switched."""

    def prepare(_: OperatorAction) -> Work:
        chosen = MeteringPointCode(code)
        meter = meter_looks.meter_at(call.needs.database, chosen)
        with call.needs.head_end() as head_end:
            reading = meter_looks.read_now(head_end, meter, call.needs.clock)
        return lambda tx, doing: to_row(meter_looks.note_look(tx, chosen, reading, doing))

    return act(call, Act.POINT_ASK, body, idempotency, prepare)


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


def _known(fact: KnownFact) -> dict[str, Any]:
    return {name: getattr(fact, name) for name in ("value", "source", "told_by", "effective", "heard")}


def _told(telling: Telling) -> dict[str, Any]:
    when = {"told_at": telling.told_at, "applied_at": telling.applied_at, "source": telling.source}
    facts = told_facts(telling) | {"effective_date": telling.update.effective_date}
    return {**when, "facts": facts}
