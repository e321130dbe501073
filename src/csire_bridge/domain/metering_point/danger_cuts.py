"""Cuts of the supply because of danger: who ordered each, and who has lifted it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from csire_bridge.domain.identifiers import MeteringPointCode

__all__ = ["DangerCut"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DangerCut:
    """One cut, ordered at ``since`` (UTC) by a named person; ``order`` carries it out.

    It stands until a person lifts the danger. ``despite_stop``: it goes although the stop switch holds everything back.
    ``was_off``: the supply was known to be off before. ``connection`` is the order that brings the supply back; None
    while the cut stands, and where nothing was to be brought back.
    """

    key: int
    metering_point: MeteringPointCode
    order: int
    since: datetime
    by: str
    why: str
    despite_stop: bool = False
    was_off: bool = False
    lifted_at: datetime | None = None
    lifted_by: str | None = None
    lifted_why: str | None = None
    connection: int | None = None
