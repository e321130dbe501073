"""Sends commands and queries to the head-end system (HES): contactors, registers, tariff calendars.

A reply means "accepted", never "switched": the outcome comes later as an event, or by reading the contactor.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from csire_bridge.channels.hes.connection_pool import HeadEndTransport
from csire_bridge.channels.hes.metering_reader import calendars_of, readings_of
from csire_bridge.channels.hes.profile import HeadEndCodes, HeadEndNamespaces, HeadEndProfile
from csire_bridge.channels.hes.reply_reader import Reply, contactor_of, judge, parse_reply
from csire_bridge.domain.identifiers import MeterNumber
from csire_bridge.domain.meter.contactor import ContactorCommand, ContactorReading
from csire_bridge.domain.meter.head_end_clock import HeadEndClock
from csire_bridge.domain.meter.metering import MeterCalendars, ObisCode, RegisterReading

__all__ = ["HeadEndCodes", "HeadEndConnector", "HeadEndNamespaces", "HeadEndProfile"]

_CONTROLS, _READINGS, _CALENDARS = "EndDeviceControls", "MeterReadings", "TariffCalendars"


def _utc_now() -> datetime:
    return datetime.now(UTC)


class HeadEndConnector:
    """The client of the HES. For several threads and green calls at once: each call has a connection of its own.

    Every method raises ``HeadEndUnreachable`` if the request certainly had no effect, ``OutcomeUnknown`` if it may have
    been accepted (``HeadEndBusy`` where the HES says that it was not), and ``HeadEndRefused`` if it refused for good.
    """

    def __init__(
        self,
        profile: HeadEndProfile,
        clock: Callable[[], datetime] = _utc_now,
        counter: Callable[[], float] | None = None,
    ) -> None:
        """``counter`` is a monotonic counter of seconds; None: ``clock`` itself is monotonic."""
        self._profile = profile
        self._clock = clock
        self._counter = counter or (lambda: clock().timestamp())
        self._wanted = self._always()
        self._channel = HeadEndTransport(profile)
        self._their_clock = HeadEndClock()

    def close(self) -> None:
        """Close the connections."""
        self._channel.close()

    def systems(self) -> Mapping[str, HeadEndConnector]:
        """All systems by their names: this one."""
        return {self._profile.system: self}

    def system_of(self, _meter: MeterNumber) -> str:
        """The name of a meter's system."""
        return self._profile.system

    def of(self, _meter: MeterNumber) -> HeadEndConnector:
        """The system of a meter."""
        return self

    def clock_shows(self, now: datetime) -> datetime | None:
        """The earliest time (UTC) that the HES's clock can show, by its replies' timestamps; None before any reply."""
        return self._their_clock.shows(now, self._counter())

    def clock_behind(self, now: datetime) -> timedelta:
        """By how much the HES's clock is behind ``now``, our own, at least."""
        return self._their_clock.behind(now, self._counter())

    def clock_ahead(self, now: datetime) -> timedelta:
        """By how much the HES's clock is ahead of ``now``, our own, at least."""
        return self._their_clock.ahead(now, self._counter())

    def submit(self, command: ContactorCommand) -> None:
        """Return when the HES accepted the command. It does not mean that the contactor moved.

        The same command gets the same MessageID again, so that the HES can recognise a repetition.
        """
        header = self._header("create", command.correlation_id, command.issued_at, command.correlation_id)
        header |= {"AsyncReplyFlag": True, "ReplyAddress": self._profile.reply_address, "AckRequired": True}
        self._call(Header=header, Payload=self._payload(command))

    def cancel(self, command: ContactorCommand) -> None:
        """Return when the HES dropped the queued command; ``HeadEndRefused`` when it is too late for that."""
        message_id = str(uuid.uuid5(uuid.NAMESPACE_OID, f"cancel {command.correlation_id}"))
        header = self._header("cancel", message_id, self._clock(), command.correlation_id)
        header |= {"AsyncReplyFlag": False, "ReplyAddress": self._profile.reply_address}
        self._call(Header=header, Payload=self._payload(command))

    def read_contactor(self, meter: MeterNumber) -> ContactorReading:
        """Read the meter's contactor now; ``read_at`` is the time that the HES gives."""
        return contactor_of(meter, self._get(_CONTROLS, {"ID": meter}))

    def read_registers(self, meter: MeterNumber, registers: Sequence[ObisCode]) -> list[RegisterReading]:
        """Read these registers of the meter now, in their order; ``OutcomeUnknown`` if one is missing."""
        reply = self._get(_READINGS, {"ID": meter, "registers": " ".join(registers)})
        return readings_of(meter, registers, reply)

    def read_calendar(self, meter: MeterNumber) -> MeterCalendars:
        """Read the meter's tariff calendars now."""
        return calendars_of(meter, self._get(_CALENDARS, {"ID": meter}))

    def write_calendar(self, meter: MeterNumber, tariff: str, activate_at: datetime) -> None:
        """Write the meter's passive calendar, which the meter activates by itself at ``activate_at`` (aware).

        Writing it again does no harm. A return proves nothing: read the calendar back.
        """
        self._tariff("create", meter, {"PassiveCalendar": {"name": tariff, "activateAt": _stamp(activate_at)}})

    def activate_calendar(self, meter: MeterNumber) -> None:
        """Make the meter's passive calendar the active one now. Read the calendars before repeating it."""
        self._tariff("change", meter, {})

    def _tariff(self, verb: str, meter: MeterNumber, calendar: dict[str, Any]) -> None:
        message_id, now = str(uuid.uuid4()), self._clock()
        control = {
            "mRID": message_id,
            "issuerID": self._profile.source,
            "EndDeviceControlType": {"ref": self._profile.codes.tariff},
            "EndDevices": {"Names": {"name": meter}},
            **calendar,
        }
        header = self._header(verb, message_id, now, message_id)
        self._call(Header=header, Payload={"EndDeviceControls": {"EndDeviceControl": control}})

    def _get(self, noun: str, request: dict[str, str]) -> Reply:
        message_id = str(uuid.uuid4())
        header = self._header("get", message_id, self._clock(), message_id) | {"Noun": noun}
        return self._call(Header=header, Request=request)

    def _header(self, verb: str, message_id: str, timestamp: datetime, correlation_id: str) -> dict[str, Any]:
        return {
            "Verb": verb,
            "Noun": _CONTROLS,
            "Timestamp": _stamp(timestamp),
            "Source": self._profile.source,
            **self._wanted,
            "MessageID": message_id,
            "CorrelationID": correlation_id,
        }

    def _always(self) -> dict[str, Any]:
        """Fields of every header: who asks, and fields that this HES requires although they carry no information."""
        profile = self._profile
        plain = {"AsyncReplyFlag": False, "ReplyAddress": profile.reply_address, "AckRequired": False}
        wanted: dict[str, Any] = {name: value for name, value in plain.items() if name in profile.required_header}
        if profile.username:
            wanted["User"] = {"UserID": profile.username}
            if profile.organization:
                wanted["User"]["Organization"] = profile.organization
        return wanted

    def _payload(self, command: ContactorCommand) -> dict[str, Any]:
        interval = {"start": _stamp(command.issued_at), "end": _stamp(command.not_after)}
        control = {
            "mRID": command.correlation_id,
            "issuerID": self._profile.source,
            "issuerTrackingID": command.tracking_id,
            "reason": command.reason,
            "primaryDeviceTiming": {"interval": interval},
            "EndDeviceControlType": {"ref": self._profile.codes.command(command.action)},
            "EndDevices": {"Names": {"name": command.meter}},
        }
        return {"EndDeviceControls": {"EndDeviceControl": control}}

    def _call(self, **message: Any) -> Reply:
        asked = self._counter()
        raw, answered = self._channel.request(message["Header"]["Verb"], message), self._counter()
        reply = parse_reply(raw, self._profile)
        if reply.told_at is not None:
            self._their_clock.heard(reply.told_at, asked, answered)
        header = message["Header"]
        judge(reply, header["CorrelationID"], self._profile.codes, question=header["Verb"] == "get")
        return reply


def _stamp(moment: datetime) -> str:
    """An xs:dateTime in UTC, to the millisecond; naive datetimes are a programming error."""
    if moment.utcoffset() is None:
        raise ValueError("a datetime without time zone can't be sent to the HES")
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
