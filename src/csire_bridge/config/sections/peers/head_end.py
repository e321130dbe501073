"""Settings of the head-end system (HES): where it is, and all that differs from one product to the next.

Codes follow IEC 61968-9, ``device.domain.sub-domain.event-or-action``. The defaults of the tables of reply codes and
reasons are unverified field knowledge.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from datetime import timedelta, timezone, tzinfo
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Literal
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, model_validator

from csire_bridge.config.sections.peers.parties import KEPT_SECONDS, Folders, KeptSeconds, Part
from csire_bridge.domain.meter.contactor import ContactorAction, ControlState, HeadEndEventKind

__all__ = [
    "FIRST_SYSTEM",
    "DialectSettings",
    "HeadEndCodes",
    "HeadEndNamespaces",
    "HeadEndSettings",
    "HeaderField",
    "SystemSettings",
    "ZoneName",
    "zone_of",
]

HeaderField = Literal["AsyncReplyFlag", "ReplyAddress", "AckRequired", "User", "Organization"]


_EVENTS: Mapping[str, HeadEndEventKind] = MappingProxyType(
    {
        "3.31.0.42": HeadEndEventKind.CONNECTED,
        "3.31.0.68": HeadEndEventKind.DISCONNECTED,
        "3.31.0.11": HeadEndEventKind.ARMED,
        "3.31.0.84": HeadEndEventKind.DISCONNECT_FAILED,
        "3.31.0.67": HeadEndEventKind.CONNECT_FAILED,
        "3.31.0.10": HeadEndEventKind.CANCELLED,
    }
)
_WORDS: Mapping[str, ControlState] = MappingProxyType(
    {
        "0": ControlState.DISCONNECTED,
        "disconnected": ControlState.DISCONNECTED,
        "1": ControlState.CONNECTED,
        "connected": ControlState.CONNECTED,
        "2": ControlState.READY_FOR_RECONNECTION,
        "armed": ControlState.READY_FOR_RECONNECTION,
        "ready for reconnection": ControlState.READY_FOR_RECONNECTION,
    }
)


def _network(text: str) -> str:
    ipaddress.ip_network(text)
    return text


def _lower(text: str) -> str:
    return text.lower()


Word = Annotated[str, AfterValidator(_lower)]
FIRST_SYSTEM = "head-end"
"""The name of the system that ``head_end`` itself describes."""
_OFFSET = re.compile(r"([+-])(0[0-9]|1[0-4]):([0-5][0-9])")


def zone_of(name: str) -> tzinfo:
    """The time zone of a name such as Europe/Warsaw or UTC, or of an offset such as +01:00; raises ValueError."""
    if offset := _OFFSET.fullmatch(name):
        length = timedelta(hours=int(offset[2]), minutes=int(offset[3]))
        return timezone(-length if offset[1] == "-" else length)
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is no time zone: write Europe/Warsaw, UTC, or an offset such as +01:00") from error


def _zone(name: str) -> str:
    zone_of(name)
    return name


ZoneName = Annotated[str, AfterValidator(_zone)]


class HeadEndNamespaces(Part):
    """Namespaces of the messages, both ways. The defaults are those of our own contract in ``schemas/hes``."""

    message: str = Field(default="http://iec.ch/TC57/2011/schema/message", min_length=1)
    controls: str = Field(default="http://iec.ch/TC57/2011/EndDeviceControls#", min_length=1)
    events: str = Field(default="http://iec.ch/TC57/2011/EndDeviceEvents#", min_length=1)
    readings: str = Field(default="http://iec.ch/TC57/2011/MeterReadings#", min_length=1)
    contactor: str = Field(default="urn:csire-bridge:hes:contactor:v1", min_length=1)
    calendar: str = Field(default="urn:csire-bridge:hes:calendar:v1", min_length=1)

    @model_validator(mode="after")
    def _each_its_own(self) -> HeadEndNamespaces:
        if len(set(self.model_dump().values())) < len(type(self).model_fields):
            raise ValueError("two kinds of content can't share a namespace")
        return self

    def outward(self) -> dict[str, str]:
        """Our contract's namespaces with those that this HES uses instead, if they differ."""
        return {
            field.default: getattr(self, name)
            for name, field in type(self).model_fields.items()
            if getattr(self, name) != field.default
        }

    def translate(self, xml: bytes, *, back: bool = False) -> bytes:
        """Replace our namespaces in XML by those of this HES; or the other way (``back``), where our own namespaces
        become invalid if this HES uses others.

        Only for XML whose texts and attributes don't contain a namespace.
        """
        pairs = {f'"{ours}"': f'"{escape(theirs)}"' for ours, theirs in self.outward().items()}
        if not pairs:
            return xml
        if back:
            strangers = {ours: f'"not-this-hes:{ours[1:]}' for ours in pairs}
            pairs = strangers | {theirs: ours for ours, theirs in pairs.items()}
        table = {before.encode(): after.encode() for before, after in pairs.items()}
        return re.sub(b"|".join(map(re.escape, table)), lambda found: table[found.group()], xml)


