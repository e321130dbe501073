"""COSEM objects of the simulated meters, and the DLMS wrapper (IEC 62056-47) that carries requests for them.

The meter's server and its client share this; encoding and decoding are dlms-cosem's, except where it has none.
"""

from __future__ import annotations

import re
import socket
from datetime import UTC, datetime
from decimal import Decimal
from enum import IntEnum

from dlms_cosem import time as dlms_time
from dlms_cosem.cosem import CosemAttribute, CosemMethod, Obis
from dlms_cosem.enumerations import CosemInterface
from dlms_cosem.protocol.wrappers import WrapperHeader

__all__ = [
    "ACTIVATE_PASSIVE",
    "CALENDAR_ACTIVE",
    "CALENDAR_PASSIVE",
    "CALENDAR_TIME",
    "CLOCK_TIME",
    "CONTROL_MODE",
    "CONTROL_STATE",
    "DISCONNECTOR",
    "LAST_SWITCH",
    "OUTPUT_STATE",
    "PUBLIC_CLIENT",
    "REGISTER_UNIT",
    "REGISTER_VALUE",
    "REMOTE_DISCONNECT",
    "REMOTE_RECONNECT",
    "WATT_HOUR",
    "DataTag",
    "counter",
    "frame",
    "octet_time",
    "octets",
    "quantity",
    "read_frame",
    "read_octet_time",
    "read_octets",
    "read_optional_time",
    "register",
    "scaler_unit",
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

CALENDAR = Obis(0, 0, 13, 0, 0, 255)
CALENDAR_ACTIVE = CosemAttribute(CosemInterface.ACTIVITY_CALENDAR, CALENDAR, 2)
CALENDAR_PASSIVE = CosemAttribute(CosemInterface.ACTIVITY_CALENDAR, CALENDAR, 6)
CALENDAR_TIME = CosemAttribute(CosemInterface.ACTIVITY_CALENDAR, CALENDAR, 10)
ACTIVATE_PASSIVE = CosemMethod(CosemInterface.ACTIVITY_CALENDAR, CALENDAR, 1)

REGISTER_VALUE, REGISTER_UNIT = 2, 3
WATT_HOUR = 30
_UNITS = {WATT_HOUR: "Wh"}
_HEADER_BYTES = 8
_NO_TIME = b"\xff" * 12


class DataTag(IntEnum):
    """Tags of the A-XDR data types that a GET response here can hold."""

    STRUCTURE = 2
    BOOLEAN = 3
    DOUBLE_LONG_UNSIGNED = 6
    OCTET_STRING = 9
    INTEGER = 15
    ENUM = 22


def register(obis: str, attribute: int) -> CosemAttribute:
    """An attribute of the class 3 register with a code such as ``1-0:1.8.0``."""
    numbers = [int(part) for part in re.split("[-:.]", obis)]
    return CosemAttribute(CosemInterface.REGISTER, Obis(*numbers, 255), attribute)


def counter(value: int) -> bytes:
    """A register's value; a counter of 32 bits rolls over."""
    return bytes([DataTag.DOUBLE_LONG_UNSIGNED]) + (value % 2**32).to_bytes(4, "big")


def scaler_unit(scaler: int, unit: int) -> bytes:
    """A register's scaler and unit."""
    return bytes([DataTag.STRUCTURE, 2, DataTag.INTEGER, scaler % 256, DataTag.ENUM, unit])


def quantity(value: bytes, unit: bytes) -> tuple[Decimal, str]:
    """A register's two attributes as a value and the name of its unit; ValueError for other types of data."""
    known = value[:1] == bytes([DataTag.DOUBLE_LONG_UNSIGNED]) and unit[:2] == bytes([DataTag.STRUCTURE, 2])
    if not known or unit[5] not in _UNITS:
        raise ValueError("the register is no counter of energy")
    scaler = int.from_bytes(unit[3:4], "big", signed=True)
    return Decimal(int.from_bytes(value[1:5], "big")).scaleb(scaler), _UNITS[unit[5]]


def octets(content: bytes) -> bytes:
    """An octet string of less than 128 bytes."""
    return bytes([DataTag.OCTET_STRING, len(content)]) + content


def read_octets(data: bytes) -> bytes:
    """The content of an octet string; ValueError for anything else."""
    if len(data) < 2 or data[0] != DataTag.OCTET_STRING or data[1] != len(data) - 2:
        raise ValueError("not an octet string")
    return data[2:]


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


def octet_time(moment: datetime | None) -> bytes:
    """A date-time as octet string; COSEM keeps hundredths of a second. None is a time that is not specified."""
    return octets(_NO_TIME if moment is None else dlms_time.datetime_to_bytes(moment.astimezone(UTC)))


def read_optional_time(data: bytes) -> datetime | None:
    """The aware UTC time in an octet string; None where it is not specified."""
    return None if read_octets(data) == _NO_TIME else read_octet_time(data)


def read_octet_time(data: bytes) -> datetime:
    """The aware UTC time in an octet string; a deviation of 0 is UTC."""
    moment, _ = dlms_time.datetime_from_bytes(data[2:])
    zoned: datetime = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return zoned.astimezone(UTC)
