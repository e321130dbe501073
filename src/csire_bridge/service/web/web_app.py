"""The application of one address: the endpoints of the doors that are open there."""

from __future__ import annotations

from collections.abc import Iterable

from fastapi import APIRouter, FastAPI, Request, Response
from starlette.routing import Mount
from starlette.types import ASGIApp

from csire_bridge.channels.transport.inbound.caller_address import Callers
from csire_bridge.service.web.response_headers import ResponseHeaders
from csire_bridge.telemetry.logs import logger

__all__ = ["build_app"]

_log = logger(__name__)


def build_app(parts: Iterable[APIRouter | Mount], callers: Callers) -> ASGIApp:
    """An application of these routers and of applications under a path; whatever else is asked for gets 404.

    ``callers`` knows the proxies that may say how they were called.
    """
    app = FastAPI(title="csire-bridge", docs_url=None, redoc_url=None)
    app.add_exception_handler(Exception, _went_wrong)
    for part in parts:
        if isinstance(part, Mount):
            app.router.routes.append(part)
        else:
            app.include_router(part)
    return ResponseHeaders(app, callers.scheme)


async def _went_wrong(_request: Request, error: Exception) -> Response:
    """Answer an error of the bridge itself: nothing was acknowledged, so the sender will try again."""
    _log.error("request.failed", why=error, exc_info=error)
    return Response("the bridge itself failed; send it again", 503, {"Retry-After": "5"}, media_type="text/plain")
