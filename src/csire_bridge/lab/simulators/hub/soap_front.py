"""The simulated hub's SOAP endpoint: opens the request's envelope, misbehaves as told, and wraps the answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from lxml import etree

from csire_bridge.channels.hub.faults import Operation
from csire_bridge.channels.hub.profile import HubSecurity
from csire_bridge.domain.clock import Clock
from csire_bridge.domain.errors import NotTrusted, Unreadable
from csire_bridge.lab.simulators.faults.hub import HubDice, HubFaults
from csire_bridge.lab.simulators.http_server import Reply
from csire_bridge.lab.simulators.hub.judge import Refused
from csire_bridge.lab.simulators.hub.soap import HubRequest, fault, read_request, spoiled
from csire_bridge.lab.simulators.pki import DemoPki
from csire_bridge.xml.parser import parse
from csire_bridge.xml.schema.catalogue import SchemaCatalogue
from csire_bridge.xml.security.ws_security.wss import sign_envelope, verify_envelope

__all__ = ["SoapFront"]

_HTML = b"<!DOCTYPE html>\n<html><head><title>Bad gateway</title></head><body><h1>502</h1><br>nginx</body></html>"
_BODY = "{http://www.w3.org/2003/05/soap-envelope}Body"
_STYLES = ("application/soap+xml", "text/xml")


class SoapFront:
    """Answers HTTP requests; ``serve`` does what an understood request asks, or raises Refused."""

    def __init__(
        self,
        pki: DemoPki,
        catalogue: SchemaCatalogue,
        clock: Clock,
        security: HubSecurity,
        faults: HubFaults,
        dice: HubDice,
        serve: Callable[[HubRequest], bytes],
        path: str,
    ) -> None:
        self._key = pki.hub.signing
        self._book = pki.operator_book()
        self._catalogue = catalogue
        self._clock = clock
        self._security = security
        self._faults = faults
        self._dice = dice
        self._serve = serve
        self._path = path
        self.problems: list[str] = []
        self.asked: list[Operation] = []

    def answer(self, path: str, content_type: str, raw: bytes) -> Reply:
        """The reply to a POST."""
        try:
            request = self._open(path, content_type, raw)
        except Refused as refusal:
            return self._refuse(refusal)
        self.asked.append(request.operation)
        wait = self._dice.pause(self._faults.slow) if self._concerns(request) else 0.0
        return replace(self._reply(request), wait=wait)

    def _reply(self, request: HubRequest) -> Reply:
        if not self._concerns(request):
            return self._do(request)
        if self._dice.strikes(self._faults.html):
            return Reply(self._faults.html_status, _HTML, "text/html", self._faults.html_headers)
        for code, trouble in self._faults.codes.items():
            if self._dice.strikes(trouble):
                return self._close(500, fault(code, "as the simulator was told"))
        reply = self._do(request)
        hang, cut = self._dice.strikes(self._faults.hang), self._dice.strikes(self._faults.truncate)
        return replace(reply, silent=hang, cut=cut)

    def _concerns(self, request: HubRequest) -> bool:
        return not self._faults.operations or request.operation in self._faults.operations

    def _do(self, request: HubRequest) -> Reply:
        try:
            return self._close(200, self._serve(request))
        except Refused as refusal:
            return self._refuse(refusal)

    def _refuse(self, refusal: Refused) -> Reply:
        self.problems.append(str(refusal))
        return self._close(500, fault(refusal.code, refusal.text))

    def _open(self, path: str, content_type: str, raw: bytes) -> HubRequest:
        if path != self._path:
            raise Refused("MHB.MHD.009", f"nobody may ask at {path}")
        if not content_type.startswith(_STYLES):
            raise Refused("MHB.MHD.001", f"content type {content_type!r}")
        try:
            body = self._trusted_body(parse(raw))
        except (Unreadable, NotTrusted) as error:
            raise Refused("MHB.MHD.008", error.text) from error
        request = read_request(raw, body) if body is not None else None
        if request is None:
            raise Refused("MHB.MHD.011", "this is no request of the contract")
        if not self._catalogue.decide(request.body):
            raise Refused("MHB.MHD.001", "; ".join(map(str, self._catalogue.explain(request.body))))
        return request

    def _trusted_body(self, envelope: etree._Element) -> etree._Element | None:
        if self._security is HubSecurity.WSS:
            return verify_envelope(envelope, self._book, self._clock()).body
        return envelope.find(_BODY)

    def _close(self, status: int, envelope: bytes) -> Reply:
        """With WS-Security every answer is signed, as far as it can be read."""
        if self._security is not HubSecurity.WSS:
            return Reply(status, envelope)
        try:
            signed = sign_envelope(parse(envelope), self._key, self._clock())
        except Unreadable:
            return Reply(status, envelope)
        return Reply(status, spoiled(signed) if self._dice.strikes(self._faults.bad_signature) else signed)
