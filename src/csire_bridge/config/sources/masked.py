"""Prints values of settings without the secrets in them."""

from __future__ import annotations

import json
import re

from pydantic_core import to_jsonable_python

from csire_bridge.config.sources.model import Key, without_positions

__all__ = ["as_text", "masked", "plain"]

_MASK = "***"
_IN_ADDRESS = re.compile(r"(?<=://)([^/@\s:]*):[^@\s]+@")
_IN_QUERY = re.compile(r"(?i)([?&;][^=&;]*(?:password|passwd|secret|token|key)[^=&;]*=)[^&;\s]+")
_SECRET_NAME = re.compile(r"(?:^|_)(?:password|secret|token)$")


def plain(value: object) -> object:
    """A value as JSON has it; a secret of pydantic's as a mask."""
    in_order = sorted(value, key=str) if isinstance(value, frozenset | set) else value
    shown: object = to_jsonable_python(in_order, by_alias=True)
    return shown


def masked(key: Key, value: object) -> object:
    """``plain``, without passwords in addresses and without what stands under the name of a secret."""
    shown = plain(value)
    names = without_positions(key)
    if names and _SECRET_NAME.search(names[-1]) and shown is not None:
        return _MASK
    return _without_passwords(shown)


def _without_passwords(shown: object) -> object:
    if isinstance(shown, str):
        return _IN_QUERY.sub(rf"\1{_MASK}", _IN_ADDRESS.sub(rf"\1:{_MASK}@", shown))
    if isinstance(shown, dict):
        return {name: masked((name,), one) for name, one in shown.items()}
    if isinstance(shown, list):
        return [_without_passwords(one) for one in shown]
    return shown


def as_text(value: object) -> str:
    """A masked value for people."""
    return "-" if value is None else json.dumps(value, ensure_ascii=False)
