"""The whole API as one application; the service mounts it on the operations door."""

from __future__ import annotations

from importlib.metadata import version

from fastapi import APIRouter, Depends, FastAPI
from starlette.middleware import Middleware

from csire_bridge.api.http.body_limit import BodyLimit
from csire_bridge.api.http.json_names import no_name_twice
from csire_bridge.api.http.problems import PROBLEMS, handle_problems
from csire_bridge.api.needs import ApiNeeds
from csire_bridge.api.routes.administration.audit import audit_router
from csire_bridge.api.routes.administration.partners import partner_router
from csire_bridge.api.routes.administration.sessions import session_router
from csire_bridge.api.routes.administration.settings import settings_router
from csire_bridge.api.routes.administration.tokens import token_router
from csire_bridge.api.routes.administration.users import user_router
from csire_bridge.api.routes.documents import document_router
from csire_bridge.api.routes.jobs.jobs import job_router
from csire_bridge.api.routes.messages import message_router
from csire_bridge.api.routes.operations.guards import guard_router
from csire_bridge.api.routes.operations.rules import rule_router
from csire_bridge.api.routes.operations.shift import shift_router
from csire_bridge.api.routes.operations.statistics import statistics_router
from csire_bridge.api.routes.operations.watch import watch_router
from csire_bridge.api.routes.orders.bulk import bulk_router
from csire_bridge.api.routes.orders.find_orders import order_router
from csire_bridge.api.routes.orders.order_acts import order_acts_router
from csire_bridge.api.routes.orders.order_story import order_story_router
from csire_bridge.api.routes.point_lists import point_list_router
from csire_bridge.api.routes.points import point_router
from csire_bridge.api.routes.search import search_router

__all__ = ["PATH", "build_api"]

PATH = "/api/v1"
_ROUTERS: tuple[APIRouter, ...] = (
    order_router,
    order_acts_router,
    order_story_router,
    document_router,
    message_router,
    point_list_router,
    point_router,
    guard_router,
    bulk_router,
    job_router,
    rule_router,
    statistics_router,
    watch_router,
    search_router,
    user_router,
    token_router,
    session_router,
    audit_router,
    partner_router,
    settings_router,
    shift_router,
)
_ABOUT = """Orders, messages, points, guards, alerts and figures, and what people do with them.

Every call needs `Authorization: Bearer TOKEN`; every error is problem+json (RFC 9457) with a remedy.
"""


def build_api(needs: ApiNeeds) -> FastAPI:
    """The application, to be mounted at ``PATH``."""
    app = FastAPI(
        title="csire-bridge",
        version=version("csire-bridge"),
        description=_ABOUT,
        docs_url=None,
        redoc_url=None,
        responses=PROBLEMS,
        middleware=[Middleware(BodyLimit)],
        dependencies=[Depends(no_name_twice)],
        redirect_slashes=False,
    )
    app.state.needs = needs
    handle_problems(app)
    for router in _ROUTERS:
        app.include_router(router)
    return app
