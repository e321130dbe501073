"""Lists by cursor: a page, and where the next one begins. Nothing is counted, no page is found by skipping rows."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel, ConfigDict

from csire_bridge.api.http.problems import ApiProblem

__all__ = ["After", "Limit", "Page", "page", "start_of"]

_T = TypeVar("_T")
_CURSOR = re.compile(r"key:([1-9][0-9]{0,17})")
LONGEST = 200

Limit = Annotated[int, Query(ge=1, le=LONGEST, description="At most this many.")]
After = Annotated[
    str | None, Query(max_length=64, description="The cursor `next` of the page before.", pattern=r"^[A-Za-z0-9_=-]+$")
]


class Page(BaseModel, Generic[_T]):
    """One page. ``next`` is the cursor for ``after``; null at the end."""

    model_config = ConfigDict(json_schema_extra={"required": ["items", "next"]})
    items: list[_T]
    next: str | None = None


def start_of(after: str | None) -> int | None:
    """The key after which a page begins; raises ApiProblem for something that was never a cursor."""
    if after is None:
        return None
    try:
        found = _CURSOR.fullmatch(base64.urlsafe_b64decode(after.encode()).decode("ascii"))
    except (binascii.Error, ValueError):
        found = None
    if found is None:
        raise ApiProblem(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "invalid",
            "`after` is no cursor",
            "give what `next` of the page before said, unchanged; or leave it out to begin",
        )
    return int(found.group(1))


def page(found: Sequence[_T], limit: int, key: Callable[[_T], int], told: Callable[[_T], Any]) -> dict[str, Any]:
    """The page of what was found with ``limit`` and one more; ``told`` makes of each what the caller is told."""
    items = found[:limit]
    after = f"key:{key(items[-1])}".encode() if len(found) > limit else None
    cursor = base64.urlsafe_b64encode(after).decode() if after is not None else None
    return {"items": [told(one) for one in items], "next": cursor}
