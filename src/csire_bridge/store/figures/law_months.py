"""The regulator's figures of a month as last counted: a page can't wait until all commands are gone through."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from csire_bridge.domain.calendar.polish_month import PolishMonth
from csire_bridge.domain.law.figures import Fate, GroupShare, MonthFigures, Part, Quality
from csire_bridge.domain.law.model import ShareFigure
from csire_bridge.store.tables import law_months

__all__ = ["KeptMonth", "keep_month", "kept_month", "months_kept"]


@dataclass(frozen=True, slots=True)
class KeptMonth:
    """The figures of a month as they stood ``at`` a moment (UTC)."""

    figures: MonthFigures
    at: datetime


def keep_month(connection: Connection, month: PolishMonth, figures: MonthFigures, at: datetime) -> None:
    """Keep what was counted at ``at`` (UTC) in the place of what was kept before."""
    connection.execute(delete(law_months).where(law_months.c.month == str(month)))
    told = json.dumps(_facts(figures), separators=(",", ":"))
    connection.execute(insert(law_months).values(month=str(month), at=at, figures=told))


def kept_month(connection: Connection, month: PolishMonth, rule: ShareFigure) -> KeptMonth | None:
    """What is kept of a month; ``rule`` is the one in force on its last day. None where nothing is."""
    row = connection.execute(select(law_months).where(law_months.c.month == str(month))).one_or_none()
    return None if row is None else KeptMonth(_figures(str(month), rule, json.loads(row.figures)), row.at)


def months_kept(connection: Connection, among: Iterable[PolishMonth]) -> set[str]:
    """Those of the months that are kept."""
    names = [str(month) for month in among]
    return set(connection.execute(select(law_months.c.month).where(law_months.c.month.in_(names))).scalars())


def _facts(figures: MonthFigures) -> dict[str, Any]:
    quality = figures.quality
    parts = (quality.timeliness, quality.completeness, quality.correctness)
    return {
        "groups": [[one.station, one.group, one.meters, dict(one.fates)] for one in figures.groups],
        "quality": [[part.count, part.of] for part in parts],
    }


def _figures(month: str, rule: ShareFigure, facts: dict[str, Any]) -> MonthFigures:
    groups = [
        GroupShare(station, group, meters, {Fate(fate): count for fate, count in fates.items()})
        for station, group, meters, fates in facts["groups"]
    ]
    return MonthFigures(month, rule, groups, Quality(*(Part(*part) for part in facts["quality"])))
