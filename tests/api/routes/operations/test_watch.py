"""Alerts and the audit over the API."""

from __future__ import annotations

from datetime import timedelta

import pytest

from csire_bridge.domain.operations.alerts import Alert, AlertKind
from csire_bridge.domain.people.roles import Role
from tests.support.api import Api, Caller


def opened(api: Api, *kinds: AlertKind) -> None:
    with api.database.transaction() as tx:
        for kind in kinds:
            tx.alerts.add(Alert(kind, 1, api.now), api.now)


@pytest.mark.every_database
def test_given_an_open_alert_when_acknowledged_then_its_history_says_by_whom_and_until_when(
    api: Api, caller: Caller
) -> None:
    opened(api, AlertKind.FIELD_WORK)
    until = (api.now + timedelta(hours=8)).isoformat()
    body = {"kind": "field-work", "until": until, "why": "crew on its way"}
    told = caller.post("/alerts/acknowledge", body)
    assert (told.status_code, told.json()["acknowledged"]) == (200, 1)
    (one,) = caller.get("/alerts/history").json()["items"]
    assert (one["kind"], one["closed_at"]) == ("field-work", None)
    assert [(a["by"], a["why"]) for a in one["acknowledged"]] == [("token of-administrator", "crew on its way")]


def test_given_no_such_alert_or_a_moment_that_is_past_then_it_is_refused_with_a_remedy(
    api: Api, caller: Caller
) -> None:
    later, before = ((api.now + timedelta(hours=hours)).isoformat() for hours in (1, -1))
    body = {"kind": "field-work", "why": "known"}
    assert caller.post("/alerts/acknowledge", body | {"until": later}).status_code == 409
    opened(api, AlertKind.FIELD_WORK)
    told = caller.post("/alerts/acknowledge", body | {"until": before})
    assert told.status_code == 409
    assert "is past" in told.json()["detail"]


def test_given_more_alerts_than_a_page_then_the_cursor_leads_to_the_rest(api: Api, caller: Caller) -> None:
    opened(api, AlertKind.FIELD_WORK, AlertKind.STOP_SWITCH, AlertKind.CAP_REACHED)
    first = caller.get("/alerts/history", limit=2).json()
    rest = caller.get("/alerts/history", limit=2, after=first["next"]).json()
    kinds = [one["kind"] for one in (*first["items"], *rest["items"])]
    assert (kinds, rest["next"]) == (["cap-reached", "stop-switch", "field-work"], None)


def test_given_acts_then_the_audit_tells_them_to_those_who_may_and_notes_that_it_was_read(
    api: Api, caller: Caller
) -> None:
    caller.post("/stop", {"why": "trial"})
    (entry,) = caller.get("/audit", act="stop.").json()["items"]
    assert (entry["actor"], entry["act"], entry["why"]) == ("token of-administrator", "stop.throw", "trial")
    assert [one["act"] for one in caller.get("/audit", act="audit.read").json()["items"]] == ["audit.read"]
    operator = Caller(api, api.token(Role.OPERATOR))
    refused = operator.get("/audit")
    assert refused.status_code == 403
    assert "auditor" in refused.json()["remedy"]
