"""Reads what the head-end system reports: EventMessages, bare or inside a SOAP envelope.

Both styles of confirmation are understood: event codes, and the command's code with a result as its last part.
"""

from __future__ import annotations

from datetime import datetime
from functools import cached_property

from lxml import etree

from csire_bridge.channels.hes.contract import line_of, read_message
from csire_bridge.channels.hes.profile import HeadEndNamespaces, HeadEndProfile
from csire_bridge.domain.errors import ConfigurationError, NotValid, Problem, ProblemCode
from csire_bridge.domain.identifiers import CorrelationId, MeterNumber
from csire_bridge.domain.meter.contactor import ControlState, HeadEndEvent
from csire_bridge.xml.schema.lexical import parse_moment

__all__ = ["MAX_EVENT_BYTES", "parse_event"]

MAX_EVENT_BYTES = 64 * 1024
"""An event is about one kilobyte."""

_LONGEST_ID = 64
_OURS = HeadEndNamespaces()
_PREFIXES = {"m": _OURS.message, "e": _OURS.events}


def parse_event(raw: bytes, profile: HeadEndProfile) -> HeadEndEvent:
    """Return the event; raise ``Unreadable`` when it is not XML as we read it, ``NotValid`` with every problem."""
    message = read_message(raw, "EventMessage", profile, MAX_EVENT_BYTES)
    return _Reader(message, profile).event()


class _Reader:
    """Reads a message that is valid by the schema; collects every remaining problem."""

    def __init__(self, message: etree._Element, profile: HeadEndProfile) -> None:
        self._profile = profile
        self._message = message
        self._problems: list[Problem] = []

    def event(self) -> HeadEndEvent:
        """The event; raises ``NotValid`` with all problems."""
        meter, occurred_at = self._meter(), self._occurred_at()
        code = self._code()
        kind = self._profile.codes.kind(code)
        if kind is None:
            self._found("code", f"the event code {code!r} is not in our table", "add it to the HES's codes")
        contactor, correlation = self._contactor(), self._correlation()
        permanent = kind is not None and kind.failure and self._reason() in self._profile.codes.permanent_reasons
        if self._problems or meter is None or occurred_at is None or kind is None:
            raise NotValid(self._problems)
        text = self._text("e:reason")
        return HeadEndEvent(correlation, meter, kind, code, occurred_at, contactor, text, permanent)

    @cached_property
    def _record(self) -> etree._Element:
        """The one EndDeviceEvent; present, because the schema requires it."""
        records = self._message.iterfind("m:Payload/e:EndDeviceEvents/e:EndDeviceEvent", _PREFIXES)
        record: etree._Element | None = next(records, None)
        if record is None:
            raise ConfigurationError(
                "the HES's contract knows no EndDeviceEvents in our namespaces",
                "keep our namespaces in the contract, and set the HES's own in head_end.namespaces",
            )
        return record

    def _text(self, path: str) -> str:
        return (self._record.findtext(path, "", _PREFIXES) or "").strip()

    def _code(self) -> str:
        kind = self._record.find("e:EndDeviceEventType", _PREFIXES)
        return "" if kind is None else (kind.get("ref") or "").strip()

    def _correlation(self) -> CorrelationId | None:
        told = CorrelationId(self._message.findtext("m:Header/m:CorrelationID", "", _PREFIXES) or "")
        if len(told) > _LONGEST_ID:
            text = f"the correlation id has {len(told)} characters"
            self._found("CorrelationID", text, "send the id of our command back as it was")
        return told or None

    def _meter(self) -> MeterNumber | None:
        try:
            return MeterNumber.parse(self._text("e:Assets/e:Names/e:name"))
        except ValueError as error:
            self._found("Assets/Names/name", str(error), "send the meter number as the operator writes it")
            return None

    def _occurred_at(self) -> datetime | None:
        text = self._text("e:createdDateTime")
        moment = _moment(text)
        if moment is None:
            self._found("createdDateTime", f"{text!r} is not a time with a time zone", "send the zone, such as Z")
        return moment

    def _contactor(self) -> ControlState | None:
        word = self._detail(self._profile.codes.contactor_detail)
        return None if word is None else self._word(word)

    def _reason(self) -> str:
        return (self._detail(self._profile.codes.reason_detail) or "").lower()

    def _detail(self, wanted: str) -> str | None:
        """The value of the first detail of that name."""
        for detail in self._record.iterfind("e:EndDeviceEventDetails", _PREFIXES):
            if (detail.findtext("e:name", "", _PREFIXES) or "").strip().lower() == wanted.lower():
                return (detail.findtext("e:value", "", _PREFIXES) or "").strip()
        return None

    def _word(self, word: str) -> ControlState | None:
        state = self._profile.codes.contactor_words.get(word.lower())
        if state is None:
            self._found(
                "EndDeviceEventDetails", f"the contactor status {word!r} is not in our table", "add it to the words"
            )
        return state

    def _found(self, place: str, text: str, remedy: str) -> None:
        path = f"Payload/EndDeviceEvents/EndDeviceEvent/{place}"
        self._problems.append(Problem(ProblemCode.VALUE, text, remedy, line_of(self._record), path))


def _moment(text: str) -> datetime | None:
    """An xs:dateTime in UTC; None if it has no offset, is out of bounds, or is invalid."""
    try:
        return parse_moment(text)
    except ValueError:
        return None
