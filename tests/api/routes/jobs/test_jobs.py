"""Acts on a list, a selection or all that match: seen first, then started, then done by the worker, item by item."""

from __future__ import annotations

from typing import Any

import pytest

from csire_bridge.domain.identifiers import MeteringPointCode, ProcessInstanceId
from csire_bridge.domain.metering_point.facts import MeteringPoint
from csire_bridge.domain.order.order import OrderState
from csire_bridge.domain.people.roles import Role
from csire_bridge.domain.people.second_person import SecondPersonRules
from tests.support.api import Api, Caller
from tests.support.jobs import carry_out
from tests.support.store import CODE, NOW, add_order

WHY = "fire in the street"


def codes(count: int) -> list[MeteringPointCode]:
    firsts = [f"5903106{number:010d}" for number in range(count)]
    return [MeteringPointCode(first + MeteringPointCode.check_digit(first)) for first in firsts]


def know(api: Api, points: list[MeteringPointCode]) -> None:
    with api.database.transaction() as tx:
        for point in points:
            tx.points.put(MeteringPoint(code=point, updated_at=NOW))


def parked(api: Api, count: int) -> list[int]:
    process = ProcessInstanceId.new
    return [add_order(api.database, state=OrderState.PARKED, process_instance=process()).key for _ in range(count)]


def done(api: Api, caller: Caller, planned: dict[str, Any]) -> dict[str, Any]:
    started = caller.post(f"/jobs/{planned['key']}/start", {"count": planned["would_do"], "why": WHY})
    assert started.status_code == 200, started.text
    carry_out(api.database, api.job_tools)
    ended: dict[str, Any] = caller.get(f"/jobs/{planned['key']}").json()
    return ended


@pytest.mark.every_database
def test_fifty_points_are_held_as_the_preview_said_and_what_is_wrong_is_told(api: Api, caller: Caller) -> None:
    points = codes(52)
    know(api, points[:50])
    wrong = points[0][:17] + str((int(points[0][17]) + 1) % 10)
    text = "code\n" + "\n".join([*points[:51], wrong, points[3]])
    plan = {"kind": "hold", "hold": "emergency", "keys": text, "why": WHY}
    planned = caller.post("/jobs", plan, {"Idempotency-Key": "street"})
    seen = planned.json()
    assert (planned.status_code, seen["state"], seen["count"], seen["would_do"]) == (201, "ready", 50, 50)
    assert (set(seen["unknown"]), set(seen["wrong"])) == ({points[50]}, {wrong})
    assert f"its check digit is {points[0][17]}" in seen["wrong"][wrong]
    assert caller.post("/jobs", plan, {"Idempotency-Key": "street"}).json() == seen
    assert caller.get("/holds").json()["items"] == []
    ended = done(api, caller, seen)
    assert (ended["state"], ended["done"], ended["left"]) == ("done", 50, 0)
    assert len(caller.get("/holds").json()["items"]) == 50


def test_all_that_match_a_filter_are_frozen_and_what_comes_later_is_not_touched(api: Api, caller: Caller) -> None:
    keys = parked(api, 3)
    plan = {"kind": "retry", "orders": {"state": ["parked"], "kind": "disconnect"}, "why": "meters answer"}
    seen = caller.post("/jobs", plan).json()
    assert (seen["count"], seen["chosen"]) == (3, "all orders that match: state=parked, kind=disconnect")
    (later,) = parked(api, 1)
    assert done(api, caller, seen)["done"] == 3
    with api.database.read_transaction() as tx:
        assert [tx.orders.get(key).state for key in [*keys, later]] == [*[OrderState.REGISTERED] * 3, OrderState.PARKED]


def test_items_are_paged_and_say_what_would_be_and_what_became(api: Api, caller: Caller) -> None:
    keys = parked(api, 3)
    ended = add_order(api.database, state=OrderState.DONE).key
    seen = caller.post("/jobs", {"kind": "retry", "keys": " ".join(map(str, [*keys, ended])), "why": WHY}).json()
    path = f"/jobs/{seen['key']}/items"
    first = caller.get(path, limit=3).json()
    rest = caller.get(path, limit=3, after=first["next"]).json()
    assert [item["number"] for item in [*first["items"], *rest["items"]]] == [1, 2, 3, 4]
    assert [item["item"] for item in caller.get(path, would="false").json()["items"]] == [str(ended)]
    done(api, caller, seen)
    skipped = caller.get(path, state="skipped").json()["items"]
    told = f"order {ended} is done: it does not wait for a person"
    assert [(item["item"], item["text"]) for item in skipped] == [(str(ended), told)]


def test_a_list_comes_as_a_file_too(api: Api, caller: Caller) -> None:
    know(api, [CODE])
    form = {"kind": "hold", "why": WHY, "hold": "emergency", "until": ""}
    file = {"file": ("points.csv", f"\ufeffname;ppe\r\nA;{CODE}\r\n".encode(), "text/csv")}
    planned = api.client.post("/jobs/upload", data=form, files=file, headers=caller.headers)
    assert (planned.status_code, planned.json()["would_do"]) == (201, 1)
    nothing = api.client.post("/jobs/upload", data=form, files={"file": ("x.csv", b"")}, headers=caller.headers)
    assert (nothing.status_code, "no keys" in nothing.json()["detail"]) == (409, True)


