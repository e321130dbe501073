"""``/points/import``: a list of points for the registry; ``/points/{code}/meter``: which meter is at one of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Path, Response
from pydantic import Field

from csire_bridge.api.http.acts import Work, act
from csire_bridge.api.http.answers import answer
from csire_bridge.api.http.call import Call, ForPoints
from csire_bridge.api.http.fields import IdempotencyKey, MeterText, PointText, Short, Strict, Why
from csire_bridge.api.routes.shapes import Facts
from csire_bridge.domain.clock import WARSAW
from csire_bridge.domain.errors import ActionRefused
from csire_bridge.domain.identifiers import MeteringPointCode, MeterNumber
from csire_bridge.domain.metering_point.point_lists import BadLine, PointList, read_points
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.people.acts import Act
from csire_bridge.domain.people.roles import Permission
from csire_bridge.domain.words import counted
from csire_bridge.pipeline.operator.points.point_actions import set_meter
from csire_bridge.pipeline.operator.points.registry_actions import AT_ONCE, checked_list, import_points
from csire_bridge.store.unit_of_work import UnitOfWork

__all__ = ["point_list_router"]

_MOST = 5000
_SHOWN = 1000

point_list_router = APIRouter(prefix="/points", tags=["points"])
Code = Annotated[PointText, Path(description="Code of the metering point.", examples=["590243856287817706"])]
ListText = Annotated[
    str,
    Field(
        min_length=1,
        description=f"CSV, as for `csire-bridge points import`: up to {_MOST} points.",
        examples=["code;station\n590243856287817706;GPZ Oliwa"],
    ),
]


class Given(Strict):
    """A list as the text of a CSV file."""

    list: ListText


class Taken(Given, Why):
    """``name`` says in the audit which list it is; ``skip_bad``: the other lines are imported."""

    name: Short = "of the API"
    skip_bad: bool = False


class Seen(Why):
    """The number of the meter that is there; null: none is."""

    meter: MeterText | None


@point_list_router.post("/import/check", response_model=Facts, summary="What is wrong with a list of points")
def check(call: ForPoints, body: Given) -> Response:
    """How many lines are good, and each bad one with what to do. Nothing is written."""
    found = _read(call, body)
    with call.needs.database.read_transaction() as tx:
        found = checked_list(tx, found)
    told = {"good": len(found.entries), "bad": _told(found.bad)}
    return answer(call, told, (Act.POINT_READ, f"list of points: {counted(len(found.entries), 'good line')}"))


@point_list_router.post("/import", response_model=Facts, summary="Import a list of points into the registry")
def take(call: ForPoints, body: Taken, idempotency: IdempotencyKey = None) -> Response:
    """All of it, in one transaction. Refused as long as a line is bad, unless `skip_bad`."""

    def prepare(_: OperatorAction) -> Work:
        read = _read(call, body)
        return lambda tx, doing: _taken(tx, read, body, doing)

    return act(call, Act.POINTS_IMPORT, body, idempotency, prepare)


def _read(call: Call, body: Given) -> PointList:
    """Raises ActionRefused for a list that is too long, NotAllowed: what is wrong with a line may name a household."""
    call.actor.require(Permission.READ_PERSONAL, "a list of points")
    found = read_points(body.list.encode(), call.now.astimezone(WARSAW).date())
    if len(found.entries) > _MOST:
        raise ActionRefused(
            f"the list has {len(found.entries)} points, more than {_MOST}",
            "send it in parts, or use the command csire-bridge points import",
        )
    return found


def _taken(tx: UnitOfWork, read: PointList, body: Taken, doing: OperatorAction) -> dict[str, Any]:
    found = checked_list(tx, read)
    if found.bad and not body.skip_bad:
        more = counted(len({one.line for one in found.bad}), "bad line")
        raise ActionRefused(f"nothing was written: {more}; {found.bad[0]}", "POST /points/import/check tells of each")
    for start in range(0, len(found.entries), AT_ONCE):
        import_points(tx, [one.update for one in found.entries[start : start + AT_ONCE]], body.name, doing)
    return {"written": len(found.entries), "bad": _told(found.bad)}


def _told(bad: Sequence[BadLine]) -> list[dict[str, Any]]:
    return [{"line": one.line, "text": one.text} for one in bad[:_SHOWN]]


@point_list_router.post("/{code}/meter", response_model=Facts, summary="Which meter is at a point")
def meter(call: ForPoints, code: Code, body: Seen, idempotency: IdempotencyKey = None) -> Response:
    """A person has checked it. `also_at`: other points where it is known too, at which nothing is switched either;
    `parked`: orders of the point that wait for somebody.
    """

    def work(tx: UnitOfWork, doing: OperatorAction) -> dict[str, Any]:
        number = None if body.meter is None else MeterNumber(body.meter)
        others, parked = set_meter(tx, MeteringPointCode(code), number, doing)
        return {"code": code, "meter": number, "also_at": list(others), "parked": list(parked)}

    return act(call, Act.POINT_METER, body, idempotency, lambda _: work)
