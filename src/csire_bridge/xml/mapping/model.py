"""The structure of a mapping file. docs/mappings.md explains each key."""

from __future__ import annotations

import re
from datetime import date
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    model_validator,
)

from csire_bridge.domain.identifiers import MessageNumber
from csire_bridge.domain.message.answers import AnswerKind
from csire_bridge.domain.order.order import OrderKind
from csire_bridge.domain.order.requests.operators_own import OPERATORS_OWN

__all__ = [
    "Conversion",
    "FieldRule",
    "Group",
    "InboundFile",
    "Leaf",
    "MappingFile",
    "Names",
    "OutboundFile",
    "Pair",
    "RuleEntry",
    "Seconds",
    "Several",
    "TechnicalFile",
    "Zone",
]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Conversion(StrEnum):
    """How the text of an element becomes a value, or a value becomes text."""

    TEXT = "text"
    CODE = "code"
    BOOLEAN = "boolean"
    DATE = "date"
    TIME = "time"
    MOMENT = "moment"
    DECIMAL = "decimal"
    METERING_POINT = "metering-point"
    METER_NUMBER = "meter-number"
    EIC = "eic"
    PROCESS_INSTANCE = "process-instance"
    PROCESS_NAME = "process-name"
    MESSAGE_ID = "message-id"
    MESSAGE_NAME = "message-name"
    MESSAGE_NUMBER = "message-number"


class Zone(StrEnum):
    """By whose clock a moment is written."""

    POLAND = "poland"
    UTC = "utc"


class Seconds(StrEnum):
    """How exactly a moment is written: to the millisecond, or to the whole second in which it lies."""

    MILLI = "milli"
    WHOLE = "whole"


class Several(StrEnum):
    """Which value counts if a path finds several."""

    FIRST = "first"
    LAST = "last"
    REFUSE = "refuse"


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


Paths = Annotated[tuple[str, ...], BeforeValidator(_as_list), Field(min_length=1)]
Number = Annotated[str, AfterValidator(MessageNumber.parse)]


def _kept_name(text: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", text):
        raise ValueError(f"{text!r} is no name: small letters, digits and _ are due, 40 at most")
    return text


KeptName = Annotated[str, AfterValidator(_kept_name)]


class Names(_Model):
    """The names of the message for people."""

    en: str
    pl: str


class FieldRule(_Model):
    """Where a field is read from: the first of the paths, or of the values that are worked out, that finds something.

    Without ``as`` the conversion follows from the field and from the schema's type.
    """

    path: Paths | None = None
    value: Paths | None = None
    conversion: Conversion | None = Field(alias="as", default=None)
    table: dict[str, str] | None = None
    required: bool = False
    when: str | None = None
    several: Several | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.path is None) == (self.value is None):
            raise ValueError("say where it is read from: either `path`, or `value` for what is worked out")
        if self.value is not None and self.several is not None:
            raise ValueError("`several` goes with `path`: a value that is worked out is one")
        return self

    @property
    def sources(self) -> tuple[str, ...]:
        """The paths or values, in their order."""
        return self.path or self.value or ()


class RuleEntry(_Model):
    """A condition beyond the schema: where ``when`` holds, the message is refused."""

    when: str
    refuse: str
    remedy: str


def _free_prefix(text: str) -> str:
    if text in _TAKEN:
        raise ValueError(f"the prefix {text} always means {_TAKEN[text]}: choose another")
    if not re.fullmatch(r"[A-Za-z_][\w.-]*", text):
        raise ValueError(f"{text!r} is no prefix: begin with a letter, and use letters, digits, - and _")
    return text


_TAKEN = {
    "m": "the message's namespace",
    "t": "the namespace of CSIRE's envelope",
    "xml": "XML's own namespace",
    "xsi": "the namespace of xsi:nil",
}


def _release(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][\w.-]{0,19}", text):
        raise ValueError(
            f"{text!r} is no name of a release, such as v1: letters, digits, . - and _ are due, 20 at most"
        )
    return text


class Days(_Model):
    """The first and the last day (Polish dates) on which such messages are taken; None: no limit."""

    first: date | None = Field(alias="from", default=None)
    last: date | None = Field(alias="until", default=None)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.first is not None and self.last is not None and self.last < self.first:
            raise ValueError(f"`until` {self.last} lies before `from` {self.first}")
        return self


class _FileHead(_Model):
    message: Annotated[tuple[Number, ...], BeforeValidator(_as_list), Field(min_length=1)]
    name: Names
    namespace: str
    root: str
    type: str
    technical: str | None = None
    release: Annotated[str, AfterValidator(_release)] | None = None
    in_service: Days | None = None
    prefixes: dict[Annotated[str, AfterValidator(_free_prefix)], str] = Field(default_factory=dict)


Pair = dict[AnswerKind, Number]
"""The number of the message for each of the two answers that an order may have."""


