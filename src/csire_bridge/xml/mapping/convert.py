"""Typed conversions between the text of an element and a value of the domain."""

from __future__ import annotations

import re
import types
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Union, get_args, get_origin, get_type_hints

from csire_bridge.config.files.own_words import nearest
from csire_bridge.domain.clock import WARSAW
from csire_bridge.domain.errors import ProblemCode
from csire_bridge.domain.identifiers import (
    Eic,
    MessageId,
    MessageNumber,
    MeteringPointCode,
    MeterNumber,
    ProcessInstanceId,
)
from csire_bridge.xml.envelope import format_moment
from csire_bridge.xml.mapping.model import Conversion, Leaf, Seconds, Zone
from csire_bridge.xml.schema.lexical import (
    SPACE,
    collapsed,
    parse_boolean,
    parse_date,
    parse_decimal,
    parse_moment,
    parse_polish_date,
)
from csire_bridge.xml.schema.shapes import ValueType

__all__ = ["PROBLEM_OF", "Reader", "Writer", "constant_for", "field_types", "reader_for", "value_of", "writer_for"]

Reader = Callable[[str], object]
"""Text to value; raises ValueError with a sentence."""

Writer = Callable[[object], str]
"""Value to text; raises ValueError with a sentence."""

PROBLEM_OF: Mapping[Conversion, ProblemCode] = {
    Conversion.METERING_POINT: ProblemCode.POINT_CHECK_DIGIT,
    Conversion.EIC: ProblemCode.EIC_CHECK_CHARACTER,
}
"""The code of a failed conversion, where it is not just ``schema.value``."""


_READERS: Mapping[Conversion, tuple[type, Reader]] = {
    Conversion.TEXT: (str, str),
    Conversion.BOOLEAN: (bool, parse_boolean),
    Conversion.DATE: (date, parse_date),
    Conversion.MOMENT: (datetime, parse_moment),
    Conversion.DECIMAL: (Decimal, parse_decimal),
    Conversion.METERING_POINT: (MeteringPointCode, MeteringPointCode.parse),
    Conversion.METER_NUMBER: (MeterNumber, MeterNumber.parse),
    Conversion.EIC: (Eic, Eic.parse),
    Conversion.PROCESS_INSTANCE: (ProcessInstanceId, ProcessInstanceId.parse),
    Conversion.PROCESS_NAME: (ProcessInstanceId, ProcessInstanceId.named),
    Conversion.MESSAGE_ID: (MessageId, MessageId.parse),
    Conversion.MESSAGE_NAME: (MessageId, MessageId.named),
    Conversion.MESSAGE_NUMBER: (MessageNumber, MessageNumber.parse),
}


_STRING = frozenset({"string"})
_READS: Mapping[Conversion, frozenset[str]] = {
    Conversion.CODE: frozenset({"string", "boolean", "decimal"}),
    Conversion.BOOLEAN: frozenset({"boolean"}),
    Conversion.DATE: frozenset({"date", "dateTime"}),
    Conversion.MOMENT: frozenset({"dateTime"}),
    Conversion.DECIMAL: frozenset({"decimal"}),
}
"""The types of XML Schema that each conversion reads; those that are not named read texts."""
_NO_TEXT = frozenset({"mixed", "empty"})
_MOST_SHOWN = 20
_BOOLEANS = frozenset({"true", "false"})
_EACH_SPACE = re.compile(f"[{SPACE}]")


def field_types(target: type) -> dict[str, type]:
    """The type of each field of a dataclass, without its "or None"."""
    return {name: _plain(hint) for name, hint in get_type_hints(target).items()}


def _plain(hint: object) -> type:
    if get_origin(hint) is tuple:
        return tuple
    if get_origin(hint) in (Union, types.UnionType):
        return next(a for a in get_args(hint) if a is not type(None))  # type: ignore[no-any-return]
    assert isinstance(hint, type)  # noqa: S101 - the domain's own dataclasses
    return hint


def value_of(due: type, text: str) -> object:
    """``text`` from a mapping file as a value of type ``due``; raises ValueError if it is invalid."""
    if due is bool:
        return parse_boolean(text)
    if issubclass(due, Enum):
        try:
            return due(text)
        except ValueError:
            known = [str(member.value) for member in due]
            raise ValueError(f"{text!r} is not one of {', '.join(known)}{nearest(text, known)}") from None
    if due is str:
        return text
    if due is MessageNumber:
        return MessageNumber.parse(text)
    raise ValueError(f"{_word(due)} can't be written in a mapping file: read it under `fields`")


