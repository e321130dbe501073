"""Guards: holds, the stop switch, and more than the cap, which needs two persons who have logged in."""

from __future__ import annotations

import pytest

from csire_bridge.domain.people.roles import Role
from tests.support.api import Api, Caller
from tests.support.store import CODE, add_order

WHY = {"why": "the list was checked"}


@pytest.mark.every_database
def test_a_hold_names_the_orders_that_it_meets_and_is_released_by_a_supervisor(api: Api, caller: Caller) -> None:
    order = add_order(api.database)
    held = caller.post("/holds", {**WHY, "point": str(CODE), "kind": "protection"})
    assert (held.status_code, [one["key"] for one in held.json()["orders"]]) == (201, [order.key])
    key = held.json()["key"]
    operator = Caller(api, api.token(Role.OPERATOR))
    assert operator.post(f"/holds/{key}/release", WHY).status_code == 403
    assert caller.post(f"/holds/{key}/release", WHY).json()["released_by"] == "token of-administrator"
    again = caller.post(f"/holds/{key}/release", WHY)
    assert (again.status_code, again.json()["type"]) == (409, "urn:csire-bridge:problem:refused")


def test_a_complaint_is_lodged_decided_and_disputed(caller: Caller) -> None:
    key = caller.post("/holds", {**WHY, "point": str(CODE), "kind": "complaint"}).json()["key"]
    decided = caller.post(f"/holds/{key}/decide", {**WHY, "decision": "rejected"})
    assert decided.json()["complaint"]["standing"] == "rejected"
    assert caller.post(f"/holds/{key}/dispute", WHY).json()["complaint"]["standing"] == "disputed"


def test_the_stop_switch_is_thrown_and_lifted(caller: Caller) -> None:
    assert caller.get("/stop").json()["stopped"] is False
    assert caller.post("/stop", {**WHY, "scope": "everything"}).json()["scope"] == "everything"
    assert caller.get("/stop").json()["stopped"] is True
    assert caller.post("/stop/lift", WHY).json()["lifted"] == 1
    assert caller.get("/stop").json()["stopped"] is False


def test_more_than_the_cap_needs_two_persons_and_a_token_is_none(api: Api, caller: Caller) -> None:
    anna, jan = Caller(api, api.session("anna")), Caller(api, api.session("jan"))
    assert caller.post("/allowances", {**WHY, "count": 50}).status_code == 409
    key = anna.post("/allowances", {**WHY, "count": 50}).json()["key"]
    for alone in (anna, caller):
        assert alone.post(f"/allowances/{key}/approve", WHY).status_code == 409
    approved = jan.post(f"/allowances/{key}/approve", {**WHY, "hours": 2})
    assert (approved.json()["approved_by"], approved.json()["count"]) == ("jan", 50)
    assert caller.get("/allowances").json()["allowed_above"] == 50
