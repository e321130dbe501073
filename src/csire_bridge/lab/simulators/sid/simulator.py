"""A simulated customer system SID: a real HTTP server on 127.0.0.1 that offers orders and accepts reports.

It judges what comes by the contract's schema, and misbehaves as it is told. For demo and tests.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

from lxml import etree

from csire_bridge.channels.sid.contract import SID, SOAP11, Operation, element, in_envelope
from csire_bridge.channels.sid.response_writer import client_fault, server_fault
from csire_bridge.config.resources import folder
from csire_bridge.domain.clock import Clock
from csire_bridge.domain.errors import NotTrusted, NotValid, Unreadable
from csire_bridge.lab.simulators.faults.hub import HubDice
from csire_bridge.lab.simulators.faults.sid import SidFaults
from csire_bridge.lab.simulators.http_server import SOAP_11, Contract, HttpServer, Reply
from csire_bridge.lab.simulators.sid.request_handler import FieldWorkOrder, ReceivedReport, Refused, RequestHandler
from csire_bridge.lab.simulators.sid.soap_client import BridgeCaller
from csire_bridge.xml.parser import parse
from csire_bridge.xml.schema.catalogue import SchemaCatalogue
from csire_bridge.xml.security.certificates.keys import CertificateBook, SigningKey
from csire_bridge.xml.security.ws_security.wss import sign_envelope, verify_envelope

__all__ = ["FieldWorkOrder", "ReceivedReport", "SidFaults", "SidSimulator"]

_HTML = b"<!DOCTYPE html>\n<html><head><title>Bad gateway</title></head><body><h1>502</h1><br>nginx</body></html>"
_MAX_BYTES = 4 * 1024 * 1024
_BODY = f"{{{SOAP11}}}Body"


def _utc_now() -> datetime:
    return datetime.now(UTC)


class SidSimulator:
    """SID as the bridge sees it. Start it, or use it in ``with``; ``stop`` and ``start`` make an outage.

    May be changed at any time: ``faults``; ``points``, what is known of a metering point, in the contract's words
    without the code. May be read at any time: ``told``, each report once in the order in which they came;
    ``field_work``; ``picked_up``, for each number None, or why the bridge did not take it; ``problems``, everything
    that was wrong with what came; ``asked``, the operations in their order.
    """

    def __init__(
        self,
        *,
        credentials: tuple[str, str] | None = None,
        signing: tuple[SigningKey, CertificateBook] | None = None,
        clock: Clock = _utc_now,
        seed: int = 0,
        port: int = 0,
    ) -> None:
        """``credentials`` are user and password that are asked for. ``signing``: answers are signed with the key, and
        requests must be signed with a certificate of the book."""
        self.faults = SidFaults()
        self.problems: list[str] = []
        self.asked: list[Operation] = []
        self._signing = signing
        self._clock = clock
        self._dice = HubDice(seed)
        self._handler = RequestHandler(self._dice.name)
        self._catalogue = SchemaCatalogue([folder("schemas")])
        self._lock = threading.Lock()
        self._numbers = 0
        self._server = HttpServer(
            lambda _path, _kind, raw: self._answer(raw),
            contract=Contract("sid", "sid.wsdl", "http://127.0.0.1/sid"),
            max_bytes=_MAX_BYTES,
            port=port,
            credentials=credentials,
        )

    @property
    def url(self) -> str:
        """The address of the service."""
        return f"{self._server.url}/sid"

    @property
    def waiting(self) -> list[str]:
        """Numbers of the orders whose pick-up was not confirmed."""
        return list(self._handler.waiting)

    @property
    def picked_up(self) -> Mapping[str, str | None]:
        """What the bridge confirmed: None for an order that it took, else why it did not."""
        return self._handler.picked_up

    @property
    def told(self) -> list[ReceivedReport]:
        """What the bridge reported, each report once."""
        return self._handler.told

    @property
    def field_work(self) -> list[FieldWorkOrder]:
        """What was handed over."""
        return self._handler.field_work

    @property
    def points(self) -> dict[str, Mapping[str, Any]]:
        """The metering points that SID knows."""
        return self._handler.points

    def status_of(self, number: str) -> str | None:
        """The newest status that SID was told of an order."""
        return self._handler.status_of(number)

    def order(self, **changes: Any) -> dict[str, Any]:
        """The values of an order of its own number, registered now, in the contract's order."""
        with self._lock:
            self._numbers += 1
            number = f"SID/2026/{self._numbers:06d}"
        values = {
            "Number": number,
            "Kind": "disconnect",
            "MeteringPointCode": "590243856287817706",
            "RegisteredAt": self._clock(),
            "RequestedDate": None,
            "DisconnectionKind": "debt",
            **changes,
        }
        if values["Kind"] != "disconnect":
            values["DisconnectionKind"] = None
        return {name: values[name] for name in _NAMES if values.get(name) is not None}

    def register(self, **changes: Any) -> str:
        """Register an order, which waits to be fetched from now on; return its number."""
        values = self.order(**changes)
        self._handler.register(element("Order", values), values["Number"])
        return str(values["Number"])

    def register_raw(self, xml: bytes, number: str) -> None:
        """Have any element wait as if it were an order; ``number`` is what confirms it."""
        self._handler.register(etree.fromstring(xml), number)

    def caller(self, url: str, credentials: tuple[str, str] | None = None) -> BridgeCaller:
        """SID's own SOAP client for the bridge's endpoint at ``url``."""
        return BridgeCaller(url, credentials)

    def start(self) -> SidSimulator:
        """Begin to answer, or again after an outage."""
        self._server.start()
        return self

    def stop(self) -> None:
        """Close the port and every connection."""
        self._server.stop()

    def __enter__(self) -> SidSimulator:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def _answer(self, raw: bytes) -> Reply:
        try:
            operation, request = self._open(raw)
        except Refused as refusal:
            self.problems.append(str(refusal))
            return self._close(500, client_fault(refusal.code, refusal.text))
        self.asked.append(operation)
        if self.faults.operations and operation not in self.faults.operations:
            return self._do(operation, request)
        wait = self._dice.pause(self.faults.slow)
        return replace(self._misbehave(operation, request), wait=wait)

    def _misbehave(self, operation: Operation, request: etree._Element) -> Reply:
        faults = self.faults
        if self._dice.strikes(faults.html):
            return Reply(502, _HTML, "text/html")
        for code, trouble in faults.codes.items():
            if self._dice.strikes(trouble):
                blame = server_fault if code == "busy" else client_fault
                return self._close(500, blame(code, "as the simulator was told"))
        reply = self._do(operation, request)
        hang, half = self._dice.strikes(faults.hang), self._dice.strikes(faults.half)
        return replace(reply, silent=hang, cut=half)

    def _open(self, raw: bytes) -> tuple[Operation, etree._Element]:
        try:
            envelope = parse(raw)
            body = self._body(envelope)
            if body is None or len(body) != 1:
                raise Refused("invalid", "no SOAP 1.1 envelope with one request")
            problems = self._catalogue.explain(body[0])
        except (Unreadable, NotTrusted, NotValid) as error:
            raise Refused("invalid", error.text) from error
        if problems:
            raise Refused("invalid", "; ".join(map(str, problems)))
        name = etree.QName(body[0]).localname.removesuffix("Request")
        if name not in {operation.value for operation in Operation}:
            raise Refused("invalid", f"{name} is not asked here")
        return Operation(name), body[0]

    def _body(self, envelope: etree._Element) -> etree._Element | None:
        if self._signing is not None:
            return verify_envelope(envelope, self._signing[1], self._clock()).body
        return envelope.find(_BODY)

    def _do(self, operation: Operation, request: etree._Element) -> Reply:
        if operation is Operation.CONFIRM and self._dice.strikes(self.faults.lost_confirmation):
            return self._close(200, in_envelope(etree.tostring(element("ConfirmPickUpResponse", {}))))
        try:
            response = self._handler.serve(operation, request)
        except Refused as refusal:
            self.problems.append(str(refusal))
            return self._close(500, client_fault(refusal.code, refusal.text))
        if operation is Operation.FETCH:
            self._spoil(response)
        return self._close(200, in_envelope(etree.tostring(response)))

    def _spoil(self, response: etree._Element) -> None:
        if len(response) and self._dice.strikes(self.faults.duplicates):
            response.append(etree.fromstring(etree.tostring(response[0])))
        if self._dice.strikes(self.faults.nonsense):
            etree.SubElement(etree.SubElement(response, f"{SID}Order"), f"{SID}Nonsense").text = self._dice.name()

    def _close(self, status: int, envelope: bytes) -> Reply:
        if self._signing is not None:
            envelope = sign_envelope(parse(envelope), self._signing[0], self._clock())
        return Reply(status, envelope, SOAP_11)


_NAMES = (
    "Number",
    "Kind",
    "MeteringPointCode",
    "RegisteredAt",
    "RequestedDate",
    "DisconnectionKind",
    "ReconnectionReason",
    "Supplier",
    "Text",
    "MeterNumber",
    "EffectiveDate",
    "TariffGroup",
    "ContractedPower",
    "Prepaid",
    "EndReason",
    "ProcessInstanceId",
    "ProtectedKind",
    "ProtectedUntil",
)
