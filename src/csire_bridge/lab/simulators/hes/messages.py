"""The simulated head-end system's side of ``schemas/hes``: reads requests, writes replies and events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from lxml import etree

from csire_bridge.channels.hes.dialect.schema import compiled_schema
from csire_bridge.lab.simulators.meter.calendar import Calendars
from csire_bridge.xml.parser import parse

__all__ = [
    "Event",
    "Refusal",
    "Request",
    "read_request",
    "write_calendars",
    "write_event",
    "write_readings",
    "write_reply",
    "write_state",
]

_SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
_MESSAGE = "http://iec.ch/TC57/2011/schema/message"
_CONTROLS = "http://iec.ch/TC57/2011/EndDeviceControls#"
_EVENTS = "http://iec.ch/TC57/2011/EndDeviceEvents#"
_STATE = "urn:csire-bridge:hes:contactor:v1"
_READINGS = "http://iec.ch/TC57/2011/MeterReadings#"
_CALENDAR = "urn:csire-bridge:hes:calendar:v1"
_NS = {"s": _SOAP, "m": _MESSAGE, "c": _CONTROLS, "t": _CALENDAR}
_CONTROL = "m:Payload/c:EndDeviceControls/c:EndDeviceControl"
_SOURCE = "simulated-hes"


class Refusal(Exception):
    """The request is refused with a FAILED reply; ``level`` tells if for good."""

    def __init__(self, code: str, reason: str, level: str = "FATAL") -> None:
        super().__init__(reason)
        self.code, self.reason, self.level = code, reason, level


@dataclass(frozen=True, slots=True)
class Request:
    """What the bridge asks; ``end`` (UTC) is when the command expires. For ``get`` there are no facts of a control.

    ``registers`` are OBIS codes; ``tariff`` is the calendar to be written, which takes effect at ``activate_at`` (UTC).
    """

    verb: str
    message_id: str
    correlation_id: str
    reply_address: str
    meter: str
    mrid: str = ""
    code: str = ""
    end: datetime | None = None
    tracking_id: str = ""
    noun: str = ""
    registers: tuple[str, ...] = ()
    tariff: str = ""
    activate_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """What is reported to the bridge; ``occurred_at`` is the meter's time, UTC, ``details`` are names and values."""

    correlation_id: str | None
    meter: str
    code: str
    occurred_at: datetime
    reason: str = ""
    details: Mapping[str, str] = field(default_factory=dict)


def read_request(raw: bytes, schema_file: Path) -> Request:
    """Return the request; raise ``Unreadable``, or ``Refusal`` when the schema does not allow it."""
    envelope = parse(raw)
    message = envelope.find("s:Body/m:RequestMessage", _NS)
    if message is None:
        raise Refusal("2.9", "there is no RequestMessage in a SOAP 1.1 body")
    schema = compiled_schema(schema_file)
    if not schema.validate(message):
        raise Refusal("2.9", f"the request does not follow its schema: {_first_error(schema)}")
    return _request(message)


def _request(message: etree._Element) -> Request:
    def text(path: str) -> str:
        return (message.findtext(path, "", _NS) or "").strip()

    kind = message.find(f"{_CONTROL}/c:EndDeviceControlType", _NS)
    end = text(f"{_CONTROL}/c:primaryDeviceTiming/c:interval/c:end")
    at = text(f"{_CONTROL}/t:PassiveCalendar/t:activateAt")
    return Request(
        verb=text("m:Header/m:Verb"),
        message_id=text("m:Header/m:MessageID"),
        correlation_id=text("m:Header/m:CorrelationID"),
        reply_address=text("m:Header/m:ReplyAddress"),
        meter=text(f"{_CONTROL}/c:EndDevices/c:Names/c:name") or text("m:Request/m:ID"),
        mrid=text(f"{_CONTROL}/c:mRID"),
        code="" if kind is None else kind.get("ref", ""),
        end=_moment(end) if end else None,
        tracking_id=text(f"{_CONTROL}/c:issuerTrackingID"),
        noun=text("m:Header/m:Noun"),
        registers=tuple(text("m:Request/m:registers").split()),
        tariff=text(f"{_CONTROL}/t:PassiveCalendar/t:name"),
        activate_at=_moment(at) if at else None,
    )


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.utcoffset() is None:
        raise Refusal("2.9", f"{text} has no time zone")
    return moment.astimezone(UTC)


def write_reply(request: Request | None, now: datetime, refusal: Refusal | None = None) -> bytes:
    """A ResponseMessage: OK, or FAILED with the refusal."""
    return _bytes(_response(request, now, refusal))


def write_state(request: Request, now: datetime, output_state: bool, control_state: int) -> bytes:
    """A ResponseMessage with the contactor's state."""
    envelope, payload = _with_payload(request, now)
    state = _add(payload, _STATE, "ContactorState")
    _add(state, _STATE, "meter", request.meter)
    _add(state, _STATE, "outputState", "true" if output_state else "false")
    _add(state, _STATE, "controlState", str(control_state))
    _add(state, _STATE, "readAt", _stamp(now))
    return _bytes(envelope)


