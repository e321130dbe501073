"""A concentrator: one TCP listener on 127.0.0.1 behind which many simulated meters answer DLMS/COSEM.

The wrapper's destination address says which meter is meant. A client must associate first (AARQ, public client,
no ciphering) for each meter on each connection.
"""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from dlms_cosem import enumerations as enums
from dlms_cosem.connection import make_conformance
from dlms_cosem.protocol import acse, xdlms
from dlms_cosem.protocol.acse import UserInformation

from csire_bridge.domain.identifiers import MeterNumber
from csire_bridge.domain.meter.metering import ENERGY_REGISTERS, ObisCode
from csire_bridge.lab.simulators.meter import cosem
from csire_bridge.lab.simulators.meter.cosem import DataTag
from csire_bridge.lab.simulators.meter.meter import Meter, MethodRefused

__all__ = ["MeterServer"]

_GET_RESPONSE = 196
_FIRST_ADDRESS = 1000
_LAST_ADDRESS = 0xFFFF


def _counter(register: ObisCode, meter: Meter) -> bytes:
    return cosem.counter(meter.counters()[register])


_READ: dict[bytes, Callable[[Meter], bytes]] = {
    cosem.OUTPUT_STATE.to_bytes(): lambda m: bytes([DataTag.BOOLEAN, m.output_state]),
    cosem.CONTROL_STATE.to_bytes(): lambda m: bytes([DataTag.ENUM, m.state]),
    cosem.CONTROL_MODE.to_bytes(): lambda m: bytes([DataTag.ENUM, m.mode]),
    cosem.CLOCK_TIME.to_bytes(): lambda m: cosem.octet_time(m.clock()),
    cosem.LAST_SWITCH.to_bytes(): lambda m: cosem.octet_time(m.last_switch),
    cosem.CALENDAR_ACTIVE.to_bytes(): lambda m: cosem.octets(m.tariffs().active.encode()),
    cosem.CALENDAR_PASSIVE.to_bytes(): lambda m: cosem.octets(m.tariffs().passive.encode()),
    cosem.CALENDAR_TIME.to_bytes(): lambda m: cosem.octet_time(m.tariffs().activate_at),
}
for _register in ENERGY_REGISTERS:
    _value, _unit = (cosem.register(_register, n) for n in (cosem.REGISTER_VALUE, cosem.REGISTER_UNIT))
    _READ[_value.to_bytes()] = partial(_counter, _register)
    _READ[_unit.to_bytes()] = lambda _m: cosem.scaler_unit(0, cosem.WATT_HOUR)
_WRITE: dict[bytes, Callable[[Meter, bytes], None]] = {
    cosem.CALENDAR_PASSIVE.to_bytes(): lambda m, data: m.write_passive(name=cosem.read_octets(data).decode()),
    cosem.CALENDAR_TIME.to_bytes(): lambda m, data: m.write_passive(activate_at=cosem.read_optional_time(data)),
}
_ACT: dict[bytes, Callable[[Meter], None]] = {
    cosem.REMOTE_DISCONNECT.to_bytes(): Meter.remote_disconnect,
    cosem.REMOTE_RECONNECT.to_bytes(): Meter.remote_reconnect,
    cosem.ACTIVATE_PASSIVE.to_bytes(): Meter.activate_passive,
}


class MeterServer:
    """Hosts meters; each gets its own wrapper address. Stopped and started again it listens on the same port."""

    def __init__(self, port: int = 0) -> None:
        self._meters: dict[int, Meter] = {}
        self._addresses: dict[MeterNumber, int] = {}
        self._server: _Server | None = _Server(port, self._meters)
        self._port = self._server.server_address[1]
        self._thread: threading.Thread | None = None

    @property
    def host_and_port(self) -> tuple[str, int]:
        """Where to connect to."""
        return "127.0.0.1", self._port

    def add(self, meter: Meter) -> int:
        """Host a meter and return its wrapper address; ValueError when all addresses are taken."""
        address = _FIRST_ADDRESS + len(self._meters)
        if address > _LAST_ADDRESS:
            raise ValueError(f"a concentrator has {_LAST_ADDRESS - _FIRST_ADDRESS + 1} addresses, all are taken")
        self._meters[address] = meter
        self._addresses[meter.number] = address
        return address

    def address_of(self, number: MeterNumber) -> int | None:
        """The meter's wrapper address; None for an unknown meter."""
        return self._addresses.get(number)

    def meter(self, number: MeterNumber) -> Meter:
        """The meter itself, to look at it or press its button; KeyError for an unknown one."""
        return self._meters[self._addresses[number]]

    @property
    def addresses(self) -> Mapping[str, int]:
        """Each meter's wrapper address."""
        return {str(number): address for number, address in self._addresses.items()}

    def start(self) -> MeterServer:
        """Begin to answer; the socket itself listens since construction, or since now after a stop."""
        if self._server is None:
            self._server = _Server(self._port, self._meters)
        if self._thread is None:
            self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
            self._thread.start()
        return self

    def stop(self) -> None:
        """Close the listener and every connection."""
        if self._server is None:
            return
        if self._thread is not None:
            self._server.shutdown()
        self._server.server_close()
        self._server.close_connections()
        self._server = self._thread = None


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, port: int, meters: dict[int, Meter]) -> None:
        super().__init__(("127.0.0.1", port), _Connection)
        self.meters = meters
        self.connections: set[socket.socket] = set()

    def close_connections(self) -> None:
        for connection in list(self.connections):
            with contextlib.suppress(OSError):  # the client was faster
                connection.shutdown(socket.SHUT_RDWR)


