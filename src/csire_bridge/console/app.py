"""The console as one application; the service mounts it at the console's door."""

from __future__ import annotations

from fastapi import FastAPI, Response
from starlette.middleware import Middleware

from csire_bridge.console.area import Area
from csire_bridge.console.http.assets import script, script_address
from csire_bridge.console.http.own_pages import OwnPages
from csire_bridge.console.http.refusals import handle_refusals
from csire_bridge.console.needs import ConsoleNeeds
from csire_bridge.console.pages.alerts.pages import ALERTS
from csire_bridge.console.pages.audit.pages import AUDIT
from csire_bridge.console.pages.documents.routes import DOCUMENTS
from csire_bridge.console.pages.figures.routes import FIGURES
from csire_bridge.console.pages.find.area import FIND
from csire_bridge.console.pages.jobs.area import JOBS
from csire_bridge.console.pages.messages.routes import MESSAGES
from csire_bridge.console.pages.open_cases.area import OPEN_CASES
from csire_bridge.console.pages.orders.routes import ORDERS
from csire_bridge.console.pages.partners.pages import PARTNERS
from csire_bridge.console.pages.people.area import PEOPLE
from csire_bridge.console.pages.points.routes import POINTS
from csire_bridge.console.pages.rules.versions import RULES
from csire_bridge.console.pages.shift.pages import SHIFT
from csire_bridge.console.pages.sign_in.routes import SIGN_IN, login_routes
from csire_bridge.console.pages.story.routes import STORY
from csire_bridge.console.pages.system.pages import SYSTEM
from csire_bridge.console.pages.today.routes import TODAY
from csire_bridge.console.pages.views.counted import menu_views
from csire_bridge.console.pages.views.routes import VIEWS

__all__ = ["AREAS", "build_console"]

AREAS: tuple[Area, ...] = (
    SIGN_IN,
    ALERTS,
    TODAY,
    FIND,
    JOBS,
    OPEN_CASES,
    PEOPLE,
    ORDERS,
    VIEWS,
    AUDIT,
    STORY,
    DOCUMENTS,
    FIGURES,
    MESSAGES,
    PARTNERS,
    SYSTEM,
    SHIFT,
    RULES,
    POINTS,
)
"""Every area, each with its routes and its places in the menu."""


def build_console(needs: ConsoleNeeds) -> FastAPI:
    """The application, to be mounted at the root of its address."""
    app = FastAPI(
        title="csire-bridge",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        middleware=[Middleware(OwnPages, own_address=needs.own_address)],
        redirect_slashes=False,
    )
    app.state.needs = needs
    app.state.areas = AREAS
    app.state.menu_views = menu_views
    handle_refusals(app)
    app.include_router(login_routes(needs))
    for area in AREAS:
        app.include_router(area.router)
    app.add_api_route(script_address(), _script, include_in_schema=False)
    return app


def _script() -> Response:
    return Response(
        script(), headers={"Cache-Control": "public, max-age=31536000, immutable"}, media_type="text/javascript"
    )
