"""What the first page tells, from one consistent view of the database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from csire_bridge.console.charts import Figures, Series, columns
from csire_bridge.console.http.visit import Visit
from csire_bridge.console.language import moments
from csire_bridge.console.pages.today.addresses import address_of
from csire_bridge.store.queries.alerts.alert_list import ListedAlert
from csire_bridge.store.queries.search.job_list import count_waiting
from csire_bridge.store.queries.search.order_search import OrderSearch
from csire_bridge.store.queries.today.causes import common_causes
from csire_bridge.store.queries.today.held_back import held_back
from csire_bridge.store.queries.today.hours import HOUR, HourOfOrders, last_hours
from csire_bridge.store.queries.today.lines import heard, last_event, open_circuits
from csire_bridge.store.queries.today.movements import count_open_movements
from csire_bridge.store.queries.today.oldest import oldest_waiting
from csire_bridge.store.queries.today.tallies import TallyName, tallies
from csire_bridge.store.repositories.points.guards import Guards

__all__ = ["needs", "work"]

_CLOCKS = (TallyName.PAST, TallyName.TODAY, TallyName.FOUR_FIFTHS, TallyName.HALF)
_EVERY = 3


def needs(visit: Visit, connection: Connection) -> dict[str, Any]:
    """What needs a person: counts, alerts, clocks, acts that wait for a second person."""
    counted = list(tallies(connection, visit.now))
    alerts: Sequence[ListedAlert] = [one for one in visit.api.alerts(visit.now) if one.needs_a_person]
    return {
        "counts": [one for one in counted if one.name not in _CLOCKS],
        "clocks": [one for one in counted if one.name in _CLOCKS],
        "alerts": alerts,
        "second_person": count_waiting(connection, visit.now),
        "movements": count_open_movements(connection),
        "above_cap": len(Guards(connection).requests(visit.now)),
        "address_of": address_of,
    }


def work(visit: Visit, connection: Connection, _: Callable[[str], str]) -> dict[str, Any]:
    """What goes on: by the hour, the oldest, what is held back, failures by cause, lines to partners."""
    hours = last_hours(connection, visit.now)
    return {
        "hours": [(one, _within(one.begin, came=True), _within(one.begin, came=False)) for one in reversed(hours)],
        "chart": columns(_figures(hours, _), every=_EVERY),
        "oldest": oldest_waiting(connection),
        "held": held_back(connection),
        "causes": common_causes(connection),
        "circuits": open_circuits(connection),
        "heard": heard(connection),
        "last_event": last_event(connection),
        "reasons": visit.needs.reasons(),
        "address_of": address_of,
    }


def _within(begin: datetime, *, came: bool) -> str:
    end = begin + HOUR
    if came:
        return address_of(OrderSearch(since=begin, until=end))
    return address_of(OrderSearch(executed_since=begin, executed_until=end))


def _figures(hours: Sequence[HourOfOrders], _: Callable[[str], str]) -> Figures:
    came = Series(_("registered"), [one.came.number for one in hours])
    done = Series(_("carried out"), [one.done.number for one in hours])
    labels = [moments.clock_time(one.begin) for one in hours]
    return Figures(
        name="hours",
        title=_("Orders by the hour"),
        labels_title=_("Hour from"),
        labels=labels,
        series=[came, done],
    )
