"""Pages of figures: a period beside another, with its files; and the regulator's figures of a month, by station."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from csire_bridge.console.area import Area, Group, MenuEntry
from csire_bridge.console.http.answers import download, page
from csire_bridge.console.http.refusals import Missing
from csire_bridge.console.http.visit import Reading, Visit
from csire_bridge.console.pages.figures.board import board_report
from csire_bridge.console.pages.figures.drawings import bucket_chart, hour_chart, series_chart
from csire_bridge.console.pages.figures.files import as_csv, as_xlsx
from csire_bridge.console.pages.figures.query import NO_SUPPLIER, Beside, FigureQuery, month_asked
from csire_bridge.console.pages.figures.tables import FigureTable, Words, clock_names, main_figures, report_tables
from csire_bridge.domain.calendar.polish_month import PolishMonth
from csire_bridge.domain.law.figures import GroupShare
from csire_bridge.domain.law.model import ShareFigure
from csire_bridge.domain.order.facts import OrderSource
from csire_bridge.domain.order.order import OrderKind
from csire_bridge.domain.people.roles import Permission
from csire_bridge.sheets.cells import Cell as SheetCell
from csire_bridge.store.figures.law_months import KeptMonth, kept_month
from csire_bridge.store.figures.report import Report, report
from csire_bridge.store.queries.law_figures import month_figures

__all__ = ["FIGURES"]

_router = APIRouter()
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_GROUPS_SHOWN = 100
_SUPPLIERS_SHOWN = 15


@_router.get("/figures")
def figures(visit: Reading) -> Response:
    """What orders came to in a period."""
    asked, found, words = _asked(visit)
    kinds = [one for one in (OrderKind.DISCONNECT, OrderKind.RECONNECT) if one in found.now.by_kind]
    sides = [(side.period, main_figures(side, words)) for side in (found.now, found.beside) if side is not None]
    facts: dict[str, Any] = {
        "query": asked,
        "found": found,
        "sides": sides,
        "buckets": [bucket_chart(found, kind, words) for kind in kinds],
        "series": series_chart(found.now, words),
        "hours": hour_chart(found.now.total, words),
        "tables": {one.name: one for one in map(_on_page, report_tables(found, words, _clocks(visit))) if one.rows},
        "kinds": list(OrderKind),
        "sources": list(OrderSource),
        "suppliers": found.suppliers,
        "no_supplier": NO_SUPPLIER,
        "besides": list(Beside),
        "usual": asked.usual(visit.now),
    }
    return page(visit, "figures/figures.html", facts)


def _on_page(table: FigureTable) -> FigureTable:
    """Of very many suppliers those with the most orders: the whole list is in the file."""
    more = len(table.rows) - _SUPPLIERS_SHOWN
    if table.name != "suppliers" or more <= 0:
        return table
    most = sorted(table.rows, key=lambda row: row[1][0].number or 0, reverse=True)
    return replace(table, rows=most[:_SUPPLIERS_SHOWN], more=more)


@_router.get("/figures/{name}.csv")
def one_list(visit: Reading, name: str) -> Response:
    """One list as CSV."""
    asked, found, words = _asked(visit)
    for table in report_tables(found, words, _clocks(visit)):
        if table.name == name:
            return download(as_csv(table), f"{name} {asked.period}.csv", "text/csv; charset=utf-8")
    raise Missing(f"list {name}")


@_router.get("/figures.xlsx")
def all_lists(visit: Reading) -> Response:
    """All lists as a spreadsheet, which says who asked for what, and when."""
    asked, found, words = _asked(visit)
    about: dict[str, SheetCell] = {
        "made by": visit.actor.name,
        "made at (Polish time)": visit.now,
        "asked for": asked.address(),
    }
    tables: Sequence[FigureTable] = list(report_tables(found, words, _clocks(visit)))
    return download(as_xlsx(tables, about), f"csire-bridge {asked.period}.xlsx", _XLSX)


@_router.get("/figures.pdf")
def on_paper(visit: Reading) -> Response:
    """The report for the board."""
    asked, found, _ = _asked(visit)
    law = _law(visit, PolishMonth(asked.period.first.replace(day=1))) if asked.period.is_months else None
    content = board_report(found, law.figures if law else None, Words(visit.language), _clocks(visit))
    return download(content, f"csire-bridge {asked.period}.pdf", "application/pdf")


@_router.get("/figures/stations")
def stations(
    visit: Reading, month: Annotated[str | None, Query(max_length=20)] = None, all_groups: bool = False
) -> Response:
    """Commands delivered in time for each group of meters of a station, and the month's quality."""
    try:
        wanted = month_asked(month, visit.now)
    except ValueError as error:
        raise Missing(f"month {month}") from error
    found = _law(visit, wanted)
    groups = _sorted(found.figures.groups if all_groups else found.figures.below) if found else []
    facts = {
        "month": wanted,
        "found": found,
        "groups": groups[:_GROUPS_SHOWN],
        "more": max(0, len(groups) - _GROUPS_SHOWN),
        "all_groups": all_groups,
    }
    return page(visit, "figures/stations.html", facts)


def _asked(visit: Visit) -> tuple[FigureQuery, Report, Words]:
    asked = FigureQuery.of(visit.request.query_params, visit.now)
    with visit.reading() as connection:
        deadlines = visit.api.policy.deadlines
        found = report(connection, deadlines, visit.now, asked.wanted, asked.period, asked.other)
    return asked, found, Words(visit.language)


def _clocks(visit: Visit) -> Mapping[str, str]:
    return clock_names(visit.api.policy.law.book, Words(visit.language))


def _law(visit: Visit, month: PolishMonth) -> KeptMonth | None:
    """The regulator's figures of a month as last counted, or counted now; None where no rule asks for them."""
    rule = next(visit.api.policy.law.book.on(ShareFigure, month.last), None)
    if rule is None:
        return None
    with visit.reading() as connection:
        known = kept_month(connection, month, rule)
        return known or KeptMonth(month_figures(connection, month, rule, visit.now), visit.now)


def _sorted(groups: Sequence[GroupShare]) -> list[GroupShare]:
    counted = [group for group in groups if group.counted]
    return sorted(counted, key=lambda group: (group.share or 0, group.station or "", group.group or ""))


FIGURES = Area(
    _router,
    (MenuEntry("/figures", "Statistics", Permission.READ, order=60, key="s", group=Group.RULES),),
)
