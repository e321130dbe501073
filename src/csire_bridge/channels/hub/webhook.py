"""Where the hub, or a gateway in front of it, pushes messages: ``POST /hub/messages``.

The answer is the receipt; it is sent only after the message was committed and settled. Every other answer is a
sentence in plain text and means that we do not have the message.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response

from csire_bridge.channels.transport.inbound.caller_address import Caller
from csire_bridge.channels.transport.inbound.content import ONLY_PLAIN, media_type
from csire_bridge.channels.transport.inbound.entrance import Entrance
from csire_bridge.channels.transport.inbound.submission import Receipt, Submit
from csire_bridge.domain.message.message import Form, MessageState
from csire_bridge.domain.message.partners import PartnerLimits, SecurityProfile
from csire_bridge.xml.security.certificates.partner_book import PartnerBook
from csire_bridge.xml.soap import Soap, spoken

__all__ = ["hub_router"]

_XML, _TEXT_XML, _SOAP_XML = "application/xml", "text/xml", "application/soap+xml"
_AGAIN_SECONDS = 5


def hub_router(door: Submit, partners: Callable[[], PartnerBook], *, entrance: Entrance | None = None) -> APIRouter:
    """A router with ``POST /hub/messages``.

    A caller has a partner's quota if it calls with a TLS client certificate of that partner, here or at a named proxy,
    or if the last signed message from the address was the partner's. All other addresses have the quota of unknown
    callers, each its own. The query string is ignored.
    """
    webhook = _Webhook(door, partners, entrance or Entrance())
    router = APIRouter()
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


@dataclass(frozen=True)
class _Webhook:
    door: Submit
    partners: Callable[[], PartnerBook]
    entrance: Entrance

    async def take(self, request: Request) -> Response:
        kind, unreadable = media_type(request, (_XML, _SOAP_XML, _TEXT_XML))
        if unreadable:
            return await self.entrance.turn_away(request, _text, 415, unreadable, ONLY_PLAIN)
        caller = self.entrance.caller(request)
        quota, limits = self._quota(caller)

        async def hand_in(raw: bytes) -> Response:
            return await self._hand_in(caller, raw, kind)

        return await self.entrance.let_in(request, quota, limits, hand_in, _text)

    def _quota(self, caller: Caller) -> tuple[str, PartnerLimits]:
        """The key and limits by which the caller is counted. Each address of a partner is counted separately."""
        book = self.partners()
        if caller.certificate is not None and (partner := book.calling_with(caller.certificate)):
            return f"{partner.eic} by certificate", partner.limits
        spoke = self.entrance.spoke_for(caller)
        if spoke is not None and (partner := book.find(spoke)):
            return f"{partner.eic} at {caller.origin}", partner.limits
        return f"stranger at {caller.origin}", self.entrance.strangers

    async def _hand_in(self, caller: Caller, raw: bytes, kind: str) -> Response:
        receipt = await self.door(f"webhook: {caller.address or 'unknown'}", raw, _form(kind, raw))
        partner = self.partners().find(receipt.signer) if receipt.signer else None
        if partner is not None and partner.profile is not SecurityProfile.NONE:
            self.entrance.note_proof(caller, partner.eic)
        return _answer(receipt, kind)


def _form(kind: str, raw: bytes) -> Form:
    """Bare or SOAP; ``text/xml`` is used for both, so the first tag decides. Trust does not depend on it."""
    version = None if kind == _XML else spoken(raw)
    if version is Soap.V11:
        return Form.SOAP11
    return Form.SOAP if version or kind == _SOAP_XML else Form.BARE


def _answer(receipt: Receipt, kind: str) -> Response:
    if receipt.state is None or receipt.receipt is None:
        return _text(503, "the message can't be settled now; send it again", {"Retry-After": str(_AGAIN_SECONDS)})
    # A fault is a 500, as clients of SOAP over HTTP expect.
    refused = 422 if receipt.form is Form.BARE else 500
    status = refused if receipt.state is MessageState.REFUSED else 200
    media = _XML if receipt.form is Form.BARE else kind
    return Response(receipt.receipt, status, {"Content-Type": f"{media}; charset=utf-8"})


def _text(status: int, sentence: str, headers: dict[str, str] | None = None) -> Response:
    return Response(sentence, status, headers, media_type="text/plain; charset=utf-8")


_SENTENCE = {"text/plain": {"schema": {"type": "string"}}}
_DOCUMENT: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
_AFTER = {"Retry-After": {"description": "seconds to wait", "schema": {"type": "integer", "minimum": 1}}}
_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Committed and accepted, or a repeat: the stored receipt, in the version of SOAP of the request",
        "content": dict.fromkeys((_XML, _SOAP_XML, _TEXT_XML), _DOCUMENT),
    },
    400: {"description": "The message was not sent to its end", "content": _SENTENCE},
    408: {"description": "The message came too slowly", "content": _SENTENCE},
    413: {"description": "The message is too large", "content": _SENTENCE},
    415: {"description": "The content type is not taken", "content": _SENTENCE},
    422: {"description": "Committed and refused: a signed receipt with the problems", "content": {_XML: _DOCUMENT}},
    429: {"description": "Too many messages", "content": _SENTENCE, "headers": _AFTER},
    500: {
        "description": "Committed and refused: a SOAP fault, signed if the request was by WS-Security",
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
            "description": "Taken as the hub's contract has it, and not looked at: a name proves nothing",
            "schema": {"type": "string"},
        }
    ],
    "requestBody": {"required": True, "content": dict.fromkeys((_XML, _SOAP_XML, _TEXT_XML), _DOCUMENT)},
}
