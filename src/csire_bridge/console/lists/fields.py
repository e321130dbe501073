"""What people write into filters: codes as they were pasted, moments by the Polish clock. Texts stay texts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Annotated, Any

from fastapi import Query
from pydantic import AfterValidator, BeforeValidator, Field

from csire_bridge.api.http.fields import LARGEST_KEY, Key
from csire_bridge.domain.bounds import checked_day, checked_moment
from csire_bridge.domain.clock import at_wall_clock, start_of
from csire_bridge.domain.identifiers import MeterNumber
from csire_bridge.domain.pasted_key import KeyKind, bare, recognise

__all__ = [
    "After",
    "Day",
    "EicField",
    "IdField",
    "Key",
    "MeterField",
    "MomentField",
    "PointField",
    "WordsField",
    "moment_of",
    "moments_of",
]


def _known(kind: KeyKind, what: str) -> Callable[[str], str]:
    def known(text: str) -> str:
        found = recognise(text)
        code = found.of(kind)
        if code is None:
            raise ValueError(found.wrong or f"{found.text[:40]!r} is no {what}")
        return code

    return known


def moment_of(text: str, *, end: bool = False) -> datetime:
    """A day (its start, or its end) or a moment, by the Polish clock; in UTC. Raises ValueError."""
    try:
        if len(text) == len("2026-11-23"):
            day = checked_day(date.fromisoformat(text))
            return start_of(day + timedelta(days=1)) if end else start_of(day)
        moment = datetime.fromisoformat(text)
        return checked_moment(moment if moment.tzinfo else at_wall_clock(moment, later=end))
    except ValueError as error:
        raise ValueError(f"{text!r} is no day or moment such as 2026-11-23 or 2026-11-23 08:00") from error


def moments_of(given: Mapping[str, Any]) -> dict[str, datetime]:
    """Those of the fields that are days or moments, as moments in UTC; a day in a field of an end is its end."""
    return {
        name: moment_of(text, end=name.endswith("until"))
        for name, text in given.items()
        if text is not None and name.endswith(("since", "until"))
    }


def _moment(text: str) -> str:
    moment_of(text)
    return text


def _plain(value: object) -> object:
    return bare(value) if isinstance(value, str) else value


After = Annotated[int | None, Query(ge=0, le=LARGEST_KEY)]
Day = Annotated[date, AfterValidator(checked_day)]
WordsField = Annotated[str, BeforeValidator(_plain), Field(min_length=1, max_length=200)]
PointField = Annotated[str, AfterValidator(_known(KeyKind.POINT, "code of a metering point"))]
EicField = Annotated[str, AfterValidator(_known(KeyKind.SUPPLIER, "EIC code"))]
IdField = Annotated[str, AfterValidator(_known(KeyKind.ID, "id"))]
MeterField = Annotated[str, BeforeValidator(_plain), AfterValidator(MeterNumber.parse)]
MomentField = Annotated[str, BeforeValidator(_plain), AfterValidator(_moment)]
