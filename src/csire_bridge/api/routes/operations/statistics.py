"""``/statistics``: what orders came to in a period, beside another; and the share of commands delivered in time."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from csire_bridge.api.http.answers import answer
from csire_bridge.api.http.call import Reading
from csire_bridge.api.http.fields import EicText
from csire_bridge.api.http.problems import ApiProblem, missing
from csire_bridge.api.routes.shapes import Facts
from csire_bridge.domain.bounds import checked_day
from csire_bridge.domain.calendar.polish_month import PolishMonth
from csire_bridge.domain.figures.period import Period
from csire_bridge.domain.figures.published import PUBLISHED
from csire_bridge.domain.figures.summary import Summary, clock_counts, statistics
from csire_bridge.domain.figures.wanted import FiguresWanted
from csire_bridge.domain.law.figures import GroupShare, MonthFigures, Part
from csire_bridge.domain.law.model import ShareFigure
from csire_bridge.domain.order.facts import OrderSource
from csire_bridge.domain.order.order import OrderKind
from csire_bridge.store.figures.counted import figures
from csire_bridge.store.figures.law_months import kept_month
from csire_bridge.store.figures.report import Side, report
from csire_bridge.store.queries.law_figures import month_figures

__all__ = ["statistics_router"]

statistics_router = APIRouter(tags=["figures"])


class Beside(StrEnum):
    """What a period is compared with: the one just before it, or the same one of the year before."""

    BEFORE = "before"
    YEAR_BEFORE = "year-before"

    def of(self, period: Period) -> Period:
        """That period."""
        return period.before if self is Beside.BEFORE else period.year_before


@statistics_router.get("/statistics", response_model=Facts, summary="Execution times and clocks by month")
def by_month(call: Reading, kind: OrderKind | None = None) -> Response:
    """Execution times per kind of order and month; for each clock of the law kept, missed, running, dropped.

    Percentiles are seconds, at most 5 % above the true ones.
    """
    with call.reading() as connection:
        found = figures(connection, call.needs.policy.deadlines, call.now, FiguresWanted(kind=kind))
    return answer(call, {"executions": statistics(found.cells), "clocks": clock_counts(found.cells)})


@statistics_router.get("/statistics/period", response_model=Facts, summary="A period beside another")
def of_period(
    call: Reading,
    first: Annotated[date | None, Query(alias="from", description="A Polish day; without it, this month")] = None,
    last: Annotated[date | None, Query(alias="to", description="The last day, which is included")] = None,
    kind: OrderKind | None = None,
    source: OrderSource | None = None,
    supplier: EicText | None = None,
    beside: Beside | None = None,
) -> Response:
    """The five buckets, percentiles, ends, first attempts, clocks, hours and reasons: in all, by kind, source and
    supplier, by day or month; beside another period, and beside what the operator published of two years.

    `whole` is false for some minutes after an upgrade, while the orders of before are counted.
    """
    period = _period(call, first, last)
    wanted = FiguresWanted(kind=kind, source=source, supplier=supplier)
    other = beside.of(period) if beside else None
    with call.reading() as connection:
        found = report(connection, call.needs.policy.deadlines, call.now, wanted, period, other)
    body = _side(found.now) | {
        "beside": _side(found.beside) if found.beside else None,
        "published": [{"kind": one.kind, "label": one.label, "percent": one.shares} for one in PUBLISHED],
        "whole": found.whole,
    }
    return answer(call, body)


def _period(call: Reading, first: date | None, last: date | None) -> Period:
    this = Period.this_month(call.now)
    try:
        begin = checked_day(first or (last.replace(day=1) if last else this.first))
        return Period(begin, checked_day(last or max(begin, this.last)))
    except ValueError as error:
        raise ApiProblem(
            HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", str(error), "give from and to as days, such as 2026-11-01"
        ) from error


@statistics_router.get("/statistics/stations", response_model=Facts, summary="Commands delivered within three hours")
def stations(call: Reading, month: Annotated[str | None, Query(pattern="^20[0-9]{2}-[0-9]{2}$")] = None) -> Response:
    """The share for each group of meters of a station (par. 16(5)), and the month's quality (par. 8).

    A month is counted every quarter of an hour; `at` is when it was. One that never was is counted now.
    """
    wanted = _month(call, month)
    rule = next(call.needs.policy.law.book.on(ShareFigure, wanted.last), None)
    if rule is None:
        raise missing(f"rule of the law that asks for shares in {wanted}", "look at the law file (docs/law.md)")
    with call.reading() as connection:
        kept = kept_month(connection, wanted, rule)
        found, at = (kept.figures, kept.at) if kept else (month_figures(connection, wanted, rule, call.now), call.now)
    return answer(call, {"at": at, **_law(found)})


def _month(call: Reading, text: str | None) -> PolishMonth:
    try:
        return PolishMonth.parse(text) if text else PolishMonth(Period.this_month(call.now).first)
    except ValueError as error:
        raise ApiProblem(
            HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", str(error), "give a month such as 2026-11"
        ) from error


def _wrong(error: ValueError, remedy: str) -> ApiProblem:
    return ApiProblem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", str(error), remedy)


def _side(side: Side) -> dict[str, Any]:
    """A period for programs."""
    return {
        "from": side.period.first,
        "to": side.period.last,
        "total": _facts(side.total),
        "by_kind": {kind: _facts(one) for kind, one in side.by_kind.items()},
        "by_source": {source: _facts(one) for source, one in side.by_source.items()},
        "by_supplier": [{"supplier": name or None, **_facts(one)} for name, one in side.by_supplier.items()],
        "by_day" if side.by_day else "by_month": [{"begin": day, **_facts(one)} for day, one in side.series.items()],
    }


def _facts(one: Summary) -> dict[str, Any]:
    return {
        "orders": one.orders,
        "open": one.open,
        "done": one.done,
        "cannot": one.cannot,
        "withdrawn": one.withdrawn,
        "superseded": one.superseded,
        "buckets": one.buckets,
        "p50_seconds": one.p50,
        "p90_seconds": one.p90,
        "p99_seconds": one.p99,
        "in_time": _part(one.in_time),
        "first_attempt": _part(one.first),
        "cannot_reasons": one.refused,
        "undelivered": one.undelivered,
        "clocks": one.clocks,
        "registered_by_hour": [
            {"weekday": weekday + 1, "hour": hour, "orders": count} for (weekday, hour), count in one.hours.items()
        ],
        "executed_by_hour": one.executed,
    }


def _part(part: Part) -> dict[str, Any]:
    return {"count": part.count, "of": part.of, "share": part.share}


def _law(found: MonthFigures) -> dict[str, Any]:
    quality = found.quality
    return {
        "month": found.month,
        "rule": found.rule.version,
        "source": str(found.rule.source),
        "groups": [_group(group, found) for group in found.groups],
        "quality": {
            "timeliness": _part(quality.timeliness),
            "completeness": _part(quality.completeness),
            "correctness": _part(quality.correctness),
        },
    }


def _group(group: GroupShare, found: MonthFigures) -> dict[str, Any]:
    return {
        "station": group.station,
        "group": group.group,
        "meters": group.meters,
        "too_large": group.is_too_large(found.rule),
        "commands": group.counted,
        "fates": group.fates,
        "share": group.share,
        "below": group.is_below(found.rule),
    }
