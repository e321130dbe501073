"""Filters as the query of an address: so every view is a link."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from pydantic import BaseModel

__all__ = ["encoded", "query_of", "with_query"]


def query_of(fields: BaseModel, *, without: frozenset[str] = frozenset(), **changes: object) -> str:
    """The fields that are given as a query, in their order; ``changes`` replace some, None takes one away."""
    given: dict[str, Any] = fields.model_dump(mode="json", exclude_defaults=True, exclude=set(without))
    return encoded({**given, **changes})


def encoded(given: Mapping[str, object]) -> str:
    """Values by name as a query; several values of one name as a sequence, nothing for None."""
    pairs: list[tuple[str, str]] = []
    for name, value in given.items():
        values = value if isinstance(value, list | tuple) else [value]
        pairs += [(name, str(getattr(one, "value", one))) for one in values if one not in (None, "")]
    return urlencode(pairs)


def with_query(path: str, query: str) -> str:
    """The path with the query, where there is one."""
    return f"{path}?{query}" if query else path
