"""Keeps figures within one transaction: adds the orders that have ended to the cells of their days and months."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, tuple_, update

from csire_bridge.domain.figures.tally import Cell, Counts, tally
from csire_bridge.domain.law.clocks import Deadlines
from csire_bridge.domain.order.order import FINAL_STATES
from csire_bridge.store.figures.rest import counted_to, orders_of
from csire_bridge.store.tables import figure_cells, figure_progress, order_events

__all__ = ["SETTLED_AFTER", "FigureBook"]

SETTLED_AFTER = timedelta(minutes=5)
"""In PostgreSQL a later event can be committed before an earlier one. After this time, longer than any transaction of
the bridge, none is missing any more before one that is there."""

_E, _F = order_events.c, figure_cells.c
_ENDS = sorted(state.value for state in FINAL_STATES)
_Spans = dict[tuple[str, Cell], Counts]


class FigureBook:
    """The kept figures."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def keep(self, deadlines: Deadlines, now: datetime, most: int) -> int:
        """Add the orders that ended by the next ``most`` events to the figures; return how many events that were.

        Events younger than ``SETTLED_AFTER`` at ``now`` (UTC) are left for later.
        """
        since = counted_to(self._connection)
        upto, seen = self._upto(since, now - SETTLED_AFTER, most)
        if not seen:
            return 0
        ended = self._ended(since, upto)
        self._add(tally(orders_of(self._connection, ended), deadlines, now))
        self._note(since, upto, now)
        return seen

    def _upto(self, since: int, settled: datetime, most: int) -> tuple[int, int]:
        """The last event of the next ``most`` that is settled, as are all before it; and how many they are."""
        upto, seen = since, 0
        query = select(_E.key, _E.at).where(_E.key > since).order_by(_E.key).limit(most)
        for key, at in self._connection.execute(query):
            if at > settled:
                break
            upto, seen = key, seen + 1
        return upto, seen

    def _ended(self, since: int, upto: int) -> list[int]:
        """The orders that ended by an event after ``since`` and up to ``upto``."""
        events = select(_E.order).where(_E.key > since, _E.key <= upto, _E.state.in_(_ENDS)).distinct()
        ended = set(self._connection.execute(events).scalars())
        if since and ended:
            before = select(_E.order).where(_E.order.in_(ended), _E.key <= since, _E.state.in_(_ENDS))
            ended -= set(self._connection.execute(before).scalars())
        return sorted(ended)

    def _add(self, new: Mapping[Cell, Counts]) -> None:
        added: _Spans = {}
        for cell, counts in new.items():
            for span, of in (("day", cell), ("month", cell.month)):
                added.setdefault((span, of), Counter()).update(counts)
        if not added:
            return
        places = tuple_(_F.span, _F.begin, _F.kind, _F.source, _F.supplier).in_([_place(*one) for one in added])
        for row in self._connection.execute(select(figure_cells).where(places)):
            known = (row.span, Cell(row.begin, row.kind, row.source, row.supplier))
            added[known].update(json.loads(row.counts))
        self._connection.execute(delete(figure_cells).where(places))
        self._connection.execute(insert(figure_cells), [_row(*one, counts) for one, counts in added.items()])

    def _note(self, since: int, upto: int, now: datetime) -> None:
        values = {"counted_to": upto, "at": now}
        if not self._connection.execute(update(figure_progress).values(values)).rowcount:
            self._connection.execute(insert(figure_progress).values(key=1, **values))


def _place(span: str, cell: Cell) -> tuple[str, object, str, str, str]:
    return span, cell.day, str(cell.kind), str(cell.source), cell.supplier


def _row(span: str, cell: Cell, counts: Counts) -> dict[str, object]:
    names = ("span", "begin", "kind", "source", "supplier")
    told = json.dumps(dict(sorted(counts.items())), separators=(",", ":"))
    return {**dict(zip(names, _place(span, cell), strict=True)), "counts": told}