def test_whoever_may_not_is_told_who_may_and_can_ask(api: Api, caller: Caller) -> None:
    (key,) = parked(api, 1)
    viewer = Caller(api, api.session("ewa", Role.VIEWER))
    seen = viewer.post("/jobs", {"kind": "retry", "keys": str(key), "why": "the customer calls"}).json()
    need = viewer.get(f"/jobs/{seen['key']}").json()["would_need"]
    assert (need["what"], "operator or supervisor or administrator" in need["because"]) == ("permission", True)
    waits = viewer.post(f"/jobs/{seen['key']}/start", {"count": 1, "why": "please"}).json()
    assert waits["state"] == "waiting"
    assert viewer.post(f"/jobs/{seen['key']}/approve", {"count": 1, "why": "me"}).status_code == 403
    assert [job["key"] for job in caller.get("/jobs", state="waiting").json()["items"]] == [seen["key"]]
    operator = Caller(api, api.session("ola", Role.OPERATOR))
    assert operator.post(f"/jobs/{seen['key']}/approve", {"count": 1, "why": "right"}).json()["state"] == "running"
    carry_out(api.database, api.job_tools)
    with api.database.read_transaction() as tx:
        assert tx.orders.get(key).state is OrderState.REGISTERED


def test_above_the_number_of_the_settings_another_account_decides(api: Api, caller: Caller) -> None:
    api.set_rules(SecondPersonRules(above=1))
    anna, jan = (Caller(api, api.session(name, Role.SUPERVISOR)) for name in ("anna", "jan"))
    text = " ".join(map(str, parked(api, 2)))
    seen = anna.post("/jobs", {"kind": "retry", "keys": text, "why": WHY}).json()
    assert anna.post(f"/jobs/{seen['key']}/start", {"count": 2, "why": WHY}).json()["needs"] == "second-person"
    same = anna.post(f"/jobs/{seen['key']}/approve", {"count": 2, "why": WHY})
    assert (same.status_code, "somebody else must decide" in same.json()["detail"]) == (409, True)
    other = jan.post(f"/jobs/{seen['key']}/decline", {"why": "wrong list"}).json()
    assert (other["state"], other["ended_why"]) == ("declined", "wrong list")


def test_what_is_missing_or_too_much_is_told(api: Api, caller: Caller) -> None:
    plan = {"kind": "retry", "why": WHY}
    assert "give one of" in caller.post("/jobs", plan).json()["detail"]
    assert "means everything" in caller.post("/jobs", {**plan, "orders": {}}).json()["detail"]
    assert "retry is for orders" in caller.post("/jobs", {**plan, "messages": {"code": "trust"}}).json()["detail"]
    many = " ".join(map(str, range(1, 1002)))
    assert "more than 1000" in caller.post("/jobs", {**plan, "keys": many}).json()["detail"]
    assert caller.get("/jobs/99").status_code == 404
    refused = caller.post("/jobs", {**plan, "keys": f"{CODE}\n\0"})
    assert (refused.status_code, refused.json()["errors"][0]["place"]) == (422, "body.keys")


def test_a_body_that_names_a_field_twice_is_refused(api: Api, caller: Caller) -> None:
    body = b'{"kind": "retry", "keys": "1", "keys": "2", "why": "which?"}'
    headers = {**caller.headers, "Content-Type": "application/json"}
    refused = api.client.post("/jobs", content=body, headers=headers)
    assert (refused.status_code, refused.json()["detail"]) == (422, "the body names `keys` twice")


def test_what_was_refused_stands_in_the_audit(api: Api, caller: Caller) -> None:
    viewer = Caller(api, api.session("ewa", Role.VIEWER))
    assert viewer.post("/holds", {"point": CODE, "kind": "emergency", "why": WHY}).status_code == 403
    (key,) = parked(api, 1)
    assert caller.post(f"/orders/{key}/settle", {"why": "cleared up"}).status_code == 409
    with api.database.read_transaction() as tx:
        entries = [one.entry for one in tx.audit.page(act="act.refused")]
    assert [(one.actor, one.subject) for one in entries] == [
        ("token of-administrator", f"order.settle: /orders/{key}/settle"),
        ("ewa", "POST /holds"),
    ]
    assert "contested" in (entries[0].after or "")


def test_why_a_household_is_protected_is_told_by_no_job(api: Api, caller: Caller) -> None:
    know(api, [CODE])
    plan = {"kind": "protect", "protected": "home-ventilation", "keys": CODE, "why": "told by phone"}
    seen = caller.post("/jobs", plan).json()
    assert seen["details"] == {"protected": "(masked)"}
    assert done(api, caller, seen)["done"] == 1
    items = caller.get(f"/jobs/{seen['key']}/items").text
    with api.database.read_transaction() as tx:
        told = "".join(f"{one.entry.before}{one.entry.after}" for one in tx.audit.page(limit=20))
        assert str(tx.points.get(CODE).protection) == "home-ventilation"  # type: ignore[union-attr]
    assert "ventilation" not in items + told