def write_readings(request: Request, now: datetime, values: Sequence[tuple[Decimal, str]]) -> bytes:
    """A ResponseMessage with value and unit of each register that was asked for."""
    envelope, payload = _with_payload(request, now)
    reading = _add(_add(payload, _READINGS, "MeterReadings"), _READINGS, "MeterReading")
    _add(_add(_add(reading, _READINGS, "Meter"), _READINGS, "Names"), _READINGS, "name", request.meter)
    for register, (value, unit) in zip(request.registers, values, strict=True):
        one = _add(reading, _READINGS, "Readings")
        _add(one, _READINGS, "timeStamp", _stamp(now))
        _add(one, _READINGS, "value", f"{value:f}")
        _add(one, _READINGS, "unit", unit)
        _add(one, _READINGS, "ReadingType").set("ref", register)
    return _bytes(envelope)


def write_calendars(request: Request, now: datetime, calendars: Calendars) -> bytes:
    """A ResponseMessage with the meter's tariff calendars."""
    envelope, payload = _with_payload(request, now)
    found = _add(payload, _CALENDAR, "TariffCalendars")
    _add(found, _CALENDAR, "meter", request.meter)
    _add(found, _CALENDAR, "active", calendars.active)
    passive = _add(found, _CALENDAR, "passive")
    _add(passive, _CALENDAR, "name", calendars.passive)
    if calendars.activate_at is not None:
        _add(passive, _CALENDAR, "activateAt", _stamp(calendars.activate_at))
    _add(found, _CALENDAR, "readAt", _stamp(now))
    return _bytes(envelope)


def _with_payload(request: Request, now: datetime) -> tuple[etree._Element, etree._Element]:
    envelope = _response(request, now, None)
    return envelope, _add(envelope[0][0], _MESSAGE, "Payload")


def write_event(event: Event, message_id: str, now: datetime) -> bytes:
    """A bare EventMessage."""
    root = etree.Element(f"{{{_MESSAGE}}}EventMessage", nsmap={"m": _MESSAGE, "e": _EVENTS})
    _header(root, "created EndDeviceEvents", now, message_id, event.correlation_id or "")
    record = _add(_add(_add(root, _MESSAGE, "Payload"), _EVENTS, "EndDeviceEvents"), _EVENTS, "EndDeviceEvent")
    _add(record, _EVENTS, "mRID", message_id)
    _add(record, _EVENTS, "createdDateTime", _stamp(event.occurred_at))
    _add(record, _EVENTS, "EndDeviceEventType").set("ref", event.code)
    _add(_add(_add(record, _EVENTS, "Assets"), _EVENTS, "Names"), _EVENTS, "name", event.meter)
    if event.reason:
        _add(record, _EVENTS, "reason", event.reason)
    for name, value in event.details.items():
        detail = _add(record, _EVENTS, "EndDeviceEventDetails")
        _add(detail, _EVENTS, "name", name)
        _add(detail, _EVENTS, "value", value)
    return _bytes(root)


def _response(request: Request | None, now: datetime, refusal: Refusal | None) -> etree._Element:
    envelope = etree.Element(f"{{{_SOAP}}}Envelope", nsmap={"soap": _SOAP, "m": _MESSAGE})
    message = _add(_add(envelope, _SOAP, "Body"), _MESSAGE, "ResponseMessage")
    message_id, correlation = (f"re:{request.message_id}", request.correlation_id) if request else ("", "")
    _header(message, "reply EndDeviceControls", now, message_id, correlation)
    reply = _add(message, _MESSAGE, "Reply")
    _add(reply, _MESSAGE, "Result", "FAILED" if refusal else "OK")
    if refusal:
        error = _add(reply, _MESSAGE, "Error")
        _add(error, _MESSAGE, "code", refusal.code)
        _add(error, _MESSAGE, "level", refusal.level)
        _add(error, _MESSAGE, "reason", refusal.reason)
    return envelope


def _header(message: etree._Element, verb_and_noun: str, now: datetime, message_id: str, correlation_id: str) -> None:
    header = _add(message, _MESSAGE, "Header")
    verb, noun = verb_and_noun.split()
    _add(header, _MESSAGE, "Verb", verb)
    _add(header, _MESSAGE, "Noun", noun)
    _add(header, _MESSAGE, "Timestamp", _stamp(now))
    _add(header, _MESSAGE, "Source", _SOURCE)
    _add(header, _MESSAGE, "MessageID", message_id)
    if correlation_id:
        _add(header, _MESSAGE, "CorrelationID", correlation_id)


def _add(parent: etree._Element, namespace: str, name: str, text: str | None = None) -> etree._Element:
    element = etree.SubElement(parent, f"{{{namespace}}}{name}")
    element.text = text
    return element


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _bytes(root: etree._Element) -> bytes:
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _first_error(schema: etree.XMLSchema) -> str:
    log: Any = schema.error_log
    return str(log[0].message) if len(log) else "no reason given"