class HeadEndCodes(Part):
    """Codes of commands, events, replies and reasons.

    A command is confirmed either by an event code, or by the command's code whose last part is ``processed`` or
    ``failed``. Reply codes: ``try_later`` means "can't be taken for this meter now"; ``out_of_order`` the same, because
    the HES itself does not work; ``permanent`` "refused for good". Any other FATAL error is a refusal too. None of them
    proves that a command was not taken. ``contactor_words`` translates the detail of an event that is named
    ``contactor_detail``. A failure whose detail ``reason_detail`` has one of ``permanent_reasons`` can't change by
    trying again. Upper and lower case of words are the same. A table that is set takes the place of the whole default.
    """

    disconnect: str = "3.31.0.23"
    connect: str = "3.31.0.18"
    tariff: str = "3.20.140.13"
    events: Mapping[str, HeadEndEventKind] = Field(default_factory=lambda: dict(_EVENTS))
    processed: str = "44"
    failed: str = "79"
    try_later: frozenset[str] = frozenset({"5.8", "3.1"})
    out_of_order: frozenset[str] = frozenset()
    permanent: frozenset[str] = frozenset({"2.4", "2.6", "2.12", "5.2"})
    contactor_detail: str = "Contactor status"
    contactor_words: Mapping[Word, ControlState] = Field(default_factory=lambda: dict(_WORDS))
    reason_detail: str = "Reason code"
    permanent_reasons: frozenset[Word] = frozenset({"2.4", "5.2", "no such meter", "not authorised", "control mode 0"})

    @model_validator(mode="after")
    def _says_one_thing(self) -> HeadEndCodes:
        groups = (self.try_later, self.out_of_order, self.permanent)
        twice = {code for code in frozenset().union(*groups) if sum(code in group for group in groups) > 1}
        if twice:
            raise ValueError(f"reply codes in more than one table: {', '.join(sorted(twice))}")
        return self

    def command(self, action: ContactorAction) -> str:
        """The code of a command."""
        return self.connect if action is ContactorAction.CONNECT else self.disconnect

    def kind(self, code: str) -> HeadEndEventKind | None:
        """What an event's code says, in either style of confirmation; None for a code that we don't know.

        The suffix either replaces the last part of a command's code or follows it.
        """
        if code in self.events:
            return self.events[code]
        stem, _, last = code.rpartition(".")
        commands = (self.disconnect, self.connect)
        if stem not in (*commands, *(command.rpartition(".")[0] for command in commands)):
            return None
        return {self.processed: HeadEndEventKind.PROCESSED, self.failed: HeadEndEventKind.PROCESSING_FAILED}.get(last)


class DialectSettings(Part):
    """A dialect of your own: its name, and its file."""

    name: str = Field(min_length=1)
    file: Path


