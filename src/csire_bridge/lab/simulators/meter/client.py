"""The simulated head-end system's client for meters: DLMS/COSEM over one kept-alive TCP connection.

It uses the package's APDUs, not its ``DlmsClient``, which logs each step and can't keep several associations
on one connection. Not safe for several threads: use one client per thread.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from dlms_cosem import enumerations as enums
from dlms_cosem.connection import make_conformance
from dlms_cosem.cosem import CosemAttribute, CosemMethod
from dlms_cosem.protocol import acse, xdlms
from dlms_cosem.protocol.acse import UserInformation

from csire_bridge.domain.meter.contactor import ContactorAction, ControlState
from csire_bridge.lab.simulators.meter import cosem
from csire_bridge.lab.simulators.meter.calendar import Calendars

__all__ = ["ContactorSnapshot", "MeterClient", "MeterError"]

_METHODS = {
    ContactorAction.DISCONNECT: cosem.REMOTE_DISCONNECT,
    ContactorAction.CONNECT: cosem.REMOTE_RECONNECT,
}


class MeterError(Exception):
    """The meter can't be reached, or answered with an error; ``refused`` when it said no."""

    def __init__(self, text: str, *, refused: bool = False) -> None:
        super().__init__(text)
        self.refused = refused


@dataclass(frozen=True, slots=True)
class ContactorSnapshot:
    """Three attributes as the meter gave them; ``last_switch`` is UTC, to the hundredth of a second."""

    output_state: bool
    control_state: ControlState
    last_switch: datetime


