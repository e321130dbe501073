"""Cursors in addresses: where a page of a list begins."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from csire_bridge.store.queries.lists.ways import Place

__all__ = ["CURSOR", "place_of", "told"]

CURSOR = r"[0-9]{1,18}(?:_[0-9]{1,20})?"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PARTS = re.compile(r"([0-9]{1,18})(?:_([0-9]{1,20}))?")
_MICROSECOND = timedelta(microseconds=1)


def told(place: Place | None) -> str | None:
    """The cursor: the key, and the moment in microseconds where the list goes by moments."""
    if place is None:
        return None
    return f"{place.key}_{(place.at - _EPOCH) // _MICROSECOND}" if place.at else str(place.key)


def place_of(cursor: str | None, *, by_moment: bool) -> Place | None:
    """The place of a cursor; None for none, and for one of a list that goes by something else: it begins anew."""
    found = _PARTS.fullmatch(cursor or "")
    if found is None or (found.group(2) is not None) is not by_moment:
        return None
    try:
        at = _EPOCH + int(found.group(2)) * _MICROSECOND if by_moment else None
    except OverflowError:
        return None
    return Place(int(found.group(1)), at)