def _answers_sort(value: object) -> str:
    nested = isinstance(value, dict) and any(isinstance(one, dict) for one in value.values())
    return "by-kind" if nested else "pair"


_Answers = Annotated[
    Annotated[Pair, Tag("pair")] | Annotated[dict[OrderKind, Pair], Tag("by-kind")], Discriminator(_answers_sort)
]


class InboundFile(_FileHead):
    """How to read a message."""

    direction: Literal["inbound"]
    becomes: Literal["order", "result", "registry", "special"]
    each: str | None = None
    partly: bool = False
    set: dict[str, str] = Field(default_factory=dict)
    fields: dict[str, FieldRule]
    keep: dict[KeptName, FieldRule] = Field(default_factory=dict)
    ignored: tuple[str, ...] = ()
    rules: tuple[RuleEntry, ...] = ()
    answers: _Answers = Field(default_factory=dict)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        twice = sorted(self.set.keys() & self.fields.keys())
        if twice:
            raise ValueError(f"{', '.join(twice)} stands under `set` and under `fields`: keep one of them")
        if self.partly and self.each is None:
            raise ValueError("`partly` is for a list: say with `each` where its items are")
        if self.answers and self.becomes != "order":
            raise ValueError(f"only an order is answered, and this message becomes {self.becomes}: leave out `answers`")
        return self

    def answers_to(self, kind: OrderKind) -> Pair:
        """The answers to an order of that kind."""
        for_kind = {key: pair for key, pair in self.answers.items() if isinstance(key, OrderKind)}
        return for_kind.get(kind, {}) if for_kind else self.answers  # type: ignore[return-value]


class Leaf(_Model):
    """One element or attribute of a document to build: a fact of the answer, or a constant ``value``.

    ``attributes`` stand beside the text of an element.
    """

    source: str | None = Field(alias="from", default=None)
    value: str | None = None
    conversion: Conversion | None = Field(alias="as", default=None)
    table: dict[str, str] | None = None
    zone: Zone | None = None
    seconds: Seconds | None = None
    optional: bool = False
    longest: int | None = Field(default=None, gt=0)
    default: str | None = None
    when: str | None = None
    attributes: dict[str, Leaf] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _apart(cls, given: object) -> object:
        """Sort the attributes, whose names begin with @, from the keys."""
        if not isinstance(given, dict):
            return given
        attributes = {name: leaf for name, leaf in given.items() if str(name).startswith("@")}
        return {name: leaf for name, leaf in given.items() if name not in attributes} | {"attributes": attributes}

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if self.source is not None and self.value is not None:
            raise ValueError("say either `from` for a fact, or `value` for a constant")
        return self


class Group(_Model):
    """Elements in the order in which they are written, with attributes of their parent.

    A name may have a mark (``Fact#2``), so that it can stand a second time.
    """

    when: str | None = None
    optional: bool = False
    nodes: dict[str, _Node] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _apart(cls, given: object) -> object:
        """Sort the elements from the block's own keys: these have a text, elements have more below them."""
        if not isinstance(given, dict):
            raise ValueError("say `from` where its value comes from, or which elements are in it")
        own = {name: text for name, text in given.items() if name in ("when", "optional") and isinstance(text, str)}
        return own | {"nodes": {name: node for name, node in given.items() if name not in own}}


def _operators_own(text: str) -> str:
    if text not in OPERATORS_OWN:
        raise ValueError(
            f"the operator starts no message about {text!r}, only about {', '.join(sorted(OPERATORS_OWN))}"
        )
    return text


def _kind(value: object) -> str:
    if value == "payload":
        return "payload"
    if isinstance(value, dict):
        return "leaf" if isinstance(value.get("from"), str) or isinstance(value.get("value"), str) else "group"
    return "leaf" if isinstance(value, Leaf) else "group"


_Node = Annotated[
    Annotated[Leaf, Tag("leaf")] | Annotated[Group, Tag("group")] | Annotated[Literal["payload"], Tag("payload")],
    Discriminator(_kind),
]


class OutboundFile(_FileHead):
    """How to write a message."""

    direction: Literal["outbound"]
    tells: Annotated[str, AfterValidator(_operators_own)] | None = None
    payload: Group


class TechnicalFile(_Model):
    """How to read and write what stands around the payload of each message: its header and process context.

    In ``write`` the name of the payload's element has the value ``payload``.
    """

    direction: Literal["technical"]
    technical: str
    prefixes: dict[Annotated[str, AfterValidator(_free_prefix)], str] = Field(default_factory=dict)
    read: dict[str, FieldRule]
    ignored: tuple[str, ...] = ()
    write: Group


def _direction(value: object) -> str:
    told = value.get("direction") if isinstance(value, dict) else getattr(value, "direction", None)
    return "(none)" if told is None else str(told)


MappingFile = Annotated[
    Annotated[InboundFile, Tag("inbound")]
    | Annotated[OutboundFile, Tag("outbound")]
    | Annotated[TechnicalFile, Tag("technical")],
    Discriminator(_direction),
]
