"""Errors as pages: what happened, what to do, and the way back. No traceback is ever shown."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse

from csire_bridge.api.http.problems import problem_of
from csire_bridge.console.http.answers import html
from csire_bridge.console.http.visit import PART_HEADER, FormRefused, NotLoggedIn
from csire_bridge.console.language.languages import language_of
from csire_bridge.console.rendering import Stranger
from csire_bridge.domain.errors import (
    BridgeError,
)
from csire_bridge.domain.people.actor import NotAllowed
from csire_bridge.domain.people.roles import roles_with
from csire_bridge.telemetry.logs import bound_fields, logger

__all__ = ["Missing", "handle_refusals"]

_log = logger(__name__)


class Missing(Exception):
    """There is no such thing. The text names it, such as "order 17"."""


def handle_refusals(app: FastAPI) -> None:
    """Answer every error of the application with a page."""
    for kind, handler in (
        (NotLoggedIn, _to_sign_in),
        (FormRefused, _of_form),
        (Missing, _of_missing),
        (BridgeError, _of_bridge),
        (RequestValidationError, _of_fields),
        (HTTPException, _of_http),
        (Exception, _of_ourselves),
    ):
        app.add_exception_handler(kind, handler)


def _refusal(request: Request, status: HTTPStatus, kind: str, **facts: Any) -> Response:
    reader = Stranger(language_of(request))
    always = {"request": request, "kind": kind, "request_id": bound_fields().get("request")}
    told = {"text": None, "remedy": None, "roles": [], **always, **facts}
    return html(reader, "refusal.html", told, status)


async def _to_sign_in(request: Request, error: Exception) -> Response:
    """To the page for signing in, which leads back; a page that asks by itself is told that the session has ended."""
    if request.method != "GET" or PART_HEADER in request.headers:
        return _refusal(request, HTTPStatus.UNAUTHORIZED, "not-logged-in")
    query = f"?{request.url.query}" if request.url.query else ""
    ended = "&ended=1" if isinstance(error, NotLoggedIn) and error.refusal else ""
    return RedirectResponse(f"/login?next={quote(request.url.path + query, safe='')}{ended}", HTTPStatus.SEE_OTHER)


async def _of_form(request: Request, _error: Exception) -> Response:
    return _refusal(request, HTTPStatus.FORBIDDEN, "form")


async def _of_missing(request: Request, error: Exception) -> Response:
    return _refusal(request, HTTPStatus.NOT_FOUND, "missing", text=str(error))


async def _of_bridge(request: Request, error: Exception) -> Response:
    assert isinstance(error, BridgeError)  # noqa: S101 - registered for nothing else
    found = problem_of(error)
    if found.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        _log.error("request.failed", why=error)
    roles = list(roles_with(error.permission)) if isinstance(error, NotAllowed) else []
    return _refusal(request, found.status, found.name, text=error.text, remedy=error.remedy, roles=roles)


async def _of_fields(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for nothing else
    wrong = [(str(one["loc"][-1]), one["msg"].removeprefix("Value error, ")) for one in error.errors()]
    return _refusal(request, HTTPStatus.UNPROCESSABLE_ENTITY, "fields", wrong=wrong)


async def _of_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for nothing else
    status = HTTPStatus(error.status_code)
    kind = "missing" if status is HTTPStatus.NOT_FOUND else "form" if status is HTTPStatus.FORBIDDEN else "http"
    return _refusal(request, status, kind, text=None if kind == "missing" else str(error.detail))


async def _of_ourselves(request: Request, error: Exception) -> Response:
    _log.error("request.failed", why=error, exc_info=error)
    return _refusal(request, HTTPStatus.INTERNAL_SERVER_ERROR, "bridge-failed")
