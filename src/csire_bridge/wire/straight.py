"""The straight way to doors through which thousands come: past the routing, which costs more than the handler."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["Straight", "ways_of"]

_Handler = Callable[[Request], Awaitable[Response]]


class Straight:
    """Middleware: a POST to exactly one of the paths of ``ways`` goes to its handler, all else on to ``app``.

    The routes stay in ``app`` as well, where they are documented and answer every other method.
    """

    def __init__(self, app: ASGIApp, ways: Mapping[str, _Handler]) -> None:
        self._app = app
        self._ways = ways

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        handler = self._ways.get(scope["path"]) if scope["type"] == "http" and scope["method"] == "POST" else None
        if handler is None:
            await self._app(scope, receive, send)
            return
        response = await handler(Request(scope, receive, send))
        await response(scope, receive, send)


def ways_of(routers: Iterable[APIRouter]) -> dict[str, _Handler]:
    """The handlers of the routes for POST, each of which takes a request and nothing else."""
    return {
        route.path: route.endpoint
        for router in routers
        for route in router.routes
        if isinstance(route, Route) and "POST" in (route.methods or ())
    }
