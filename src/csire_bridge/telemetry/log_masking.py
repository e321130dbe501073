"""No personal data in a log line: values are masked by their type, and free text by pattern as well.

What has no type that is known to be harmless is not written at all, only the name of its type.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time, timedelta
from enum import Enum
from pathlib import PurePath

from csire_bridge.domain.clock import WARSAW
from csire_bridge.domain.errors import BridgeError
from csire_bridge.domain.identifiers import MeteringPointCode, MeterNumber
from csire_bridge.domain.protection import ProtectedKind, Protection

__all__ = ["masked", "masked_text"]

_POINT = re.compile(r"(?<!\d)\d{14}(\d{4})(?!\d)")
_METER = re.compile(r"\b(meter )(?=[\w./-]*\d)[\w./-]*?([\w./-]{1,4})(?![\w./-])")
_SHOWN = 4
_LONGEST = 4000
"""Of longer texts only the beginning is logged."""


def masked_text(text: str) -> str:
    """A sentence with only the last four characters of each metering point code, and of each meter that it names."""
    return _METER.sub(r"\1...\2", _POINT.sub(r"...\1", text))


def masked(value: object) -> object:
    """``value`` as a log may hold it: made of strings, numbers, lists and mappings of strings only."""
    if value is None or isinstance(value, bool | int | float):
        return value.value if isinstance(value, Enum) else value
    if isinstance(value, str):
        return _string(value)
    for kind, how in _BY_TYPE:
        if isinstance(value, kind):
            return how(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: masked(getattr(value, each.name)) for each in fields(value) if each.repr}
    return f"<{type(value).__name__}>"


def _string(value: str) -> str:
    if isinstance(value, MeteringPointCode):
        return value.masked
    if isinstance(value, Protection | ProtectedKind):
        return "..."
    if isinstance(value, MeterNumber):
        return f"...{value[-_SHOWN:]}" if len(value) > _SHOWN else "..."
    return masked_text(str(value.value) if isinstance(value, Enum) else value[:_LONGEST])


def _moment(value: datetime) -> str:
    return (value.astimezone(WARSAW) if value.tzinfo else value).isoformat()


def _error(value: BaseException) -> str:
    return masked_text(str(value) if isinstance(value, BridgeError) else repr(value))


def _mapping(value: Mapping[object, object]) -> dict[str, object]:
    return {str(masked(name)): masked(each) for name, each in value.items()}


def _list(value: Sequence[object] | Set[object]) -> list[object]:
    return [masked(each) for each in value]


_BY_TYPE: tuple[tuple[type | tuple[type, ...], Callable[..., object]], ...] = (
    (BaseException, _error),
    (Enum, lambda value: masked(value.value)),
    (datetime, _moment),
    ((date, time), lambda value: value.isoformat()),
    (timedelta, str),
    (PurePath, lambda value: masked_text(str(value))),
    (Mapping, _mapping),
    ((list, tuple, Set), _list),
)
