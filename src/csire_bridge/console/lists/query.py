"""Filters as the query of an address: so every view is a link."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from pydantic import BaseModel

__all__ = ["query_of", "with_query"]


def query_of(fields: BaseModel, *, without: frozenset[str] = frozenset(), **changes: object) -> str:
    """The fields that are given as a query, in their order; ``changes`` replace some, None takes one away."""
    given: dict[str, Any] = fields.model_dump(mode="json", exclude_defaults=True, exclude=set(without))
    return urlencode(_pairs({**given, **changes}))


def _pairs(given: Mapping[str, object]) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for name, value in given.items():
        values = value if isinstance(value, list | tuple) else [value]
        pairs += [(name, str(getattr(one, "value", one))) for one in values if one not in (None, "")]
    return pairs


def with_query(path: str, query: str) -> str:
    """The path with the query, where there is one."""
    return f"{path}?{query}" if query else path
