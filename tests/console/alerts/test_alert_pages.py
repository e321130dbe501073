"""Alerts: what needs a person, what to do, who takes care of it and until when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from csire_bridge.console.pages.alerts.pages import Until
from csire_bridge.console.pages.alerts.remedies import REMEDIES
from csire_bridge.domain.operations.alerts import Alert, AlertKind
from csire_bridge.domain.people.roles import Role
from csire_bridge.store.queries.alerts.alert_list import alert_list
from tests.support.console import Console


@pytest.fixture
def alerted(console: Console, monkeypatch: pytest.MonkeyPatch) -> Console:
    """Two orders wait for people on site, which was noticed an hour ago."""
    now = console.api.now
    alert = Alert(AlertKind.FIELD_WORK, 2, now - timedelta(hours=3))
    with console.database.transaction() as tx:
        tx.alerts.add(alert, now - timedelta(hours=1))

    def found(at: datetime) -> object:
        with console.database.reading() as connection:
            return alert_list(connection, [alert], at)

    object.__setattr__(console.needs.api, "alerts", found)
    return console


def test_each_kind_has_a_remedy() -> None:
    assert set(REMEDIES) == set(AlertKind)


@pytest.mark.every_database
def test_an_alert_is_told_with_its_age_and_what_to_do_and_leads_to_its_orders(alerted: Console) -> None:
    page = alerted.visitor(Role.OPERATOR).get("/alerts")
    assert "2 orders wait for people on site" in page.text
    assert "Send a crew" in page.text
    assert "/orders?state=field-work" in page.links
    polish = alerted.visitor(Role.OPERATOR, "ola", language="pl").get("/alerts")
    assert "Wyślij brygadę" in polish.text
    assert "orders wait" not in polish.text


def test_whoever_takes_care_says_why_and_until_when_and_that_is_shown(alerted: Console) -> None:
    operator = alerted.visitor(Role.OPERATOR, "ola")
    form = {"kind": "field-work", "until": "shift", "why": "crew on its way"}
    assert operator.send("/alerts/acknowledge", form, "/alerts").leads_to == "/alerts"
    page = operator.get("/alerts")
    assert "somebody takes care" in page.text
    assert "ola: crew on its way" in page.text
    assert "crew on its way" in operator.get("/alerts/history").text
    viewer = alerted.visitor(Role.VIEWER)
    for path in ("/alerts", "/alerts/history"):
        assert "crew on its way" not in viewer.get(path).text


def test_a_viewer_sees_alerts_and_may_not_take_care(alerted: Console) -> None:
    viewer = alerted.visitor(Role.VIEWER)
    assert "I take care" not in viewer.get("/alerts").text
    form = {"kind": "field-work", "until": "hour", "why": "x"}
    refused = viewer.send("/alerts/acknowledge", form, "/me")
    assert (refused.status, "operator" in refused.text) == (403, True)


def test_without_an_alert_the_pages_say_so(console: Console) -> None:
    visitor = console.visitor(Role.VIEWER)
    assert "Nothing needs a person." in visitor.get("/alerts").text
    assert "No alert was opened." in visitor.get("/alerts/history").text
    assert "Nothing was to be sent" in visitor.get("/alerts/sent").text


@pytest.mark.parametrize(
    ("until", "moment"),
    [
        (Until.HOUR, datetime(2026, 11, 27, 16, 30, tzinfo=UTC)),
        (Until.SHIFT, datetime(2026, 11, 27, 23, 30, tzinfo=UTC)),
        (Until.MORNING, datetime(2026, 11, 28, 7, tzinfo=UTC)),
        (Until.MONDAY, datetime(2026, 11, 30, 7, tzinfo=UTC)),
    ],
)
def test_a_morning_is_eight_o_clock_in_poland(until: Until, moment: datetime) -> None:
    assert until.moment(datetime(2026, 11, 27, 15, 30, tzinfo=UTC)) == moment


def test_on_a_monday_the_next_one_is_meant() -> None:
    assert Until.MONDAY.moment(datetime(2026, 11, 30, 9, tzinfo=UTC)) == datetime(2026, 12, 7, 7, tzinfo=UTC)
