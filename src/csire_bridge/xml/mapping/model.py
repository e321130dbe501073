"""The structure of a mapping file. docs/mappings.md explains each key."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, RootModel, Tag

from csire_bridge.domain.identifiers import MessageNumber
from csire_bridge.domain.message.answers import AnswerKind
from csire_bridge.domain.order.operators_own import OPERATORS_OWN

__all__ = [
    "Conversion",
    "FieldRule",
    "Group",
    "InboundFile",
    "Leaf",
    "MappingFile",
    "OutboundFile",
    "RuleEntry",
    "Several",
]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Conversion(StrEnum):
    """How the text of an element becomes a value, or a value becomes text."""

    TEXT = "text"
    CODE = "code"
    BOOLEAN = "boolean"
    DATE = "date"
    MOMENT = "moment"
    DECIMAL = "decimal"
    METERING_POINT = "metering-point"
    METER_NUMBER = "meter-number"
    EIC = "eic"
    PROCESS_INSTANCE = "process-instance"


class Several(StrEnum):
    """Which value counts if a path finds several."""

    FIRST = "first"
    LAST = "last"
    REFUSE = "refuse"


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


Paths = Annotated[tuple[str, ...], BeforeValidator(_as_list), Field(min_length=1)]
Number = Annotated[str, AfterValidator(MessageNumber.parse)]


class Names(_Model):
    """The names of the message for people."""

    en: str
    pl: str


class FieldRule(_Model):
    """Which XPath feeds a field, and how."""

    path: Paths
    conversion: Conversion = Field(alias="as", default=Conversion.TEXT)
    table: dict[str, str] | None = None
    required: bool = False
    when: str | None = None
    several: Several | None = None


class RuleEntry(_Model):
    """A condition beyond the schema: where ``when`` holds, the message is refused."""

    when: str
    refuse: str
    remedy: str


class _FileHead(_Model):
    message: Annotated[tuple[Number, ...], BeforeValidator(_as_list), Field(min_length=1)]
    name: Names
    namespace: str
    root: str
    type: str
    prefixes: dict[str, str] = Field(default_factory=dict)


class InboundFile(_FileHead):
    """How to read a message."""

    direction: Literal["inbound"]
    becomes: Literal["order", "result", "registry", "special"]
    set: dict[str, str] = Field(default_factory=dict)
    fields: dict[str, FieldRule]
    ignored: tuple[str, ...] = ()
    rules: tuple[RuleEntry, ...] = ()
    answers: dict[AnswerKind, Number] = Field(default_factory=dict)


class Leaf(_Model):
    """One element of a document to build, and where its value comes from."""

    source: str = Field(alias="from")
    conversion: Conversion = Field(alias="as", default=Conversion.TEXT)
    table: dict[str, str] | None = None
    optional: bool = False
    longest: int | None = Field(default=None, gt=0)
    default: str | None = None


def _operators_own(text: str) -> str:
    if text not in OPERATORS_OWN:
        raise ValueError(
            f"the operator starts no message about {text!r}, only about {', '.join(sorted(OPERATORS_OWN))}"
        )
    return text


def _kind(value: object) -> str:
    return "leaf" if (isinstance(value, dict) and "from" in value) or isinstance(value, Leaf) else "group"


_Node = Annotated[Annotated[Leaf, Tag("leaf")] | Annotated["Group", Tag("group")], Discriminator(_kind)]


class Group(RootModel[dict[str, _Node]]):
    """Elements in the order in which they are written."""


class OutboundFile(_FileHead):
    """How to write a message."""

    direction: Literal["outbound"]
    tells: Annotated[str, AfterValidator(_operators_own)] | None = None
    payload: Group


MappingFile = Annotated[InboundFile | OutboundFile, Field(discriminator="direction")]
