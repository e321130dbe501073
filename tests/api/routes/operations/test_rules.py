"""Rules for programs: checked by field, previewed, kept as drafts, put in force; what the law forbids."""

from __future__ import annotations

from datetime import timedelta

import pytest

from csire_bridge.domain.identifiers import MessageId
from csire_bridge.domain.order.order import DisconnectionKind, OrderState
from csire_bridge.domain.people.roles import Role
from tests.support.api import Api, Caller
from tests.support.store import MINUTE, NOW, add_order

NIGHT = "rules:\n  - for: {kind: disconnect}\n    hours: {every-day: 22:00-24:00}\n    wait_days: 2\n"
WRONG = "rules:\n  - for: {kind: disconnect}\n    hours: {monday: 8-15}\n"


def entered(caller: Caller, text: str = NIGHT, **more: object) -> int:
    found = caller.post("/rules", {"text": text, "why": "a trial", **more})
    assert found.status_code == 201, found.text
    return int(found.json()["key"])


@pytest.mark.every_database
def test_given_rules_when_put_in_force_then_they_hold_and_what_they_changed_is_told(api: Api, caller: Caller) -> None:
    first = entered(caller)
    api.now += timedelta(minutes=1)
    second = entered(caller, NIGHT.replace("22:00", "20:00"))
    versions = caller.get("/rules").json()["items"]
    assert [(one["key"], one["in_force"], one["why"]) for one in versions] == [
        (first, False, "a trial"),
        (second, True, "a trial"),
    ]
    assert caller.get(f"/rules/{first}").json()["text"] == NIGHT
    assert caller.get(f"/rules/{second}/changes").json()["items"] == [
        {
            "rule": "disconnect",
            "part": "hours",
            "before": "every-day 22:00-24:00",
            "after": "every-day 20:00-24:00",
        }
    ]
    (new,) = caller.get(f"/rules/{first}/changes").json()["items"]
    assert (new["part"], new["before"]) == ("rule", "none")
    assert caller.get(f"/rules/{second}/changes", since=second).json()["items"] == []
    assert caller.get("/rules/99").status_code == 404


def test_given_wrong_rules_then_each_mistake_is_named_and_nothing_is_entered(caller: Caller) -> None:
    found = caller.post("/rules/check", {"text": WRONG}).json()
    assert (found["right"], [one["key"] for one in found["problems"]]) == (False, ["rules.0.hours.monday"])
    assert caller.post("/rules/check", {"text": NIGHT}).json() == {"right": True, "problems": []}
    for path, more in (("/rules", {"why": "x"}), ("/rules/preview", {})):
        refused = caller.post(path, {"text": WRONG, **more})
        assert (refused.status_code, refused.json()["type"]) == (422, "urn:csire-bridge:problem:wrong-rules")
        assert "rules.0.hours.monday" in refused.json()["detail"]
    assert caller.get("/rules").json()["items"] == []


def test_given_a_moment_that_is_past_then_the_rules_are_refused(caller: Caller) -> None:
    past = (NOW - timedelta(hours=1)).isoformat()
    refused = caller.post("/rules", {"text": NIGHT, "why": "x", "valid_from": past})
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:csire-bridge:problem:refused")


def test_given_orders_when_previewed_then_their_fates_and_the_buckets_of_the_past_are_told(
    api: Api, caller: Caller
) -> None:
    kind = DisconnectionKind.SHUT_DOWN
    facts = {"process_instance": None, "disconnection_kind": kind}
    waits = add_order(api.database, **facts)
    at = NOW - timedelta(days=7)
    times = {"registered_at": at, "submitted_at": at, "executed_at": at + MINUTE}
    add_order(api.database, source_message=MessageId.new(), state=OrderState.DONE, **times, **facts)
    found = caller.post("/rules/preview", {"text": NIGHT}).json()
    assert (found["before"], found["after"], found["changed"]) == ({"goes now": 1}, {"waits": 1}, 1)
    (moved,) = found["moved"]
    assert (moved["order"], moved["before"]["what"], moved["after"]) == (
        waits.key,
        "sent",
        {"at": "2026-11-25T21:00:00Z", "what": "sent"},
    )
    (past,) = found["past"]
    assert (past["before"], past["after"], found["past_step"]) == ({"up to 15 min": 1}, {"over 3 h": 1}, 1)


def test_given_a_draft_when_it_is_changed_by_two_then_the_second_hears_of_the_first(api: Api, caller: Caller) -> None:
    first = entered(caller)
    made = caller.post("/rules/drafts", {"title": "winter", "text": WRONG, "based_on": first})
    key = made.json()["key"]
    assert (made.status_code, [one["key"] for one in made.json()["problems"]]) == (201, ["rules.0.hours.monday"])
    changed = {"title": "winter", "text": NIGHT, "version": 1}
    assert caller.post(f"/rules/drafts/{key}", changed).json()["problems"] == []
    assert caller.post(f"/rules/drafts/{key}", changed).status_code == 409
    entered(caller, draft=key)
    assert caller.get("/rules/drafts").json()["items"] == []
    assert caller.get(f"/rules/drafts/{key}").status_code == 409
    other = caller.post("/rules/drafts", {"title": "summer", "text": NIGHT}).json()["key"]
    assert caller.post(f"/rules/drafts/{other}/delete", {}).status_code == 200
    assert caller.post("/rules/drafts", {"title": "x", "text": "", "based_on": 77}).status_code == 404


def test_given_an_operator_then_he_reads_rules_and_may_not_change_them(api: Api) -> None:
    operator = Caller(api, api.token(Role.OPERATOR))
    assert operator.get("/rules/law").status_code == 200
    assert operator.post("/rules/check", {"text": NIGHT}).status_code == 200
    for path, body in (
        ("/rules", {"text": NIGHT, "why": "x"}),
        ("/rules/drafts", {"title": "x", "text": NIGHT}),
        ("/rules/preview", {"text": NIGHT}),
    ):
        assert operator.post(path, body).status_code == 403


def test_the_law_tells_its_bans_with_their_source(caller: Caller) -> None:
    found = {one["rule"].partition(" ")[0]: one for one in caller.get("/rules/law").json()["items"]}
    winter, weekend = found["suspension-winter"], found["suspension-days-off"]
    assert winter["dates"] == ["11-01 to 03-31 of every year"]
    assert "art. 6b(3d)" in winter["source"]
    assert (weekend["weekdays"], weekend["days_before"], weekend["applied"]) == (["saturday", "sunday"], 1, True)
