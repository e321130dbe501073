"""Routes of alerts: what is told of an open alert, to whom, and when."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from csire_bridge.domain.calendar.hours import Hours, Week
from csire_bridge.domain.calendar.windows import Window
from csire_bridge.domain.operations.alert_areas import URGENT, AlertArea, area_of
from csire_bridge.domain.operations.alert_records import Acknowledgement, SendingChannel, Telling
from csire_bridge.domain.operations.alert_routes import AlertChange, AlertRoute
from csire_bridge.domain.operations.alerts import Alert, AlertKind

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)  # a Wednesday, 10:00 in Poland
HOUR = timedelta(hours=1)
ROUTE = AlertRoute("duty", (SendingChannel.MAIL,), ("duty@example.org",))
FIELD = Alert(AlertKind.FIELD_WORK, 4)
DANGER = Alert(AlertKind.DANGER_NOT_CUT, 1, newest=NOW)


def told_at(at: datetime, alert: Alert) -> Telling:
    return Telling(1, ROUTE.name, at, alert.count, alert.level, alert.newest)


def known_from(at: datetime, until: datetime, alert: Alert) -> Acknowledgement:
    return Acknowledgement(1, 1, at, until, "Anna", "crew on its way", alert.count, alert.level, alert.newest)


def test_every_kind_has_an_area() -> None:
    assert {area_of(kind) for kind in AlertKind} == set(AlertArea)


@pytest.mark.parametrize(
    ("kinds", "areas", "goes"),
    [
        ((), (), True),
        ((AlertKind.FIELD_WORK,), (), True),
        ((AlertKind.STOP_SWITCH,), (), False),
        ((), (AlertArea.ORDERS,), True),
        ((), (AlertArea.SYSTEM,), False),
        ((AlertKind.FIELD_WORK,), (AlertArea.SYSTEM,), True),
    ],
)
def test_a_route_takes_its_kinds_and_its_areas_and_without_any_all(
    kinds: tuple[AlertKind, ...], areas: tuple[AlertArea, ...], goes: bool
) -> None:
    assert replace(ROUTE, kinds=frozenset(kinds), areas=frozenset(areas)).takes(AlertKind.FIELD_WORK) is goes


def test_an_alert_is_told_once_when_it_opens_and_again_when_twice_as_many_things_wait() -> None:
    assert ROUTE.change(FIELD, None, None, NOW) is AlertChange.OPENED
    told = told_at(NOW, FIELD)
    assert ROUTE.change(replace(FIELD, count=7), told, None, NOW) is None
    assert ROUTE.change(replace(FIELD, count=8), told, None, NOW) is AlertChange.WORSENED


def test_a_further_stage_is_told() -> None:
    thirty_days = Alert(AlertKind.CERTIFICATES, 1, level=2)
    assert ROUTE.change(replace(thirty_days, level=3), told_at(NOW, thirty_days), None, NOW) is AlertChange.WORSENED


def test_of_what_is_urgent_each_further_thing_is_told_even_where_another_one_ended() -> None:
    another = replace(DANGER, newest=NOW + HOUR)
    assert ROUTE.change(another, told_at(NOW, DANGER), None, NOW) is AlertChange.WORSENED
    assert ROUTE.change(another, told_at(NOW, DANGER), known_from(NOW, NOW + 9 * HOUR, DANGER), NOW) is not None


def test_an_open_alert_is_repeated_after_the_routes_time_and_never_without_one() -> None:
    told = told_at(NOW, FIELD)
    daily = replace(ROUTE, repeat=24 * HOUR)
    assert daily.change(FIELD, told, None, NOW + 23 * HOUR) is None
    assert daily.change(FIELD, told, None, NOW + 24 * HOUR) is AlertChange.REPEATED
    assert ROUTE.change(FIELD, told, None, NOW + 1000 * HOUR) is None


def test_while_it_is_acknowledged_nothing_is_told_until_it_becomes_worse_or_the_time_is_over() -> None:
    told, known = told_at(NOW, FIELD), known_from(NOW, NOW + 48 * HOUR, FIELD)
    hourly = replace(ROUTE, repeat=HOUR)
    assert hourly.change(FIELD, None, known, NOW + HOUR) is None
    assert hourly.change(FIELD, told, known, NOW + 47 * HOUR) is None
    assert hourly.change(replace(FIELD, count=8), told, known, NOW + HOUR) is AlertChange.WORSENED
    assert ROUTE.change(FIELD, told, known, NOW + 48 * HOUR) is AlertChange.REPEATED


@pytest.mark.parametrize(
    ("now", "due"),
    [
        (datetime(2026, 11, 25, 9, 0, tzinfo=UTC), datetime(2026, 11, 25, 9, 0, tzinfo=UTC)),
        (datetime(2026, 11, 25, 21, 0, tzinfo=UTC), datetime(2026, 11, 26, 6, 0, tzinfo=UTC)),
        (datetime(2026, 11, 27, 21, 0, tzinfo=UTC), datetime(2026, 11, 30, 6, 0, tzinfo=UTC)),  # over the weekend
        (datetime(2026, 11, 10, 21, 0, tzinfo=UTC), datetime(2026, 11, 12, 6, 0, tzinfo=UTC)),  # 11 November
        (datetime(2026, 3, 28, 21, 0, tzinfo=UTC), datetime(2026, 3, 30, 5, 0, tzinfo=UTC)),  # clocks go forward
    ],
)
def test_in_a_quiet_time_what_can_wait_is_sent_at_its_end_and_what_is_urgent_at_once(
    now: datetime, due: datetime
) -> None:
    office = Window(Week.of({"every-day": [Hours.parse("07:00-19:00")]}), on_days_off=False)
    route = replace(ROUTE, hours=office)
    assert route.due_at(AlertKind.FIELD_WORK, now) == due
    for kind in URGENT:
        assert route.due_at(kind, now) == now
