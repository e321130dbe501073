"""Where the hub, or a gateway in front of it, pushes messages: ``POST /hub/messages``.

The answer is the signed receipt, and it is given only when the message is committed and settled. Whatever else is
answered is a sentence in plain text and means that we do not have the message.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute
from starlette.requests import ClientDisconnect

from csire_bridge.domain.messages import Form, MessageState
from csire_bridge.domain.partners import PartnerLimits
from csire_bridge.wire.body import BodyLimits, BodyRefused, forget_body, read_body
from csire_bridge.wire.door import Door, Receipt
from csire_bridge.wire.turnstile import Turnstile
from csire_bridge.xml.partners import PartnerBook

__all__ = ["hub_router"]

_XML, _TEXT_XML, _SOAP_XML = "application/xml", "text/xml", "application/soap+xml"
_REFUSED = {Form.BARE: 422, Form.SOAP: 500}  # a fault is a 500, as clients of SOAP over HTTP expect
_AGAIN_SECONDS = 5
_FIRST_TAG = re.compile(rb"<(?:[A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*)[\s/>]")
_PROLOGUE = 4096


def hub_router(
    door: Door,
    partners: Callable[[], PartnerBook],
    *,
    body: BodyLimits | None = None,
    strangers: PartnerLimits | None = None,
    turnstile: Turnstile | None = None,
) -> APIRouter:
    """A router with ``POST /hub/messages``.

    A partner is told apart by the query parameter ``organisationUser``, for its limits only; all who give no name
    that we know share those of ``strangers``.
    """
    webhook = _Webhook(door, partners, body or BodyLimits(), strangers or PartnerLimits(), turnstile or Turnstile())
    router = APIRouter(route_class=_PlainRoute)
    router.add_api_route(
        "/hub/messages",
        webhook.take,
        methods=["POST"],
        response_class=Response,
        responses=_RESPONSES,
        openapi_extra=_REQUEST,
        summary="Push one business message, bare or in a SOAP envelope",
    )
    return router


class _PlainRoute(APIRoute):
    """Documented as any other, but the request goes straight to its handler: there is nothing to take apart here."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler: Callable[[Request], Coroutine[Any, Any, Response]] = self.endpoint
        return handler


class _Webhook:
    def __init__(
        self,
        door: Door,
        partners: Callable[[], PartnerBook],
        body: BodyLimits,
        strangers: PartnerLimits,
        turnstile: Turnstile,
    ) -> None:
        self._door = door
        self._partners = partners
        self._body = body
        self._strangers = strangers
        self._turnstile = turnstile

    async def take(self, request: Request) -> Response:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in (_XML, _TEXT_XML, _SOAP_XML):
            return await self._turned_away(request, 415, f"send a message as {_XML}, {_SOAP_XML} or {_TEXT_XML}")
        caller, limits = self._caller(request)
        wait = self._turnstile.enter(caller, limits)
        if wait is not None:
            sentence = f"at most {limits.per_minute} messages a minute and {limits.at_once} at once"
            return await self._turned_away(request, 429, sentence, {"Retry-After": str(wait)})
        try:
            return await self._let_in(request, kind, replace(self._body, max_bytes=limits.max_bytes))
        finally:
            self._turnstile.leave(caller)

    def _caller(self, request: Request) -> tuple[str, PartnerLimits]:
        user = request.query_params.get("organisationUser")
        partner = self._partners().by_user(user) if user else None
        return ("", self._strangers) if partner is None else (partner.eic, partner.limits)

    async def _let_in(self, request: Request, kind: str, limits: BodyLimits) -> Response:
        try:
            raw = await read_body(request, limits)
        except BodyRefused as refused:
            return await self._turned_away(request, refused.status, refused.sentence)
        except ClientDisconnect:
            return _text(400, "the message was not sent to its end")
        form = _form(kind, raw)
        receipt = await self._door(_origin(request), raw, form)
        return _answer(receipt, kind)

    async def _turned_away(
        self, request: Request, status: int, sentence: str, headers: dict[str, str] | None = None
    ) -> Response:
        if status != 408:
            await forget_body(request, self._body)
        return _text(status, sentence, {**(headers or {}), "Connection": "close"})


def _form(kind: str, raw: bytes) -> Form:
    """``text/xml`` is used for both; then the name of the first tag tells. Trust does not depend on it."""
    if kind == _TEXT_XML:
        first = _FIRST_TAG.search(raw[:_PROLOGUE])
        return Form.SOAP if first and first[1] == b"Envelope" else Form.BARE
    return Form.SOAP if kind == _SOAP_XML else Form.BARE


def _origin(request: Request) -> str:
    return f"webhook: {request.client.host if request.client else 'unknown'}"


def _answer(receipt: Receipt, kind: str) -> Response:
    if receipt.state is None or receipt.receipt is None:
        return _text(503, "the message can't be settled now; send it again", {"Retry-After": str(_AGAIN_SECONDS)})
    status = _REFUSED[receipt.form] if receipt.state is MessageState.REFUSED else 200
    media = _XML if receipt.form is Form.BARE else kind
    return Response(receipt.receipt, status, {"Content-Type": f"{media}; charset=utf-8"})


def _text(status: int, sentence: str, headers: dict[str, str] | None = None) -> Response:
    return Response(sentence, status, headers, media_type="text/plain; charset=utf-8")


_SENTENCE = {"text/plain": {"schema": {"type": "string"}}}
_DOCUMENT: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
_AFTER = {"Retry-After": {"description": "seconds to wait", "schema": {"type": "integer", "minimum": 1}}}
_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Committed and accepted, or a repeat: the stored signed receipt",
        "content": dict.fromkeys((_XML, _SOAP_XML, _TEXT_XML), _DOCUMENT),
    },
    400: {"description": "The message was not sent to its end", "content": _SENTENCE},
    408: {"description": "The message came too slowly", "content": _SENTENCE},
    413: {"description": "The message is too large", "content": _SENTENCE},
    415: {"description": "The content type is not taken", "content": _SENTENCE},
    422: {"description": "Committed and refused: a signed receipt with the problems", "content": {_XML: _DOCUMENT}},
    429: {"description": "Too many messages", "content": _SENTENCE, "headers": _AFTER},
    500: {
        "description": "Committed and refused: a signed SOAP fault",
        "content": dict.fromkeys((_SOAP_XML, _TEXT_XML), _DOCUMENT),
    },
    503: {"description": "Not settled: send it again", "content": _SENTENCE, "headers": _AFTER},
}
_REQUEST: dict[str, Any] = {
    "parameters": [
        {
            "name": "organisationUser",
            "in": "query",
            "required": False,
            "description": "The partner's name at our door; it chooses limits and never trust",
            "schema": {"type": "string"},
        }
    ],
    "requestBody": {"required": True, "content": dict.fromkeys((_XML, _SOAP_XML, _TEXT_XML), _DOCUMENT)},
}
