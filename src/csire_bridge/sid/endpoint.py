"""Our door for SID's own SOAP client: ``POST /sid/soap``, with its contract at ``?wsdl``.

An answer is given only when the request is committed and settled. Every fault is SOAP 1.1 and says what is wrong;
those with which nothing stands in the journal have the codes of ``_TURNED_AWAY``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import quoteattr

from fastapi import APIRouter, Request, Response
from starlette.requests import ClientDisconnect

from csire_bridge.domain.messages import Form, MessageState
from csire_bridge.domain.partners import PartnerLimits
from csire_bridge.resources import folder
from csire_bridge.sid.gatekeeper import Gatekeeper
from csire_bridge.sid.writing import client_fault, server_fault
from csire_bridge.wire.body import BodyLimits, BodyRefused, forget_body, read_body
from csire_bridge.wire.door import Door
from csire_bridge.wire.turnstile import Turnstile

__all__ = ["PATH", "sid_router"]

PATH = "/sid/soap"
_WSDL, _SCHEMA = "bridge.wsdl", "sid.xsd"
_XML = "text/xml; charset=utf-8"
_LOCATION = re.compile(rb'location="[^"]*"')
_TURNED_AWAY = {
    400: "transport.cut-off",
    401: "transport.not-authorised",
    403: "transport.not-authorised",
    408: "transport.too-slow",
    413: "transport.too-large",
    415: "transport.content-type",
    429: "transport.too-often",
}


def sid_router(
    door: Door,
    gatekeeper: Gatekeeper,
    *,
    body: BodyLimits | None = None,
    limits: PartnerLimits | None = None,
    turnstile: Turnstile | None = None,
    contract: Path | None = None,
) -> APIRouter:
    """A router with ``POST /sid/soap``, and its WSDL and schema by GET."""
    counter = _Counter(
        door,
        gatekeeper,
        body or BodyLimits(),
        limits or PartnerLimits(),
        turnstile or Turnstile(),
        contract or folder("schemas") / "sid",
    )
    router = APIRouter()
    router.add_route(PATH, counter.take, methods=["POST"], include_in_schema=False)
    router.add_route(PATH, counter.tell, methods=["GET"], include_in_schema=False)
    router.add_route(f"/sid/{_SCHEMA}", counter.schema, methods=["GET"], include_in_schema=False)
    return router


@dataclass
class _Counter:
    door: Door
    gatekeeper: Gatekeeper
    body: BodyLimits
    limits: PartnerLimits
    turnstile: Turnstile
    contract: Path

    async def take(self, request: Request) -> Response:
        refused = self._stranger(request)
        if refused is not None:
            return await self._turned_away(request, *refused)
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "text/xml":
            return await self._turned_away(request, 415, "send SOAP 1.1, with the content type text/xml")
        wait = self.turnstile.enter("sid", self.limits)
        if wait is not None:
            sentence = f"at most {self.limits.per_minute} requests a minute and {self.limits.at_once} at once"
            return await self._turned_away(request, 429, sentence, {"Retry-After": str(wait)})
        try:
            return await self._let_in(request)
        finally:
            self.turnstile.leave("sid")

    async def _let_in(self, request: Request) -> Response:
        try:
            raw = await read_body(request, self.body)
        except BodyRefused as refused:
            return await self._turned_away(request, refused.status, refused.sentence)
        except ClientDisconnect:
            return _fault(400, "the request was not sent to its end")
        origin = f"sid: {_host(request) or 'unknown'}"
        answer = await self.door(origin, raw, Form.SOAP)
        if answer.state is None or answer.receipt is None:
            fault = server_fault("busy", "the request can't be settled now; send the same again")
            return Response(fault, 503, {"Retry-After": "5"}, media_type=_XML)
        return Response(answer.receipt, 500 if answer.state is MessageState.REFUSED else 200, media_type=_XML)

    async def tell(self, request: Request) -> Response:
        """The WSDL, with the address under which it was asked for."""
        if "wsdl" not in {name.lower() for name in request.query_params}:
            return Response("post SOAP 1.1 here; the contract is at ?wsdl", 405, {"Allow": "POST"})
        address = quoteattr(str(request.url.replace(query="")))
        return self._file(request, _WSDL, lambda raw: _LOCATION.sub(lambda _: f"location={address}".encode(), raw))

    async def schema(self, request: Request) -> Response:
        """The schema that the WSDL imports."""
        return self._file(request, _SCHEMA, lambda raw: raw)

    def _file(self, request: Request, name: str, change: Callable[[bytes], bytes]) -> Response:
        refused = self._stranger(request)
        if refused is not None:
            return _fault(*refused)
        return Response(change((self.contract / name).read_bytes()), media_type=_XML)

    def _stranger(self, request: Request) -> tuple[int, str] | None:
        if not self.gatekeeper.knows_address(_host(request)):
            return 403, "this address may not call"
        if not self.gatekeeper.lets_in(request.headers.get("authorization", "")):
            return 401, "user and password are needed, and must be right"
        return None

    async def _turned_away(
        self, request: Request, status: int, sentence: str, headers: dict[str, str] | None = None
    ) -> Response:
        if status != 408:
            await forget_body(request, self.body)
        return _fault(status, sentence, {**(headers or {}), "Connection": "close"})


def _host(request: Request) -> str:
    return request.client.host if request.client else ""


def _fault(status: int, sentence: str, headers: dict[str, str] | None = None) -> Response:
    challenge = {"WWW-Authenticate": 'Basic realm="csire-bridge", charset="UTF-8"'} if status == 401 else {}
    fault = client_fault(_TURNED_AWAY[status], sentence)
    return Response(fault, status, {**(headers or {}), **challenge}, media_type=_XML)