class MeterClient:
    """Associates with, reads and switches the meters of one concentrator; ``timeout`` is in seconds."""

    def __init__(self, host_and_port: tuple[str, int], timeout: float = 5.0) -> None:
        self._peer = host_and_port
        self._timeout = timeout
        self._socket: socket.socket | None = None
        self._associated: set[int] = set()

    def close(self) -> None:
        """Close the connection; the next call opens a new one."""
        if self._socket is not None:
            self._socket.close()
        self._socket = None
        self._associated.clear()

    def switch(self, address: int, action: ContactorAction) -> ContactorSnapshot:
        """Run the method, then read what became of it; ``MeterError`` when the meter refuses or is silent."""
        self._act(address, _METHODS[action])
        return self.read(address)

    def read(self, address: int) -> ContactorSnapshot:
        """Read output_state, control_state and the time of the last switch."""
        output, state, switched = self._get(address, cosem.OUTPUT_STATE, cosem.CONTROL_STATE, cosem.LAST_SWITCH)
        return ContactorSnapshot(bool(output[1]), ControlState(state[1]), cosem.read_octet_time(switched))

    def read_registers(self, address: int, registers: Sequence[str]) -> list[tuple[Decimal, str]]:
        """Value and unit of each register, by codes such as ``1-0:1.8.0``."""
        parts = (cosem.REGISTER_VALUE, cosem.REGISTER_UNIT)
        data = self._get(address, *(cosem.register(code, part) for code in registers for part in parts))
        try:
            return [cosem.quantity(value, unit) for value, unit in zip(data[::2], data[1::2], strict=True)]
        except ValueError as error:
            raise MeterError(f"the meter at address {address} answered nonsense: {error}") from error

    def read_calendar(self, address: int) -> Calendars:
        """Read the names of both calendars, and when the passive one becomes active."""
        attributes = (cosem.CALENDAR_ACTIVE, cosem.CALENDAR_PASSIVE, cosem.CALENDAR_TIME)
        active, passive, at = self._get(address, *attributes)
        names = [cosem.read_octets(name).decode() for name in (active, passive)]
        return Calendars(names[0], names[1], cosem.read_optional_time(at))

    def write_calendar(self, address: int, name: str, activate_at: datetime | None) -> None:
        """Write the passive calendar's name, then when it becomes active; ``MeterError`` when the meter refuses."""
        self._set(address, cosem.CALENDAR_PASSIVE, cosem.octets(name.encode()))
        self._set(address, cosem.CALENDAR_TIME, cosem.octet_time(activate_at))

    def activate_calendar(self, address: int) -> None:
        """Make the passive calendar the active one."""
        self._act(address, cosem.ACTIVATE_PASSIVE)

    def read_mode(self, address: int) -> int:
        """Read control_mode."""
        return self._get(address, cosem.CONTROL_MODE)[0][1]

    def read_clock(self, address: int) -> datetime:
        """Read the meter's clock, UTC."""
        return cosem.read_octet_time(self._get(address, cosem.CLOCK_TIME)[0])

    def _act(self, address: int, method: CosemMethod) -> None:
        request = xdlms.ActionRequestNormal(cosem_method=method).to_bytes()
        response = xdlms.ActionResponseFactory.from_bytes(self._exchange(address, [request])[0])
        if response.status is not enums.ActionResultStatus.SUCCESS:
            raise MeterError(f"the meter refused: {response.status.name}", refused=True)

    def _set(self, address: int, attribute: CosemAttribute, data: bytes) -> None:
        request = xdlms.SetRequestNormal(cosem_attribute=attribute, data=data).to_bytes()
        response = xdlms.SetResponseFactory.from_bytes(self._exchange(address, [request])[0])
        if response.result is not enums.DataAccessResult.SUCCESS:
            raise MeterError(f"the meter refused to be written: {response.result.name}", refused=True)

    def _get(self, address: int, *attributes: CosemAttribute) -> list[bytes]:
        requests = [xdlms.GetRequestNormal(cosem_attribute=a).to_bytes() for a in attributes]
        answers = [xdlms.GetResponseFactory.from_bytes(answer) for answer in self._exchange(address, requests)]
        for answer in answers:
            if not isinstance(answer, xdlms.GetResponseNormal):
                raise MeterError(f"the meter refused to be read: {answer}", refused=True)
        return [answer.data for answer in answers]

    def _exchange(self, address: int, apdus: list[bytes]) -> list[bytes]:
        """Send the APDUs in one go and return their answers in order."""
        try:
            connection = self._connection()
            self._associate(connection, address)
            return self._talk(connection, address, apdus)
        except (OSError, ValueError) as error:
            self.close()
            raise MeterError(f"the meter at address {address} gave no answer: {error}") from error

    def _talk(self, connection: socket.socket, address: int, apdus: list[bytes]) -> list[bytes]:
        connection.sendall(b"".join(cosem.frame(cosem.PUBLIC_CLIENT, address, apdu) for apdu in apdus))
        answers = [cosem.read_frame(connection) for _ in apdus]
        if any(source != address for source, _, _ in answers):
            raise ValueError("another meter answered")
        if any(apdu[:1] == bytes([xdlms.ExceptionResponse.TAG]) for _, _, apdu in answers):
            raise ValueError("the meter answered with an exception")
        return [apdu for _, _, apdu in answers]

    def _connection(self) -> socket.socket:
        if self._socket is None:
            self._socket = socket.create_connection(self._peer, timeout=self._timeout)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self._socket

    def _associate(self, connection: socket.socket, address: int) -> None:
        if address in self._associated:
            return
        answer = acse.ApplicationAssociationResponse.from_bytes(self._talk(connection, address, [_AARQ])[0])
        if answer.result is not enums.AssociationResult.ACCEPTED:
            raise ValueError(f"the meter refused the association: {answer.result.name}")
        self._associated.add(address)


def _association_request() -> bytes:
    initiate: Any = xdlms.InitiateRequest(
        proposed_conformance=make_conformance(None, use_block_transfer=False), client_max_receive_pdu_size=1024
    )
    return bytes(acse.ApplicationAssociationRequest(user_information=UserInformation(initiate)).to_bytes())


_AARQ = _association_request()
