"""What every response carries: the id of its request, and headers that keep browsers from doing harm with it.

The id stands in every line that is logged for the request, too (``telemetry.logs.bound_fields``).
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from csire_bridge.telemetry.logs import bound

__all__ = ["ALWAYS", "REQUEST_ID", "ResponseHeaders"]

REQUEST_ID = "X-Request-Id"
"""The header that carries the id, both ways."""

_ACCEPTED = re.compile(r"[A-Za-z0-9._:+/=-]{1,64}")

ALWAYS = (
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "same-origin"),  # with no-referrer a browser sends our own forms with Origin: null
    ("Cross-Origin-Resource-Policy", "same-origin"),
)
"""Sent by the server itself, also with answers that no application has made."""

_UNLESS_SET = (
    ("Cache-Control", "no-store"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
)
_BY_TLS_ONLY = ("Strict-Transport-Security", "max-age=31536000")


class ResponseHeaders:
    """Around an application: takes or makes the request's id, and completes the headers of each response.

    ``scheme`` tells how the caller itself came: by http or https, also to a proxy that is named.
    """

    def __init__(self, app: ASGIApp, scheme: Callable[[Request], str]) -> None:
        self._app, self._scheme = app, scheme

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = _accepted_or_new(Headers(scope=scope).getlist(REQUEST_ID))

        async def send_completed(message: Message) -> None:
            if message["type"] == "http.response.start":
                _complete(MutableHeaders(scope=message), request, secure=self._scheme(Request(scope)) == "https")
            await send(message)

        with bound(request=request):
            await self._app(scope, receive, send_completed)


def _accepted_or_new(told: list[str]) -> str:
    """The id that a caller has told, if it is one of up to 64 harmless characters; else a new one."""
    return told[0] if len(told) == 1 and _ACCEPTED.fullmatch(told[0]) else uuid.uuid4().hex


def _complete(headers: MutableHeaders, request: str, *, secure: bool) -> None:
    headers[REQUEST_ID] = request
    for name, value in (*_UNLESS_SET, *((_BY_TLS_ONLY,) if secure else ())):
        headers.setdefault(name, value)
