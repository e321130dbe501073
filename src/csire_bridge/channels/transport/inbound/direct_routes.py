"""Direct routing for busy endpoints: bypasses FastAPI, which costs more than the handler itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["Straight", "ways_of"]

_Handler = Callable[[Request], Awaitable[Response]]
_Sorry = Callable[[Request, Exception], Awaitable[Response]]


class Straight:
    """Wraps ``app``: a POST to exactly one of the paths of ``ways`` goes to its handler, everything else to ``app``.

    The routes stay in ``app`` as well, where they are documented and answer every other method. ``sorry`` answers
    where a handler fails.
    """

    def __init__(self, app: ASGIApp, ways: Mapping[str, _Handler], sorry: _Sorry) -> None:
        self._app = app
        self._ways = ways
        self._sorry = sorry

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        handler = self._ways.get(scope["path"]) if scope["type"] == "http" and scope["method"] == "POST" else None
        if handler is None:
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive, send)
        try:
            response = await handler(request)
        except Exception as error:  # noqa: BLE001 - whoever asks gets an answer
            response = await self._sorry(request, error)
        await response(scope, receive, send)


def ways_of(routers: Iterable[APIRouter]) -> dict[str, _Handler]:
    """The handlers of the routes for POST, each of which takes a request and nothing else."""
    return {
        route.path: route.endpoint
        for router in routers
        for route in router.routes
        if isinstance(route, Route) and "POST" in (route.methods or ())
    }
