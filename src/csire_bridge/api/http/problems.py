"""Errors as problem+json (RFC 9457): what happened, and what to do. No traceback is ever told."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from csire_bridge.domain.errors import (
    ActionRefused,
    BridgeError,
    ConfigurationError,
    StaleWrite,
    StoreFailure,
    TransientFailure,
)
from csire_bridge.domain.people.actor import NotAllowed
from csire_bridge.telemetry.logs import bound_fields, logger

__all__ = ["PROBLEMS", "ApiProblem", "Problem", "handle_problems", "missing", "problem_of"]

_log = logger(__name__)
_MEDIA = "application/problem+json"
_TYPE = "urn:csire-bridge:problem:"
_REMEDIES = {
    HTTPStatus.NOT_FOUND: "the paths are listed in /api/v1/openapi.json",
    HTTPStatus.METHOD_NOT_ALLOWED: "the header Allow names the methods of this path",
}


class Wrong(BaseModel):
    """One thing that is wrong with a request: ``place`` such as ``query.limit`` or ``body.why``."""

    place: str
    text: str


class Problem(BaseModel):
    """An error. ``type`` is a name that stays the same, for programs; ``remedy`` says what to do about it."""

    type: str
    title: str
    status: int
    detail: str
    remedy: str | None = None
    instance: str | None = None
    request_id: str | None = None
    errors: list[Wrong] | None = None


class ApiProblem(Exception):
    """A request that can't be answered, with its status and the words for the caller."""

    def __init__(
        self, status: HTTPStatus, name: str, detail: str, remedy: str = "", headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status, self.name, self.detail, self.remedy, self.headers = status, name, detail, remedy, headers or {}


def missing(what: str, remedy: str) -> ApiProblem:
    """The problem that something is not there."""
    return ApiProblem(HTTPStatus.NOT_FOUND, "not-found", f"there is no {what}", remedy)


def _documented(status: HTTPStatus, text: str) -> dict[str, Any]:
    example = {"type": f"{_TYPE}{status.phrase.lower().replace(' ', '-')}", "title": status.phrase, "status": status}
    content = {_MEDIA: {"schema": Problem.model_json_schema(), "example": {**example, "detail": text}}}
    return {"description": text, "content": content}


PROBLEMS: dict[int | str, dict[str, Any]] = {
    int(status): _documented(status, text)
    for status, text in {
        HTTPStatus.BAD_REQUEST: "the request can't be read",
        HTTPStatus.UNAUTHORIZED: "nobody is logged in: the token or session is missing, wrong, or has ended",
        HTTPStatus.FORBIDDEN: "the caller does not have the permission",
        HTTPStatus.NOT_FOUND: "there is no such thing",
        HTTPStatus.CONFLICT: "the present state does not allow it; or the same request is under way",
        HTTPStatus.PRECONDITION_FAILED: "it changed since it was read",
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "the request is too large",
        HTTPStatus.UNPROCESSABLE_ENTITY: "a field or parameter is wrong; or its key was used for something else",
        HTTPStatus.SERVICE_UNAVAILABLE: "the database can't be used now",
    }.items()
}
"""What each path may answer besides its result, for the description of the API."""


def problem_of(error: BridgeError) -> ApiProblem:
    """An error of the bridge as a problem."""
    status, name = HTTPStatus.INTERNAL_SERVER_ERROR, "bridge-failed"
    if isinstance(error, NotAllowed):
        status, name = HTTPStatus.FORBIDDEN, "not-allowed"
    elif isinstance(error, ActionRefused | ConfigurationError):
        status, name = HTTPStatus.CONFLICT, "refused"
    elif isinstance(error, StaleWrite):
        status, name = HTTPStatus.CONFLICT, "changed"
    elif isinstance(error, StoreFailure | TransientFailure):
        status, name = HTTPStatus.SERVICE_UNAVAILABLE, "unavailable"
    return ApiProblem(status, name, error.text, error.remedy)


def handle_problems(app: FastAPI) -> None:
    """Answer every error of the application as a problem."""
    app.add_exception_handler(ApiProblem, _of_problem)
    app.add_exception_handler(BridgeError, _of_bridge)
    app.add_exception_handler(RequestValidationError, _of_fields)
    app.add_exception_handler(HTTPException, _of_http)
    app.add_exception_handler(Exception, _of_ourselves)


async def _of_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiProblem)  # noqa: S101 - registered for nothing else
    return _response(request, error)


async def _of_bridge(request: Request, error: Exception) -> Response:
    assert isinstance(error, BridgeError)  # noqa: S101 - registered for nothing else
    found = problem_of(error)
    if found.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        _log.error("request.failed", why=error)
    return _response(request, found)


async def _of_fields(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for nothing else
    wrong = [
        Wrong(place=".".join(map(str, one["loc"])), text=one["msg"].removeprefix("Value error, "))
        for one in error.errors()
    ]
    first = f"{wrong[0].place}: {wrong[0].text}" if wrong else "the request is wrong"
    more = f"; and {len(wrong) - 1} more" if len(wrong) > 1 else ""
    problem = ApiProblem(
        HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", first + more, "correct what `errors` names; nothing was changed"
    )
    return _response(request, problem, wrong)


def _bare(text: str) -> str:
    return text.removeprefix("Value error, ")


async def _of_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for nothing else
    status = HTTPStatus(error.status_code)
    name = status.phrase.lower().replace(" ", "-")
    remedy = _REMEDIES.get(status, "correct the request")
    return _response(request, ApiProblem(status, name, str(error.detail), remedy, dict(error.headers or {})))


async def _of_ourselves(request: Request, error: Exception) -> Response:
    _log.error("request.failed", why=error, exc_info=error)
    text = "the bridge itself failed; what was asked for may or may not have been done"
    remedy = "look, or send it again with the same Idempotency-Key; the log has the request's id"
    return _response(request, ApiProblem(HTTPStatus.INTERNAL_SERVER_ERROR, "bridge-failed", text, remedy))


def _response(request: Request, error: ApiProblem, errors: list[Wrong] | None = None) -> Response:
    told = Problem(
        type=f"{_TYPE}{error.name}",
        title=error.status.phrase,
        status=error.status,
        detail=error.detail,
        remedy=error.remedy or None,
        instance=request.url.path,
        request_id=str(bound_fields().get("request", "")) or None,
        errors=errors,
    )
    return JSONResponse(told.model_dump(exclude_none=True), error.status, error.headers, media_type=_MEDIA)
