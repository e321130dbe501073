"""The keys of a dialect's file. What each means is described in docs/head-end-systems.md."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from csire_bridge.config.sections.peers.head_end import HeadEndCodes, ZoneName
from csire_bridge.domain.meter.contactor import ControlState

__all__ = [
    "CalendarsPart",
    "ContactorPart",
    "DialectFile",
    "ErrorsPart",
    "EventPart",
    "LaterReplyPart",
    "NamePart",
    "ReadingsPart",
    "ReplyPart",
    "RequestPart",
    "Result",
]

Result = Literal["OK", "PARTIAL", "FAILED"]


def _results() -> Mapping[str, Result]:
    return {"OK": "OK", "PARTIAL": "PARTIAL", "FAILED": "FAILED"}


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


Text = Annotated[str, Field(min_length=1)]
Texts = Annotated[tuple[Text, ...], BeforeValidator(_as_list), Field(min_length=1)]
"""One text, or several."""
Paths = Texts
"""Where a value stands: the first path that finds a text counts."""


def _state(value: object) -> object:
    words = {"0": 0, "1": 1, "2": 2, "disconnected": 0, "connected": 1, "ready": 2}
    return words.get(value.lower(), value) if isinstance(value, str) else value


State = Annotated[ControlState, BeforeValidator(_state)]


class Codes(HeadEndCodes):
    """The codes of a dialect's file, where every value is text."""

    contactor_words: Mapping[Annotated[str, BeforeValidator(str.lower)], State] = Field(
        default_factory=lambda: dict(HeadEndCodes().contactor_words)
    )


class LanguageNames(_Part):
    """The dialect's name for people."""

    en: Text
    pl: Text


class RequestPart(_Part):
    """How requests are written: the order of the children of an element, and constants that are added."""

    order: Mapping[Text, tuple[Text, ...]] = Field(default_factory=dict)
    add: Mapping[Text, Text] = Field(default_factory=dict)


class ErrorsPart(_Part):
    """The errors of a reply: one for each ``each``, with paths from there."""

    each: Text
    code: Paths
    level: Paths | None = None
    reason: Paths | None = None


class ContactorPart(_Part):
    """The contactor's state in a reply. Without ``supply`` it follows from the state."""

    each: Text
    meter: Paths
    state: Paths
    states: Mapping[Text, State] = Field(default_factory=lambda: {str(s.value): s for s in ControlState})
    supply: Paths | None = None
    read_at: Paths


class ReadingsPart(_Part):
    """Register values in a reply: the meter is at ``meter`` from ``each``, each value in a ``value_each`` below it."""

    each: Text
    meter: Paths
    value_each: Text
    register_code: Paths = Field(alias="register")
    value: Paths
    unit: Paths
    read_at: Paths


class CalendarsPart(_Part):
    """The tariff calendars in a reply."""

    each: Text
    meter: Paths
    active: Paths
    passive: Paths
    activate_at: Paths
    read_at: Paths


class ReplyPart(_Part):
    """A reply: which request it answers, its result, and what was asked for. Paths begin below the root element."""

    root: Texts
    correlation: Paths
    told_at: Paths | None = None
    result: Paths
    results: Mapping[Text, Result] = Field(default_factory=_results)
    errors: ErrorsPart | None = None
    contactor: ContactorPart | None = None
    readings: ReadingsPart | None = None
    calendars: CalendarsPart | None = None


class NamePart(_Part):
    """The names of a meter: ``each`` has one, at ``name``; ``kind`` says which of its names it is."""

    each: Text
    name: Paths
    kind: Paths | None = None
    kinds: tuple[Text, ...] = ()


class DetailsPart(_Part):
    """Details of an event by their names."""

    each: Text
    name: Paths
    value: Paths


class EventPart(_Part):
    """Events: ``correlation`` is a path below the root element, the others begin at ``each``, which is one event."""

    root: Texts
    correlation: Paths
    each: Text
    code: Paths
    occurred_at: Paths
    meter: NamePart | Paths
    text: Paths | None = None
    details: DetailsPart | None = None


class LaterReplyPart(_Part):
    """A reply that comes to our endpoint for events; read as ``reply`` says, with the meter at ``meter``."""

    meter: Paths | None = None


class DialectFile(_Part):
    """A whole file."""

    dialect: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]*$")]
    name: LanguageNames
    schema_file: Text | None = Field(default=None, alias="schema")
    namespaces: Mapping[Annotated[str, Field(pattern=r"^[A-Za-z_][\w-]*$")], Texts]
    zone: ZoneName | None = None
    codes: Codes = Field(default_factory=Codes)
    request: RequestPart = RequestPart()
    reply: ReplyPart
    later_reply: LaterReplyPart | None = None
    events: tuple[EventPart, ...] = Field(min_length=1)
