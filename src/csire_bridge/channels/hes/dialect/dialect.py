"""A dialect: where everything stands in replies and events, and how requests look."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from csire_bridge.channels.hes.dialect.file_model import Result
from csire_bridge.channels.hes.dialect.places import Place
from csire_bridge.channels.hes.dialect.request_form import RequestForm
from csire_bridge.channels.hes.dialect.structure import Named
from csire_bridge.config.sections.peers.head_end import HeadEndCodes
from csire_bridge.domain.meter.contactor import ControlState

__all__ = ["OURS", "Dialect", "Events", "Part", "Places", "Reply"]

OURS = "csire-bridge"
"""The dialect of our own contract, which is spoken where nothing else is set."""

Places = tuple[Place, ...]


@dataclass(frozen=True)
class Part:
    """A block of a message: its elements are found at ``each``, and its values below each of them by their names."""

    each: Place
    values: Mapping[str, Places]


@dataclass(frozen=True)
class Reply:
    """Where everything stands in a reply."""

    roots: frozenset[str]
    values: Mapping[str, Places]
    results: Mapping[str, Result]
    errors: Part | None
    contactor: Part | None
    states: Mapping[str, ControlState]
    readings: Part | None
    each_value: Place | None
    calendars: Part | None


@dataclass(frozen=True)
class Events:
    """Where everything stands in a message with events. ``names`` are the meter's names, if it may have several."""

    roots: frozenset[str]
    correlation: Places
    record: Part
    names: Part | None
    kinds: tuple[str, ...]
    details: Part | None


@dataclass(frozen=True)
class Dialect:
    """How the head-end systems of one make write. ``namespaces`` are written and read, ``aliases`` (each with the
    namespace that it stands for) only read. ``schema`` is the file that decides over what comes in, if there is one.
    """

    name: str
    file: Path
    schema: Path | None
    named: Mapping[str, Named]
    namespaces: Mapping[str, str]
    aliases: Mapping[str, str]
    zone: str | None
    codes: HeadEndCodes
    request: RequestForm
    reply: Reply
    later: Places | None
    events: tuple[Events, ...]
    titles: Mapping[str, str] = field(default_factory=dict)

    def __hash__(self) -> int:
        return hash((self.name, self.file))

    def events_of(self, tag: str) -> Events | None:
        """How to read messages with that root element; None if they hold no events."""
        return next((events for events in self.events if tag in events.roots), None)
