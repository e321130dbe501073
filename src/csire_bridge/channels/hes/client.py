"""Sends commands and queries to the head-end system (HES): contactors, registers, tariff calendars.

A reply means "accepted", never "switched": the outcome comes later as an event, or by reading the contactor.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
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
    """The HES as seen by the bridge. For several threads and lines at once: each call has a connection to itself.

    Every method raises ``HeadEndUnreachable`` when the HES certainly took nothing, ``OutcomeUnknown`` when it may
    have taken it, and ``HeadEndRefused`` when it said no for good.
    """

    def __init__(
        self,
        profile: HeadEndProfile,
        clock: Callable[[], datetime] = _utc_now,
        counter: Callable[[], float] | None = None,
    ) -> None:
        """``counter`` counts seconds and is never set, whatever happens to ``clock``; None: ``clock`` is never set."""
        self._profile = profile
        self._clock = clock
        self._counter = counter or (lambda: clock().timestamp())
        self._wanted = self._always()
        self._channel = HeadEndTransport(profile)
        self._their_clock = HeadEndClock()

    def close(self) -> None:
        """Close the connections."""
        self._channel.close()

    def clock_shows(self, now: datetime) -> datetime | None:
        """What the HES's clock shows at least (UTC), by the timestamps of its replies; None when none has told."""
        return self._their_clock.shows(now, self._counter())

    def clock_behind(self, now: datetime) -> timedelta:
        """How far the HES's clock is behind ``now``, ours, for sure."""
        return self._their_clock.behind(now, self._counter())

    def submit(self, command: ContactorCommand) -> None:
        """Return when the HES accepted the command. It does not mean that the contactor moved.

        The same command gives the same MessageID again, by which the HES can recognise a repetition.
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
        """Have the meter's contactor read now; ``read_at`` is the time the HES gives."""
        return contactor_of(meter, self._get(_CONTROLS, {"ID": meter}))

    def read_registers(self, meter: MeterNumber, registers: Sequence[ObisCode]) -> list[RegisterReading]:
        """Have these registers of the meter read now, in their order; ``OutcomeUnknown`` when one is missing."""
        reply = self._get(_READINGS, {"ID": meter, "registers": " ".join(registers)})
        return readings_of(meter, registers, reply)

    def read_calendar(self, meter: MeterNumber) -> MeterCalendars:
        """Have the meter's tariff calendars read now."""
        return calendars_of(meter, self._get(_CALENDARS, {"ID": meter}))

    def write_calendar(self, meter: MeterNumber, tariff: str, activate_at: datetime) -> None:
        """Have the meter's passive calendar written, to take effect by itself at ``activate_at`` (aware).

        Writing it again does no harm. Returning proves nothing: read it back.
        """
        self._tariff("create", meter, {"PassiveCalendar": {"name": tariff, "activateAt": _stamp(activate_at)}})

    def activate_calendar(self, meter: MeterNumber) -> None:
        """Have the meter make its passive calendar the active one now. Read the calendars before it is done again."""
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
        """What goes into every header: who asks, and what this HES requires even where it says nothing."""
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
        judge(reply, message["Header"]["CorrelationID"], self._profile.codes)
        return reply


def _stamp(moment: datetime) -> str:
    """An xs:dateTime in UTC, to the millisecond; naive datetimes are a programming error."""
    if moment.utcoffset() is None:
        raise ValueError("a datetime without time zone can't be sent to the HES")
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
