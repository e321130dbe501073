"""Acts: each in one transaction, with the caller as the one who acts, and done once per idempotency key."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus

from fastapi import Response
from pydantic import BaseModel

from csire_bridge.api.http.answers import as_bytes, masked
from csire_bridge.api.http.call import Call
from csire_bridge.api.http.problems import ApiProblem
from csire_bridge.domain.errors import ActionRefused
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.people.acts import Act
from csire_bridge.domain.people.audited import require
from csire_bridge.pipeline.operator.refusals import note_refusal
from csire_bridge.store.repositories.people.api_requests import ApiRequest
from csire_bridge.store.unit_of_work import UnitOfWork

__all__ = ["Work", "act"]

Work = Callable[[UnitOfWork, OperatorAction], object]
_ABANDONED = timedelta(minutes=10)
"""An act takes seconds; one that reads a meter some minutes. After this its process has died."""


def act(
    call: Call,
    what: Act,
    body: BaseModel,
    key: str | None,
    prepare: Callable[[OperatorAction], Work],
    *,
    status: HTTPStatus = HTTPStatus.OK,
    shown_once: Collection[str] = (),
) -> Response:
    """Do something once, and answer with what it returned.

    ``prepare`` runs before the transaction, for what may take long, and returns what is done in it. With ``key``, a
    request that was answered gets the same answer again; raises ApiProblem for one that is under way (409), or whose
    key was used for another request (422). Facts named in ``shown_once`` are secrets: they are told now, and not kept
    for a repetition. What is refused stands in the audit.
    """
    why, rules = getattr(body, "why", None), call.needs.jobs.rules
    with _refusal_noted(call, what, why):
        require(call.actor, what)
        return _once(call, body, key, prepare, OperatorAction.of(call.actor, call.now, why, rules), status, shown_once)


@contextmanager
def _refusal_noted(call: Call, what: Act, why: str | None) -> Iterator[None]:
    try:
        yield
    except ActionRefused as error:
        note_refusal(call.needs.database, call.actor, f"{what}: {call.request.url.path}", call.now, why, error)
        raise


def _once(
    call: Call,
    body: BaseModel,
    key: str | None,
    prepare: Callable[[OperatorAction], Work],
    doing: OperatorAction,
    status: HTTPStatus,
    shown_once: Collection[str],
) -> Response:
    with _claimed(call, body, key) as (claim, known):
        if known is not None:
            told = known.body or b""
            told = told if call.may_read_personal else as_bytes(masked(json.loads(told)))  # he may have lost the right
            return _response(HTTPStatus(known.status or status), told, replayed=True)
        work = prepare(doing)
        with call.needs.database.transaction() as tx:
            result = work(tx, replace(doing, at=call.now))
            content = as_bytes(result if call.may_read_personal else masked(result))
            kept = as_bytes(_without(result, shown_once)) if shown_once else content
            if claim is not None and not tx.api_requests.answered(claim, status, kept):
                raise _under_way()
    call.needs.wake()
    return _response(status, content)


def _without(result: object, names: Collection[str]) -> object:
    assert isinstance(result, Mapping)  # noqa: S101 - acts that make a secret answer with facts
    return {name: "(was shown once)" if name in names else value for name, value in result.items()}


@contextmanager
def _claimed(call: Call, body: BaseModel, key: str | None) -> Iterator[tuple[ApiRequest | None, ApiRequest | None]]:
    """The claim on the request's key, or the request that has it; what fails gives the claim up."""
    if key is None:
        yield None, None
        return
    claim = ApiRequest(call.actor.name, key, _fingerprint(call, body), call.now)
    with call.needs.database.transaction() as tx:
        other = tx.api_requests.claim(claim, _ABANDONED)
    if other is not None:
        yield None, _same(other, claim)
        return
    try:
        yield claim, None
    except Exception:
        with call.needs.database.transaction() as tx:
            tx.api_requests.give_up(claim)
        raise


def _same(other: ApiRequest, claim: ApiRequest) -> ApiRequest:
    if other.fingerprint != claim.fingerprint:
        raise ApiProblem(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "key-used",
            "this Idempotency-Key was used for another request",
            "give each request a key of its own; the same key repeats the same request",
        )
    if other.status is None:
        raise _under_way()
    return other


def _under_way() -> ApiProblem:
    return ApiProblem(
        HTTPStatus.CONFLICT,
        "under-way",
        "the request with this Idempotency-Key is under way",
        "send it again in some seconds: it gets the answer of the first",
        {"Retry-After": "5"},
    )


def _fingerprint(call: Call, body: BaseModel) -> str:
    told = f"{call.request.method} {call.request.url.path} {call.request.headers.get('if-match')} "
    return hashlib.sha256((told + body.model_dump_json()).encode()).hexdigest()


def _response(status: HTTPStatus, content: bytes, *, replayed: bool = False) -> Response:
    headers = {"Idempotency-Replayed": "true"} if replayed else None
    return Response(content, status, headers, media_type="application/json")