def reader_for(
    asked: Conversion | None, table: Mapping[str, str] | None, due: type, value: ValueType
) -> tuple[Conversion, Reader]:
    """The conversion and the reader of a field of type ``due`` from a text of the schema's type ``value``.

    Where no conversion is ``asked`` for, it follows from the field. Raises ValueError when conversion, field and type
    don't fit.
    """
    conversion = asked or _reading(table, due)
    if conversion is Conversion.CODE and not table:
        raise ValueError("a code needs a table from the hub's codes to ours")
    if conversion is not Conversion.CODE and table:
        raise ValueError("a table goes with `as: code` only")
    clean = _CLEAN.get(value.white_space, _stripped)
    if table:
        read = _table_reader({code: value_of(due, text) for code, text in table.items()})
        _check_kinds(conversion, value)
        _check_codes(table, value)
        if value.kinds == {"boolean"}:
            return conversion, lambda text: read("true" if parse_boolean(text) else "false")
        return conversion, lambda text: read(clean(text))
    if conversion not in _READERS:
        raise ValueError(f"`as: {conversion}` is for writing; known here are {', '.join(_READERS)}, code")
    gives, plain = _READERS[conversion]
    if not issubclass(gives, due) or (gives is datetime and due is not datetime):  # a datetime is a date to Python
        raise ValueError(f"`as: {conversion}` gives {_word(gives)}, but the field is {_word(due)}")
    _check_kinds(conversion, value)
    if conversion is Conversion.DATE and "dateTime" in value.kinds:
        return conversion, lambda text: parse_polish_date(text) if "T" in text else parse_date(text)
    return conversion, lambda text: plain(clean(text))


def _reading(table: Mapping[str, str] | None, due: type) -> Conversion:
    """The conversion of a field that names none."""
    if table or issubclass(due, Enum):
        return Conversion.CODE
    return next((conversion for conversion, (gives, _) in _READERS.items() if gives is due), Conversion.TEXT)


def _check_kinds(conversion: Conversion, value: ValueType) -> None:
    """Raise ValueError unless the conversion reads whatever the schema allows there."""
    if conversion is Conversion.TEXT:
        strange = value.kinds & _NO_TEXT
        if strange:
            raise ValueError(f"there is no text to read by itself: the schema's type is {', '.join(sorted(strange))}")
        return
    reads = _READS.get(conversion, _STRING)
    if not value.kinds <= reads:
        found = ", ".join(sorted(value.kinds - reads))
        raise ValueError(f"`as: {conversion}` reads {' and '.join(sorted(reads))}, but the schema's type is {found}")


def _check_codes(table: Mapping[str, str], value: ValueType) -> None:
    """Raise ValueError for a code that the schema never allows: a typing error, or one of another release."""
    known = _BOOLEANS if value.kinds == {"boolean"} else value.codes
    if known is None:
        return
    for code in table:
        if code not in known and not (code.endswith("*") and any(one.startswith(code[:-1]) for one in known)):
            raise ValueError(f"the schema has no code {code}{nearest(code, known, 0.0)}; it has {_shown(known)}")


def _shown(codes: Collection[str]) -> str:
    """The schema's own list, as far as it can be overlooked."""
    listed = sorted(codes)
    return ", ".join(listed) if len(listed) <= _MOST_SHOWN else f"{', '.join(listed[:_MOST_SHOWN])} and more"


def _stripped(text: str) -> str:
    return text.strip(SPACE)


def _replaced(text: str) -> str:
    return _EACH_SPACE.sub(" ", text).strip(" ")


_CLEAN: Mapping[str | None, Callable[[str], str]] = {"collapse": collapsed, "replace": _replaced}
"""The white space of a text by the type's facet; around a text it never counts."""


def _table_reader(table: Mapping[str, object]) -> Reader:
    exact = {code: value for code, value in table.items() if not code.endswith("*")}
    prefixes = [(code[:-1], value) for code, value in table.items() if code.endswith("*")]

    def read(text: str) -> object:
        if text in exact:
            return exact[text]
        for prefix, value in prefixes:
            if text.startswith(prefix):
                return value
        raise ValueError(f"code {text!r} is not one of {', '.join(table)}")

    return read


def writer_for(leaf: Leaf, due: type, value: ValueType) -> Writer:
    """The writer of a fact of type ``due`` as a text of the schema's type ``value``.

    Raises ValueError when conversion, fact and type don't fit.
    """
    if leaf.table:
        codes = {value_of(due, text): code for text, code in leaf.table.items()}
        _check_written(set(leaf.table.values()), value)
        return lambda fact: _code(codes, fact)
    conversion = leaf.conversion or _writing(due, value)
    writes = _WRITES.get((str if issubclass(due, Enum) else due, conversion))
    if writes is None:
        known = ", ".join(str(one) for kind, one in _WRITES if kind is due) or "text"
        raise ValueError(f"`as: {conversion}` does not write {_word(due)}; what does is {known}")
    kinds, write = writes
    if not value.kinds <= kinds:
        found = ", ".join(sorted(value.kinds - kinds))
        raise ValueError(f"`as: {conversion}` writes {' or '.join(sorted(kinds))}, but the schema's type is {found}")
    if due is not datetime and (leaf.zone or leaf.seconds):
        raise ValueError("`zone` and `seconds` say how a moment is written, and this is none")
    return lambda fact: write(fact, leaf.zone or Zone.POLAND, leaf.seconds or Seconds.MILLI)


