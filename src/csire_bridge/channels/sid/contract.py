"""Constants of the contract with SID: namespaces, operations, and SOAP 1.1 envelopes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from lxml import etree

from csire_bridge.domain.clock import WARSAW
from csire_bridge.domain.message.sid import Report
from csire_bridge.xml.envelope import format_moment
from csire_bridge.xml.soap import printable as xml_printable

__all__ = ["NS", "SID", "SOAP11", "Asked", "Operation", "element", "in_envelope", "printable", "status_values"]

NS = "urn:csire-bridge:sid:v1"
SID = f"{{{NS}}}"
SOAP11 = "http://schemas.xmlsoap.org/soap/envelope/"
_LONGEST_TEXT = 2000

Values = Mapping[str, Any]
"""The children of an element in their order; a list repeats its element, None leaves it out."""


class Operation(StrEnum):
    """Operations that we call at SID, by their WSDL names, which are also the SOAP actions."""

    FETCH = "FetchOrders"
    CONFIRM = "ConfirmPickUp"
    REPORT = "ReportStatus"
    HAND_OVER = "HandOverFieldWork"
    LOOK_UP = "LookUpPoint"

    @property
    def harmless(self) -> bool:
        """Whether it changes nothing at SID."""
        return self in (Operation.FETCH, Operation.LOOK_UP)


class Asked(StrEnum):
    """Operations that SID calls at our endpoint, by their WSDL names."""

    SUBMIT = "SubmitOrder"
    STATUS = "OrderStatus"
    WITHDRAW = "WithdrawOrder"


def in_envelope(body: bytes) -> bytes:
    """A SOAP 1.1 envelope around an element's bytes, which must declare their own namespaces."""
    start = f'<?xml version="1.0" encoding="UTF-8"?>\n<soap:Envelope xmlns:soap="{SOAP11}"><soap:Body>'
    return start.encode() + body + b"</soap:Body></soap:Envelope>"


def element(name: str, values: Values) -> etree._Element:
    """An element of the contract with its children."""
    root = etree.Element(SID + name, nsmap={"sid": NS})
    _fill(root, values)
    return root


def _fill(parent: etree._Element, values: Values) -> None:
    for name, value in values.items():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, Mapping):
                _fill(etree.SubElement(parent, SID + name), one)
            elif one is not None:
                etree.SubElement(parent, SID + name).text = _text(one)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return format_moment(value) if isinstance(value, datetime) else str(value)


def status_values(report: Report) -> dict[str, Any]:
    """The state of an order as fields of the contract."""
    seconds = report.execution_seconds
    return {
        "Number": report.number,
        "Sequence": report.sequence,
        "Status": report.status.value,
        "At": local(report.at),
        "ExecutedAt": local(report.executed_at),
        "ExecutionSeconds": None if seconds is None else f"{seconds:.3f}",
        "MeterNumber": report.meter,
        "Reason": report.reason.value if report.reason else None,
        "Text": printable(report.text) if report.text else None,
    }


def local(moment: datetime | None) -> datetime | None:
    """A moment in the format of SID: Polish time, to the millisecond."""
    if moment is None:
        return None
    return moment.astimezone(WARSAW).replace(microsecond=moment.microsecond // 1000 * 1000)


def printable(text: str, most: int = _LONGEST_TEXT) -> str:
    """The text without characters that XML does not allow, cut to the contract's length."""
    return xml_printable(text)[:most]


def texts_of(parent: etree._Element, names: Sequence[str]) -> dict[str, str | None]:
    """The text of each of these children, or None."""
    return {name: parent.findtext(SID + name) for name in names}