class _Connection(socketserver.BaseRequestHandler):
    """One TCP connection; remembers which meters its client is associated with."""

    server: _Server
    request: socket.socket

    def setup(self) -> None:
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._associated: set[tuple[int, int]] = set()
        self.server.connections.add(self.request)

    def finish(self) -> None:
        self.server.connections.discard(self.request)

    def handle(self) -> None:
        try:
            while True:
                source, destination, apdu = cosem.read_frame(self.request)
                answer = self._answer(source, destination, apdu)
                if answer:
                    self.request.sendall(cosem.frame(destination, source, answer))
        except (OSError, ValueError, TypeError, LookupError, NotImplementedError):
            return  # the client is gone, or speaks no DLMS: a meter then hangs up

    def _answer(self, source: int, destination: int, apdu: bytes) -> bytes:
        """The answering APDU; nothing at all for an address without a meter."""
        meter = self.server.meters.get(destination)
        if meter is None or not apdu:
            return b""
        association = (source, destination)
        if apdu[0] == acse.ApplicationAssociationRequest.TAG:
            return self._associate(association, apdu)
        if association not in self._associated:
            return _exception()
        if apdu[0] == acse.ReleaseRequest.TAG:
            self._associated.discard(association)
            return bytes(acse.ReleaseResponse(reason=enums.ReleaseResponseReason.NORMAL).to_bytes())
        return _serve(meter, apdu)

    def _associate(self, association: tuple[int, int], apdu: bytes) -> bytes:
        request = acse.ApplicationAssociationRequest.from_bytes(apdu)
        accepted = not request.ciphered and request.authentication is None
        if accepted:
            self._associated.add(association)
        return _association_response(accepted)


def _serve(meter: Meter, apdu: bytes) -> bytes:
    if apdu[0] == xdlms.GetRequestNormal.TAG:
        return _get(meter, xdlms.GetRequestNormal.from_bytes(apdu))
    if apdu[0] == xdlms.ActionRequestNormal.TAG:
        return _act(meter, xdlms.ActionRequestNormal.from_bytes(apdu))
    if apdu[0] == xdlms.SetRequestNormal.TAG:
        return _set(meter, xdlms.SetRequestNormal.from_bytes(apdu))
    return _exception()


def _get(meter: Meter, request: Any) -> bytes:
    """GET-response-normal, by hand: the package can't encode one (choice 0 is data, 1 is an error)."""
    head: bytes = bytes([_GET_RESPONSE, enums.GetResponseType.NORMAL]) + request.invoke_id_and_priority.to_bytes()
    read = _READ.get(request.cosem_attribute.to_bytes())
    if read is None:
        return head + bytes([1, enums.DataAccessResult.OBJECT_UNDEFINED])
    return head + bytes([0]) + read(meter)


def _set(meter: Meter, request: Any) -> bytes:
    write = _WRITE.get(request.cosem_attribute.to_bytes())
    result = enums.DataAccessResult.OBJECT_UNDEFINED
    if write is not None:
        try:
            write(meter, bytes(request.data))
            result = enums.DataAccessResult.SUCCESS
        except ValueError:
            result = enums.DataAccessResult.TYPE_UNMATCHED
    return bytes(xdlms.SetResponseNormal(result, request.invoke_id_and_priority).to_bytes())


def _act(meter: Meter, request: Any) -> bytes:
    act = _ACT.get(request.cosem_method.to_bytes())
    status = enums.ActionResultStatus.OBJECT_UNDEFINED
    if act is not None:
        try:
            act(meter)
            status = enums.ActionResultStatus.SUCCESS
        except MethodRefused:
            status = enums.ActionResultStatus.READ_WRITE_DENIED
    return bytes(xdlms.ActionResponseNormal(status, request.invoke_id_and_priority).to_bytes())


def _association_response(accepted: bool) -> bytes:
    result = enums.AssociationResult.ACCEPTED if accepted else enums.AssociationResult.REJECTED_PERMANENT
    reason = enums.AcseServiceUserDiagnostics
    diagnostics = reason.NULL if accepted else reason.AUTHENTICATION_MECHANISM_NAME_NOT_RECOGNIZED
    initiate = xdlms.InitiateResponse(
        negotiated_conformance=make_conformance(None, use_block_transfer=False), server_max_receive_pdu_size=1024
    )
    response = acse.ApplicationAssociationResponse(
        result=result, result_source_diagnostics=diagnostics, user_information=UserInformation(initiate)
    )
    return bytes(response.to_bytes())


def _exception() -> bytes:
    """Tells a client without association, or with an unknown service, that it can't be served."""
    response = xdlms.ExceptionResponse(
        enums.StateException.SERVICE_NOT_ALLOWED, enums.ServiceException.OPERATION_NOT_POSSIBLE
    )
    return bytes(response.to_bytes())
