"""Around the application: browsers use one address, and a form's fields that were left empty are as if not there."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["OwnPages"]


class OwnPages:
    """Leads a browser that came by another name of this machine to the one address, where its cookies belong."""

    def __init__(self, app: ASGIApp, own_address: str) -> None:
        self._app = app
        self._own = own_address.rstrip("/")
        self._host = urlsplit(own_address).netloc.lower()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http":
            host = Headers(scope=scope).get("host", "").lower()
            if host != self._host and scope["method"] == "GET":
                await RedirectResponse(self._own + scope["path"], 307)(scope, receive, send)
                return
            scope = {**scope, "query_string": _filled(scope["query_string"])}
        await self._app(scope, receive, send)


def _filled(query: bytes) -> bytes:
    """The query without the fields that have no value."""
    return b"&".join(field for field in query.split(b"&") if field.partition(b"=")[2].strip(b"+ "))
