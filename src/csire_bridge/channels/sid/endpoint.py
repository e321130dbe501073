"""The endpoint for SID's own SOAP client: ``POST /sid/soap``, with its contract at ``?wsdl``.

An answer is sent only after the request was committed and settled, in the version of SOAP in which the request came.
Every fault says what is wrong; one with a code of ``_TURNED_AWAY`` means that nothing was stored in the journal.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import quoteattr

from fastapi import APIRouter, Request, Response

from csire_bridge.channels.sid.response_writer import client_fault, server_fault
from csire_bridge.channels.transport.inbound.caller_proofs import Proofs, Unproved
from csire_bridge.channels.transport.inbound.content import ONLY_PLAIN, media_type
from csire_bridge.channels.transport.inbound.entrance import Entrance
from csire_bridge.channels.transport.inbound.submission import Submit
from csire_bridge.config.resources import folder
from csire_bridge.domain.message.message import Form, MessageState
from csire_bridge.domain.message.partners import PartnerLimits
from csire_bridge.xml.soap import Soap, in_version, spoken

__all__ = ["PATH", "sid_router"]

PATH = "/sid/soap"
_WSDL, _SCHEMA = "bridge.wsdl", "sid.xsd"
_XML = "text/xml; charset=utf-8"
_TAKEN = (Soap.V11.media_type, Soap.V12.media_type)
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
    door: Submit,
    proofs: Proofs,
    *,
    entrance: Entrance | None = None,
    limits: PartnerLimits | None = None,
    contract: Path | None = None,
) -> APIRouter:
    """A router with ``POST /sid/soap``, and its WSDL and schema by GET; ``limits`` are those of SID."""
    endpoint = _SidEndpoint(
        door, proofs, entrance or Entrance(), limits or PartnerLimits(), contract or folder("schemas") / "sid"
    )
    router = APIRouter()
    router.add_route(PATH, endpoint.take, methods=["POST"], include_in_schema=False)
    router.add_route(PATH, endpoint.tell, methods=["GET"], include_in_schema=False)
    router.add_route(f"/sid/{_SCHEMA}", endpoint.schema, methods=["GET"], include_in_schema=False)
    return router


@dataclass
class _SidEndpoint:
    door: Submit
    proofs: Proofs
    entrance: Entrance
    limits: PartnerLimits
    contract: Path

    async def take(self, request: Request) -> Response:
        kind, unreadable = media_type(request, _TAKEN)
        announced = Soap.V12 if kind == Soap.V12.media_type else Soap.V11

        def refuse(status: int, sentence: str, headers: dict[str, str]) -> Response:
            return _answer(client_fault(_TURNED_AWAY[status], sentence), status, announced, headers)

        refused = self._stranger(request)
        if refused is not None:
            return await self.entrance.turn_away(request, refuse, refused.status, refused.sentence, refused.headers)
        if unreadable:
            return await self.entrance.turn_away(request, refuse, 415, unreadable, ONLY_PLAIN)
        address = self.entrance.caller(request).address

        async def hand_in(raw: bytes) -> Response:
            return await self._hand_in(f"sid: {address or 'unknown'}", raw, spoken(raw) or announced)

        return await self.entrance.let_in(request, "sid", self.limits, hand_in, refuse)

    async def _hand_in(self, origin: str, raw: bytes, version: Soap) -> Response:
        answer = await self.door(origin, raw, Form.SOAP)
        if answer.state is None or answer.receipt is None:
            fault = server_fault("busy", "the request can't be settled now; send the same again")
            return _answer(fault, 503, version, {"Retry-After": "5"})
        return _answer(answer.receipt, 500 if answer.state is MessageState.REFUSED else 200, version)

    async def tell(self, request: Request) -> Response:
        """The WSDL, with the address under which it was asked for."""
        if "wsdl" not in {name.lower() for name in request.query_params}:
            return Response("post SOAP 1.1 or 1.2 here; the contract is at ?wsdl", 405, {"Allow": "POST"})
        scheme = self.entrance.callers.scheme(request)
        address = quoteattr(str(request.url.replace(scheme=scheme, query="")))
        return self._file(request, _WSDL, lambda raw: _LOCATION.sub(lambda _: f"location={address}".encode(), raw))

    async def schema(self, request: Request) -> Response:
        """The schema that the WSDL imports."""
        return self._file(request, _SCHEMA, lambda raw: raw)

    def _file(self, request: Request, name: str, change: Callable[[bytes], bytes]) -> Response:
        refused = self._stranger(request)
        if refused is not None:
            fault = client_fault(_TURNED_AWAY[refused.status], refused.sentence)
            return _answer(fault, refused.status, Soap.V11, refused.headers)
        return Response(change((self.contract / name).read_bytes()), media_type=_XML)

    def _stranger(self, request: Request) -> Unproved | None:
        try:
            self.proofs.check(request, self.entrance.caller(request), self.entrance.guesses)
        except Unproved as unproved:
            return unproved
        return None


def _answer(answer: bytes, status: int, version: Soap, headers: dict[str, str] | None = None) -> Response:
    media = f"{version.media_type}; charset=utf-8"
    return Response(in_version(answer, version), status, headers, media_type=media)
