"""What differs from one head-end system (HES) product to the next; everything here is a setting.

Codes follow IEC 61968-9, ``device.domain.sub-domain.event-or-action``. Defaults of the reply code table are
unverified field knowledge.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from csire_bridge.domain.contactor import ContactorAction, ControlState, HeadEndEventKind
from csire_bridge.resources import folder

__all__ = ["HeadEndCodes", "HeadEndNamespaces", "HeadEndProfile"]

_CONTACTOR_WORDS: Mapping[str, ControlState] = MappingProxyType(
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


@dataclass(frozen=True, slots=True)
class HeadEndNamespaces:
    """Namespaces of the event message; those of requests stand in the WSDL."""

    message: str = "http://iec.ch/TC57/2011/schema/message"
    events: str = "http://iec.ch/TC57/2011/EndDeviceEvents#"


@dataclass(frozen=True, slots=True)
class HeadEndCodes:
    """Codes of commands, events and replies.

    A command is confirmed either by an event code, or by the command's code whose last part is ``processed`` or
    ``failed``. ``try_later`` are the reply codes that mean "nothing was taken, come again": busy, meter not reachable.
    ``contactor_words`` translates the detail named ``contactor_detail``, in lower case.
    """

    disconnect: str = "3.31.0.23"
    connect: str = "3.31.0.18"
    events: Mapping[str, HeadEndEventKind] = field(
        default_factory=lambda: MappingProxyType(
            {
                "3.31.0.42": HeadEndEventKind.CONNECTED,
                "3.31.0.68": HeadEndEventKind.DISCONNECTED,
                "3.31.0.11": HeadEndEventKind.ARMED,
                "3.31.0.84": HeadEndEventKind.DISCONNECT_FAILED,
                "3.31.0.67": HeadEndEventKind.CONNECT_FAILED,
                "3.31.0.10": HeadEndEventKind.CANCELLED,
            }
        )
    )
    processed: str = "44"
    failed: str = "79"
    try_later: frozenset[str] = frozenset({"5.8", "3.1"})
    contactor_detail: str = "Contactor status"
    contactor_words: Mapping[str, ControlState] = field(default_factory=lambda: _CONTACTOR_WORDS)

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


@dataclass(frozen=True, slots=True)
class HeadEndProfile:
    """How to speak with one HES.

    ``endpoint`` is the URL that takes requests, ``reply_address`` our URL for its events, ``source`` our name in
    its logs. Time-outs are in seconds. ``contract`` is the folder with EndDeviceControls.wsdl and its schemas.
    ``ca_bundle`` is the PEM file of the authorities to trust (None: the public ones), ``client_certificate`` our
    certificate and key, two PEM files, with which the HES recognises us.
    """

    endpoint: str
    reply_address: str
    source: str = "csire-bridge"
    connect_timeout: float = 5.0
    read_timeout: float = 30.0
    username: str | None = None
    ca_bundle: Path | None = None
    client_certificate: tuple[Path, Path] | None = None
    codes: HeadEndCodes = field(default_factory=HeadEndCodes)
    namespaces: HeadEndNamespaces = field(default_factory=HeadEndNamespaces)
    contract: Path = field(default_factory=lambda: folder("schemas") / "hes")
