"""COSEM objects of the simulated meters, and the DLMS wrapper (IEC 62056-47) that carries requests for them.

The meter's server and its client share this; encoding and decoding are dlms-cosem's, except where it has none.
"""

from __future__ import annotations

import socket
from datetime import UTC, datetime
from enum import IntEnum

from dlms_cosem import time as dlms_time
from dlms_cosem.cosem import CosemAttribute, CosemMethod, Obis
from dlms_cosem.enumerations import CosemInterface
from dlms_cosem.protocol.wrappers import WrapperHeader

__all__ = [
    "CLOCK_TIME",
    "CONTROL_MODE",
    "CONTROL_STATE",
    "DISCONNECTOR",
    "LAST_SWITCH",
    "OUTPUT_STATE",
    "PUBLIC_CLIENT",
    "REMOTE_DISCONNECT",
    "REMOTE_RECONNECT",
    "DataTag",
    "frame",
    "octet_time",
    "read_frame",
    "read_octet_time",
]

PUBLIC_CLIENT = 16
DISCONNECTOR = Obis(0, 0, 96, 3, 10, 255)
OUTPUT_STATE = CosemAttribute(CosemInterface.DISCONNECT_CONTROL, DISCONNECTOR, 2)
CONTROL_STATE = CosemAttribute(CosemInterface.DISCONNECT_CONTROL, DISCONNECTOR, 3)
CONTROL_MODE = CosemAttribute(CosemInterface.DISCONNECT_CONTROL, DISCONNECTOR, 4)
REMOTE_DISCONNECT = CosemMethod(CosemInterface.DISCONNECT_CONTROL, DISCONNECTOR, 1)
REMOTE_RECONNECT = CosemMethod(CosemInterface.DISCONNECT_CONTROL, DISCONNECTOR, 2)
CLOCK_TIME = CosemAttribute(CosemInterface.CLOCK, Obis(0, 0, 1, 0, 0, 255), 2)
LAST_SWITCH = CosemAttribute(CosemInterface.DATA, Obis(0, 0, 128, 3, 10, 255), 2)
"""A manufacturer's object of ours: when the contactor last switched."""

_HEADER_BYTES = 8


class DataTag(IntEnum):
    """Tags of the A-XDR data types that a GET response here can hold."""

    BOOLEAN = 3
    OCTET_STRING = 9
    ENUM = 22


def frame(source: int, destination: int, apdu: bytes) -> bytes:
    """An APDU behind its wrapper header."""
    header: bytes = WrapperHeader(source, destination, len(apdu)).to_bytes()
    return header + apdu


def read_frame(connection: socket.socket) -> tuple[int, int, bytes]:
    """Return (source, destination, APDU); raise ConnectionError when the peer is gone, ValueError for garbage."""
    header = WrapperHeader.from_bytes(_exactly(connection, _HEADER_BYTES))
    if header.version != 1:
        raise ValueError(f"wrapper version {header.version} is not 1")
    return header.source_wport, header.destination_wport, _exactly(connection, header.length)


def _exactly(connection: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        chunk = connection.recv(count - len(data))
        if not chunk:
            raise ConnectionError("the peer closed the connection")
        data += chunk
    return data


def octet_time(moment: datetime) -> bytes:
    """A date-time as octet string; COSEM keeps hundredths of a second."""
    encoded: bytes = dlms_time.datetime_to_bytes(moment.astimezone(UTC))
    return bytes([DataTag.OCTET_STRING, len(encoded)]) + encoded


def read_octet_time(data: bytes) -> datetime:
    """The aware UTC time in an octet string; a deviation of 0 is UTC."""
    moment, _ = dlms_time.datetime_from_bytes(data[2:])
    zoned: datetime = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return zoned.astimezone(UTC)
