"""The stop switch: thrown at once; lifted by the preview of a job."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Response

from csire_bridge.console.http.acts import carry_out
from csire_bridge.console.http.answers import page, redirect
from csire_bridge.console.http.visit import Visit, acting, visiting
from csire_bridge.domain.metering_point.guards import StopScope
from csire_bridge.domain.people.acts import Act
from csire_bridge.domain.people.roles import Permission
from csire_bridge.pipeline.operator import guard_actions
from csire_bridge.store.queries.search.order_search import commands_under_way
from csire_bridge.store.repositories.points.guards import Guards

__all__ = ["stop_pages"]

stop_pages = APIRouter()
_Reading = Annotated[Visit, Depends(visiting(Permission.READ))]
_Sending = Annotated[Visit, Depends(acting(Permission.GUARDS))]


@stop_pages.get("/stop")
def stop(visit: _Reading) -> Response:
    """Whether it is thrown, since when, by whom; how many commands are under way."""
    with visit.reading() as connection:
        facts = {"stop": Guards(connection).stop(), "under_way": commands_under_way(connection)}
    rules = visit.api.jobs.rules
    may = {"may_throw": visit.may(Act.STOP_THROW), "may_lift": visit.may(Act.STOP_LIFT), "two": rules.stop_lift}
    return page(visit, "stop/stop.html", {**facts, **may, "scopes": list(StopScope)})


@stop_pages.post("/stop/throw")
def throw(visit: _Sending, scope: Annotated[StopScope, Form()], why: Annotated[str, Form(max_length=500)]) -> Response:
    """Throw it: from now on no node sends commands of that scope."""
    carry_out(visit, why, lambda tx, act: guard_actions.throw_stop(tx, scope, act))
    return redirect(visit, "/stop")