def constant_for(text: str, value: ValueType) -> str:
    """The constant, if the schema's type may allow it; raises ValueError."""
    if value.kinds == {"empty"}:
        if text:
            raise ValueError("the schema has no text there: write `value: ''`")
        return text
    _check_written({text}, value)
    return text


def _writing(due: type, value: ValueType) -> Conversion:
    """The conversion of a fact that names none: as the schema's type has it."""
    kinds = value.kinds
    if kinds <= _TEXTS:
        return Conversion.TEXT
    if due is datetime:
        return Conversion.DATE if kinds == {"date"} else Conversion.TIME if kinds == {"time"} else Conversion.MOMENT
    return {date: Conversion.DATE, Decimal: Conversion.DECIMAL, bool: Conversion.BOOLEAN}.get(due, Conversion.TEXT)


def _written_moment(fact: object, zone: Zone, seconds: Seconds) -> str:
    return format_moment(_there(fact, zone), whole_seconds=seconds is Seconds.WHOLE)


def _written_time(fact: object, zone: Zone, seconds: Seconds) -> str:
    return _written_moment(fact, zone, seconds).partition("T")[2]


def _written_day(fact: object, zone: Zone, seconds: Seconds) -> str:
    return _there(fact, zone).date().isoformat()


def _there(fact: object, zone: Zone) -> datetime:
    if not isinstance(fact, datetime):
        raise ValueError(f"{fact!r} is not a moment")
    return fact.astimezone(UTC if zone is Zone.UTC else WARSAW)


def _word(kind: type) -> str:
    """A type in a word for people."""
    return _WORDS.get(kind) or f"one of {', '.join(map(str, kind))}" if issubclass(kind, Enum) else _WORDS[kind]


_WORDS: Mapping[type, str] = {
    str: "a text",
    bool: "true or false",
    date: "a date",
    datetime: "a moment",
    Decimal: "a number",
    Eic: "an EIC code",
    MessageId: "a message id",
    MessageNumber: "a message number",
    MeterNumber: "a meter number",
    MeteringPointCode: "a metering point",
    ProcessInstanceId: "a process instance",
}
_Writing = Callable[[object, Zone, Seconds], str]
_TEXTS = frozenset({"string", "anyURI"})
_IN_WORDS: Mapping[type, _Writing] = {
    date: lambda fact, _, __: str(fact),
    Decimal: lambda fact, _, __: format(fact, "f"),
    bool: lambda fact, _, __: "true" if fact else "false",
}
_WRITES: Mapping[tuple[type, Conversion], tuple[frozenset[str], _Writing]] = {
    (datetime, Conversion.MOMENT): (frozenset({"dateTime"}), _written_moment),
    (datetime, Conversion.DATE): (frozenset({"date"}), _written_day),
    (datetime, Conversion.TIME): (frozenset({"time"}), _written_time),
    (datetime, Conversion.TEXT): (_TEXTS, _written_moment),
    (date, Conversion.DATE): (frozenset({"date"}), _IN_WORDS[date]),
    (date, Conversion.TEXT): (_TEXTS, _IN_WORDS[date]),
    (Decimal, Conversion.DECIMAL): (frozenset({"decimal"}), _IN_WORDS[Decimal]),
    (Decimal, Conversion.TEXT): (_TEXTS, _IN_WORDS[Decimal]),
    (bool, Conversion.BOOLEAN): (frozenset({"boolean"}), _IN_WORDS[bool]),
    **{
        (kind, Conversion.TEXT): (_TEXTS, lambda fact, _, __: str(fact))
        for kind in (str, Eic, MessageId, MessageNumber, MeterNumber, MeteringPointCode, ProcessInstanceId)
    },
}
"""How each sort of fact is written, and as which types of XML Schema."""


def _check_written(codes: Iterable[str], value: ValueType) -> None:
    """Raise ValueError for a code that the schema does not allow."""
    for code in sorted(codes):
        if value.codes is not None and code not in value.codes:
            known = value.codes
            raise ValueError(f"the schema has no code {code}{nearest(code, known, 0.0)}; it has {_shown(known)}")


def _code(codes: Mapping[object, str], value: object) -> str:
    try:
        return codes[value]
    except KeyError:
        raise ValueError(f"the table has no code for {value}") from None
