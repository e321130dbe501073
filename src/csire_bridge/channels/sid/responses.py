"""Reads answers of SID, or of a gateway in front of it. Nothing is assumed."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from lxml import etree

from csire_bridge.channels.sid.contract import SID, SOAP11
from csire_bridge.channels.sid.faults import SidFault
from csire_bridge.channels.transport.redact import redacted
from csire_bridge.domain.errors import Unreadable
from csire_bridge.domain.identifiers import MeteringPointCode, MeterNumber
from csire_bridge.domain.metering_point.facts import MeteringPoint, has_contactor
from csire_bridge.domain.protection import Protection, read_protection
from csire_bridge.xml.parser import parse
from csire_bridge.xml.schema.lexical import SPACE, parse_boolean, parse_decimal, parse_moment

__all__ = ["UnexpectedResponse", "point_of", "read_body"]

_ENVELOPE, _BODY, _FAULT = (f"{{{SOAP11}}}{name}" for name in ("Envelope", "Body", "Fault"))


class Verifying(Protocol):
    """WS-Security: leaves nothing in ``envelope`` but the signed Body, or raises."""

    def verify(self, envelope: etree._Element) -> object: ...


class UnexpectedResponse(Exception):
    """The answer is not what the contract promises."""


def read_body(raw: bytes, max_bytes: int, security: Verifying | None = None) -> etree._Element | SidFault:
    """Return the Body's only child, or the SidFault in it; raise Strange for anything else."""
    try:
        envelope = parse(raw, max_bytes)
    except Unreadable as error:
        raise UnexpectedResponse(error.problems[0].text) from error
    if envelope.tag != _ENVELOPE:
        raise UnexpectedResponse(
            f"it is no SOAP 1.1 envelope, but begins with {etree.QName(envelope).localname[:40]!r}"
        )
    if security is not None:
        try:
            security.verify(envelope)
        except Exception as error:  # whatever it raises means "not verified"
            raise UnexpectedResponse(f"its WS-Security signature does not hold: {redacted(str(error), 200)}") from error
    bodies = envelope.findall(_BODY)
    if len(bodies) != 1 or len(bodies[0]) != 1:
        raise UnexpectedResponse("its envelope does not hold exactly one element")
    child = bodies[0][0]
    return _fault(child) if child.tag == _FAULT else child


def _fault(fault: etree._Element) -> SidFault:
    soap_code = (fault.findtext("faultcode") or "").rpartition(":")[2].strip()
    code = fault.findtext(f"detail/{SID}SidFault/{SID}Code") or ""
    text = fault.findtext("faultstring") or ""
    return SidFault(redacted(code, 40), redacted(text, 1000), redacted(soap_code, 40))


def point_of(response: etree._Element, asked: MeteringPointCode) -> MeteringPoint | None:
    """The metering point in a good response; raises Strange for another point than asked for, or invalid data."""
    point = response.find(f"{SID}Point")
    if point is None:
        return None
    if _text(point, "MeteringPointCode") != asked:
        raise UnexpectedResponse("it tells of another metering point")
    meter, kind, power = (_text(point, name) for name in ("MeterNumber", "MeterKind", "ContractedPower"))
    contactor = _flag(point, "HasContactor")
    return MeteringPoint(
        code=asked,
        updated_at=_moment(_text(point, "Freshness") or ""),
        meter=MeterNumber(meter) if meter else None,
        meter_kind=kind,
        has_contactor=has_contactor(kind) if contactor is None and kind else contactor,
        supplier=_text(point, "Supplier"),
        tariff_group=_text(point, "TariffGroup"),
        contracted_power=parse_decimal(power) if power else None,
        prepaid=_flag(point, "Prepaid"),
        can_be_suspended=_flag(point, "CanBeSuspended"),
        danger_registered=_flag(point, "DangerRegistered"),
        protection=_protection(point),
        station=_text(point, "Station"),
        station_group=_text(point, "StationGroup"),
    )


def _protection(point: etree._Element) -> Protection | None:
    kind, until = _text(point, "ProtectedKind"), _text(point, "ProtectedUntil")
    try:
        return read_protection(kind, until)
    except ValueError as error:
        raise UnexpectedResponse(f"its protection can't be understood: {error}") from error


def _moment(text: str) -> datetime:
    try:
        return parse_moment(text)
    except ValueError as error:
        raise UnexpectedResponse(f"its freshness is no moment: {error}") from error


def _text(parent: etree._Element, name: str) -> str | None:
    return (parent.findtext(SID + name) or "").strip(SPACE) or None


def _flag(parent: etree._Element, name: str) -> bool | None:
    text = _text(parent, name)
    return None if text is None else parse_boolean(text)