class SystemSettings(Part):
    """One more head-end system, and which meters it has.

    ``meters`` are beginnings of meter numbers, such as the mark of a maker; the longest counts. ``meter_list`` is a
    text file with a meter number in each line, which counts before any beginning. ``commands_per_second`` stands for
    that of the execution. Every other setting has the meaning that it has in ``head_end``, whose value counts where it
    is not set here.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9-]{0,7}$")
    url: str
    meters: tuple[Annotated[str, Field(min_length=1, max_length=20)], ...] = ()
    meter_list: Path | None = None
    commands_per_second: float | None = Field(default=None, gt=0)
    reply_address: str | None = Field(default=None, pattern=r"^https?://[^\s/]+")
    connect_seconds: float | None = Field(default=None, gt=0)
    read_seconds: float | None = Field(default=None, gt=0)
    kept_seconds: KeptSeconds | None = None
    source: str | None = Field(default=None, min_length=1)
    username: str | None = None
    organization: str | None = None
    required_header: frozenset[HeaderField] | None = None
    soap_action: str | None = None
    speaks: str | None = None
    zone: ZoneName | None = None
    meter_names: tuple[str, ...] | None = None
    ca_bundle: Path | None = None
    client_certificate: Path | None = None
    client_key: Path | None = None
    codes: HeadEndCodes | None = None
    namespaces: HeadEndNamespaces | None = None

    @model_validator(mode="after")
    def _has_meters(self) -> SystemSettings:
        if not self.meters and self.meter_list is None:
            raise ValueError("it has no meters: set meters (beginnings of their numbers), or meter_list")
        if (self.client_certificate is None) != (self.client_key is None):
            raise ValueError("client_certificate and client_key belong together: set both or none")
        return self


class HeadEndSettings(Part):
    """Where the head-end system is, and how long its commands live.

    ``url`` is its SOAP endpoint; ``events_port`` the loopback port on which its events arrive (0 = any free one) while
    no service runs. A service receives them at its own endpoint: ``reply_address`` is the endpoint's address as the
    head-end system sees it (none: the service's own). A caller that reports must prove its identity: by the key that is
    put into the reply address of each request (``event_key``), by ``event_user`` and the password in
    ``event_password_file``, or by a TLS client certificate of ``event_certificates`` (PEM files) that a named proxy
    tells. ``event_peers`` are the addresses and networks that may report at all (none given: every one).
    ``command_lifetime_seconds`` sets the end of the interval in which the head-end system may run a command.
    ``response_seconds`` is how long to wait for an event before the contactor is read, and ``poll_seconds`` the time
    between two readings. ``attempts`` counts the commands for one order.

    A connection that was idle for longer than ``kept_seconds`` is closed and opened again, because firewalls drop idle
    connections silently.

    ``source`` is our name in its logs; ``username`` and ``organization`` are who asks. ``required_header`` are the
    fields that it requires in every header, even if they carry no information. ``speaks`` is its dialect: one that is
    shipped, or one of ``dialect``. ``zone`` is the zone of times that it writes without one, ``meter_names`` are the
    kinds of names (NameType) that are meter numbers, if it gives a meter several. ``soap_action`` is sent in place of
    the one in the contract. ``ca_bundle`` holds the authorities to trust, ``client_certificate`` and ``client_key`` are
    ours for TLS; all PEM files.

    Where there are several systems, this is the first one, and ``system`` are the others, each with meters of its own.
    """

    url: str | None = None
    events_port: int = Field(default=0, ge=0, le=65535)
    reply_address: str | None = Field(default=None, pattern=r"^https?://[^\s/]+")
    event_key: bool = True
    event_user: str | None = None
    event_password_file: Path | None = None
    event_certificates: Folders = ()
    event_peers: tuple[Annotated[str, AfterValidator(_network)], ...] = ()
    connect_seconds: float = Field(default=5, gt=0)
    read_seconds: float = Field(default=30, gt=0)
    kept_seconds: KeptSeconds = KEPT_SECONDS
    response_seconds: float = Field(default=120, gt=0)
    command_lifetime_seconds: float = Field(default=300, gt=0)
    poll_seconds: float = Field(default=30, gt=0)
    attempts: int = Field(default=3, gt=0)
    source: str = Field(default="csire-bridge", min_length=1)
    username: str | None = None
    organization: str | None = None
    required_header: frozenset[HeaderField] = frozenset()
    soap_action: str | None = None
    speaks: str = "csire-bridge"
    dialect: tuple[DialectSettings, ...] = ()
    zone: ZoneName | None = None
    meter_names: tuple[str, ...] = ()
    ca_bundle: Path | None = None
    client_certificate: Path | None = None
    client_key: Path | None = None
    codes: HeadEndCodes = HeadEndCodes()
    namespaces: HeadEndNamespaces = HeadEndNamespaces()
    system: tuple[SystemSettings, ...] = ()

    def of_system(self, one: SystemSettings) -> HeadEndSettings:
        """The settings of one more system: its own, and these where it has none."""
        own = {name: getattr(one, name) for name in one.model_fields_set if name in type(self).model_fields}
        return self.model_copy(update={**own, "system": ()})

    @model_validator(mode="after")
    def _goes_together(self) -> HeadEndSettings:
        if (self.client_certificate is None) != (self.client_key is None):
            raise ValueError("client_certificate and client_key belong together: set both or none")
        if (self.event_user is None) != (self.event_password_file is None):
            raise ValueError("event_user and event_password_file belong together: set both or none")
        if self.url and not (self.event_key or self.event_user or self.event_certificates):
            raise ValueError(
                "whoever reports events must prove itself: set event_key, or event_user and event_password_file, "
                "or event_certificates"
            )
        self._systems_differ()
        if "User" in self.required_header and self.username is None:
            raise ValueError("the header field User is required, so a username must be set")
        if (self.organization or "Organization" in self.required_header) and not (self.organization and self.username):
            raise ValueError("the organization belongs to a user: set both organization and username")
        return self

    def _systems_differ(self) -> None:
        if self.system and not self.url:
            raise ValueError("url is missing: it is the system of all meters that no other one has")
        for what, given in (
            ("name", [one.name for one in self.system]),
            ("beginning of meters", [begin.casefold() for one in self.system for begin in one.meters]),
        ):
            if twice := sorted({each for each in given if given.count(each) > 1}):
                raise ValueError(f"two systems have the same {what}: {', '.join(twice)}")
