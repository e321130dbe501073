"""Facts as JSON for the audit, without secrets, and without why a household is protected."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from enum import Enum

from csire_bridge.domain.protection import ProtectedKind, Protection

__all__ = ["as_json"]

_SECRET = ("password", "secret", "hash", "private")
_MASK = "***"
_MOST = 200


def as_json(value: object) -> str | None:
    """The JSON of a fact: dataclasses by field, moments in UTC, secrets masked, bytes by length; None for None."""
    return None if value is None else json.dumps(_plain(value), ensure_ascii=False, sort_keys=True)


def _plain(value: object) -> object:
    if isinstance(value, Protection | ProtectedKind):
        return _MASK
    if is_dataclass(value) and not isinstance(value, type):
        value = {one.name: getattr(value, one.name) for one in fields(value)}
    if isinstance(value, Mapping):
        return {str(name): _value(str(name), inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        items = [_short(item) for item in value]
        return items if len(items) <= _MOST else [*items[:_MOST], f"... {len(items)} in all"]
    return _scalar(value)


def _short(item: object) -> object:
    """An item of a list: of a thing that has a key, the key says enough."""
    key = getattr(item, "key", None)
    return key if isinstance(key, int) else _plain(item)


def _scalar(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    kept = value is None or (isinstance(value, bool | int | float) and not isinstance(value, Enum))
    return value if kept else str(value.value if isinstance(value, Enum) else value)


def _value(name: str, value: object) -> object:
    return _MASK if value is not None and any(word in name.lower() for word in _SECRET) else _plain(value)
