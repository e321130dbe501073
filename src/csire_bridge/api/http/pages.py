"""Lists by cursor: a page, and where the next one begins. Nothing is counted, no page is found by skipping rows."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel, ConfigDict

from csire_bridge.api.http.problems import ApiProblem
from csire_bridge.store.queries.lists.ways import Place

__all__ = ["After", "Limit", "LookedPage", "Page", "cursor_of", "looked_page", "page", "place_of", "start_of"]

_T = TypeVar("_T")
_CURSOR = re.compile(r"key:([1-9][0-9]{0,17})")
_PLACE = re.compile(r"(?:at:([-0-9T:.]{19,26}):)?key:(0|[1-9][0-9]{0,17})")
LONGEST = 200

Limit = Annotated[int, Query(ge=1, le=LONGEST, description="At most this many.")]
After = Annotated[
    str | None, Query(max_length=100, description="The cursor `next` of the page before.", pattern=r"^[A-Za-z0-9_=-]+$")
]


class Page(BaseModel, Generic[_T]):
    """One page. ``next`` is the cursor for ``after``; null at the end."""

    model_config = ConfigDict(json_schema_extra={"required": ["items", "next"]})
    items: list[_T]
    next: str | None = None


class LookedPage(Page[_T], Generic[_T]):
    """One page of a list that is looked through.

    ``looked_to``: the page is not full, because it has looked through many for few that meet every filter, as far as
    those of about that moment; go on with ``next``.
    """

    looked_to: datetime | None = None


def start_of(after: str | None) -> int | None:
    """The key after which a page begins; raises ApiProblem for something that was never a cursor."""
    return None if after is None else int(_read(after, _CURSOR).group(1))


def place_of(after: str | None, *, by_moment: bool = False) -> Place | None:
    """The place after which a page begins; raises ApiProblem for something that was never a cursor, or one of a list
    that goes by something else."""
    if after is None:
        return None
    at, key = _read(after, _PLACE).groups()
    if (at is not None) is not by_moment:
        raise _no_cursor("`after` is the cursor of a list with other filters")
    try:
        return Place(int(key), datetime.fromisoformat(f"{at}+00:00") if at else None)
    except ValueError:
        raise _no_cursor("`after` is no cursor") from None


def cursor_of(place: Place | None) -> str | None:
    """The cursor that leads to a place."""
    if place is None:
        return None
    at = f"at:{place.at.astimezone(UTC).replace(tzinfo=None).isoformat()}:" if place.at else ""
    return base64.urlsafe_b64encode(f"{at}key:{place.key}".encode()).decode()


def looked_page(items: Sequence[Any], following: Place | None, looked_to: datetime | None) -> dict[str, Any]:
    """A page of a list that is looked through."""
    return {"items": items, "next": cursor_of(following), "looked_to": looked_to}


def _read(after: str, shape: re.Pattern[str]) -> re.Match[str]:
    try:
        found = shape.fullmatch(base64.urlsafe_b64decode(after.encode()).decode("ascii"))
    except (binascii.Error, ValueError):
        found = None
    if found is None:
        raise _no_cursor("`after` is no cursor")
    return found


def _no_cursor(text: str) -> ApiProblem:
    remedy = "give what `next` of the page before said, unchanged; or leave it out to begin"
    return ApiProblem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", text, remedy)


def page(found: Sequence[_T], limit: int, key: Callable[[_T], int], told: Callable[[_T], Any]) -> dict[str, Any]:
    """The page of what was found with ``limit`` and one more; ``told`` makes of each what the caller is told."""
    items = found[:limit]
    after = Place(key(items[-1])) if len(found) > limit else None
    return {"items": [told(one) for one in items], "next": cursor_of(after)}
