"""Typed conversions between the text of an element and a value of the domain."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Union, get_args, get_origin, get_type_hints

from csire_bridge.domain.clock import WARSAW
from csire_bridge.domain.errors import ProblemCode
from csire_bridge.domain.identifiers import Eic, MeteringPointCode, MeterNumber, ProcessInstanceId
from csire_bridge.xml.envelope import format_moment
from csire_bridge.xml.lexical import parse_boolean, parse_date, parse_decimal, parse_moment
from csire_bridge.xml.mapping.model import Conversion

__all__ = ["PROBLEM_OF", "Reader", "Writer", "field_types", "reader_for", "writer_for"]

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
}


def field_types(target: type) -> dict[str, type]:
    """The type of each field of a dataclass, without its "or None"."""
    return {name: _plain(hint) for name, hint in get_type_hints(target).items()}


def _plain(hint: object) -> type:
    if get_origin(hint) in (Union, types.UnionType):
        return next(a for a in get_args(hint) if a is not type(None))  # type: ignore[no-any-return]
    assert isinstance(hint, type)  # noqa: S101 - the domain's own dataclasses
    return hint


def value_of(due: type, text: str) -> object:
    """``text`` from a mapping file as a value of type ``due``; raises ValueError when it is none."""
    if due is bool:
        return parse_boolean(text)
    if issubclass(due, Enum):
        try:
            return due(text)
        except ValueError:
            known = ", ".join(str(member.value) for member in due)
            raise ValueError(f"{text!r} is not one of {known}") from None
    if due is str:
        return text
    raise ValueError(f"a {due.__name__} can't be written in a mapping file")


def reader_for(conversion: Conversion, table: Mapping[str, str] | None, due: type) -> Reader:
    """The reader of a field of type ``due``; raises ValueError when conversion and field don't fit."""
    if conversion is Conversion.CODE:
        if not table:
            raise ValueError("a code needs a table from the hub's codes to ours")
        return _table_reader({code: value_of(due, text) for code, text in table.items()})
    if table:
        raise ValueError("a table goes with `as: code` only")
    gives, reader = _READERS[conversion]
    if not issubclass(gives, due):
        raise ValueError(f"`as: {conversion}` gives a {gives.__name__}, but the field is a {due.__name__}")
    return reader


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


def writer_for(conversion: Conversion, table: Mapping[str, str] | None, due: type) -> Writer:
    """The writer of a value of type ``due``; raises ValueError when conversion and value don't fit."""
    if table:
        codes = {value_of(due, text): code for text, code in table.items()}
        return lambda value: _code(codes, value)
    if conversion is Conversion.MOMENT:
        if due is not datetime:
            raise ValueError(f"`as: moment` needs a moment, but the value is a {due.__name__}")
        return _moment
    if due is datetime:
        raise ValueError("a moment needs `as: moment`")
    return str


def _code(codes: Mapping[object, str], value: object) -> str:
    try:
        return codes[value]
    except KeyError:
        raise ValueError(f"the table has no code for {value}") from None


def _moment(value: object) -> str:
    if not isinstance(value, datetime):
        raise ValueError(f"{value!r} is not a moment")
    return format_moment(value.astimezone(WARSAW))
