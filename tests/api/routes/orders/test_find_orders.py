"""Orders are found page by page, shown with an ETag, and acted upon by whoever may."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from csire_bridge.domain.identifiers import MeteringPointCode, ProcessInstanceId
from csire_bridge.domain.order.facts import OrderSource
from csire_bridge.domain.order.order import DisconnectionKind, OrderKind, OrderState, ReconnectionReason
from csire_bridge.domain.order.requests.sources import source_of
from csire_bridge.domain.people.roles import Role
from csire_bridge.domain.work import WorkStep
from csire_bridge.store.queries.lists.order_pages import find_orders
from csire_bridge.store.queries.search.order_search import OrderSearch
from tests.support.api import Api, Caller
from tests.support.store import CODE, HUB, NOW, add_order, document

pytestmark = pytest.mark.every_database

OTHER = MeteringPointCode("590310600000000019")


def add(api: Api, **facts: object) -> int:
    return add_order(api.database, **{"process_instance": ProcessInstanceId.new(), **facts}).key


def keys(caller: Caller, **query: Any) -> list[int]:
    found = caller.get("/orders", **query)
    assert found.status_code == 200, found.text
    return [one["key"] for one in found.json()["items"]]


def test_pages_go_through_all_orders_once_while_new_ones_come(api: Api, caller: Caller) -> None:
    before = [add(api) for _ in range(5)]
    seen, after = [], None
    while True:
        body = caller.get("/orders", limit=2, **({"after": after} if after else {})).json()
        seen += [one["key"] for one in body["items"]]
        add(api)  # what comes meanwhile moves no page
        after = body["next"]
        if after is None:
            break
    assert seen == before[::-1]


def test_a_follower_asks_with_the_last_cursor_and_hears_what_is_new(api: Api, caller: Caller) -> None:
    first, second = add(api), add(api)
    body = caller.get("/orders", oldest_first=True, limit=1).json()
    assert [one["key"] for one in body["items"]] == [first]
    assert keys(caller, oldest_first=True, after=body["next"]) == [second]


def test_every_filter_finds_its_orders_only(api: Api, caller: Caller) -> None:
    parked = add(api, state=OrderState.PARKED, detail="the meter can't be reached")
    other = add(api, metering_point=OTHER, kind=OrderKind.RECONNECT, registered_at=NOW - timedelta(days=40))
    supplied = add(api, supplier=HUB)
    process = str(ProcessInstanceId.new())
    in_process = add(api, process_instance=ProcessInstanceId(process))
    assert keys(caller, state="parked") == [parked]
    assert keys(caller, reason="CAN'T be") == [parked]
    assert keys(caller, text="can't be") == [parked]
    assert keys(caller, point=str(OTHER)) == [other] == keys(caller, kind="reconnect")
    assert keys(caller, until=(NOW - timedelta(days=1)).isoformat()) == [other]
    assert keys(caller, supplier=str(HUB)) == [supplied]
    assert keys(caller, process=process.upper()) == [in_process]
    assert len(keys(caller, source="hub")) == 4
    assert keys(caller, source="sid") == []


@pytest.mark.parametrize("source", list(OrderSource))
def test_the_filter_by_source_agrees_with_the_rule(api: Api, source: OrderSource) -> None:
    add(api)
    add(api, source_message=None, source_sender=None)
    add(api, source_message=None, source_sender=None, disconnection_kind=DisconnectionKind.DANGER)
    add(api, kind=OrderKind.RECONNECT, source_message=None, reconnection_reason=ReconnectionReason.DANGER_GONE)
    with api.database.reading() as connection:
        every = find_orders(connection, OrderSearch(), 10)
        found = find_orders(connection, OrderSearch(source=source), 10)
    assert found == [order for order in every if source_of(order) is source]
    assert found


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"point": "590243856287817707"}, "check digit is 6"),
        ({"state": "gone"}, "query.state"),
        ({"limit": 0}, "query.limit"),
        ({"limit": 201}, "query.limit"),
        ({"after": "bm8="}, "no cursor"),
        ({"since": "2026-11-23T10:00:00"}, "timezone"),
        ({"message": "17"}, "not a UUID"),
    ],
)
def test_a_wrong_filter_is_named_with_what_would_be_right(caller: Caller, query: dict[str, Any], words: str) -> None:
    found = caller.get("/orders", **query)
    assert found.status_code == 422
    assert found.headers["content-type"] == "application/problem+json"
    body = found.json()
    assert words in body["detail"], body
    assert body["remedy"]


def test_an_order_is_told_once_and_then_only_whether_it_changed(api: Api, caller: Caller) -> None:
    key = add(api)
    first = caller.get(f"/orders/{key}")
    assert first.json()["order"]["key"] == key
    assert first.json()["clocks"] is not None
    tag = first.headers["etag"]
    again = caller.get(f"/orders/{key}", {"If-None-Match": f'"other", {tag}'})
    assert (again.status_code, again.content) == (304, b"")
    with api.database.transaction() as tx:
        tx.orders.note(key, OrderState.REGISTERED, NOW, "something was told")
    assert caller.get(f"/orders/{key}", {"If-None-Match": tag}).status_code == 200


def test_an_act_on_an_order_that_changed_meanwhile_is_refused(api: Api, caller: Caller) -> None:
    key = add(api, state=OrderState.PARKED)
    tag = caller.get(f"/orders/{key}").headers["etag"]
    with api.database.transaction() as tx:
        tx.orders.move(tx.orders.get(key), OrderState.FIELD_WORK, NOW, "left to people")
    late = caller.post(f"/orders/{key}/retry", {"why": "the meter answers"}, {"If-Match": tag})
    assert (late.status_code, late.json()["type"]) == (412, "urn:csire-bridge:problem:changed")
    now = caller.get(f"/orders/{key}").headers["etag"]
    done = caller.post(f"/orders/{key}/retry", {"why": "the meter answers"}, {"If-Match": now})
    assert (done.status_code, done.json()["state"]) == (200, "registered")


def test_an_order_that_was_not_sent_is_withdrawn_and_the_hub_is_answered_without_names(
    api: Api, caller: Caller
) -> None:
    key = add(api)
    done = caller.post(f"/orders/{key}/withdraw", {"why": "asked for by the supplier"})
    assert (done.status_code, done.json()["state"]) == (200, "withdrawn"), done.text
    with api.database.read_transaction() as tx:
        order, history = tx.orders.get(key), tx.orders.history(key)
    assert order.detail == "the operator withdrew the order"
    assert "token of-administrator: asked for by the supplier" in history[-1].text
    with api.database.transaction() as tx:
        assert tx.work.take_away(WorkStep.ACKNOWLEDGE, key)


@pytest.mark.parametrize("facts", [{"submitted_at": NOW}, {"recalled_at": NOW}])
def test_an_order_that_was_sent_or_recalled_is_not_withdrawn_as_unsent(
    api: Api, caller: Caller, facts: dict[str, object]
) -> None:
    key = add(api, **facts)
    refused = caller.post(f"/orders/{key}/withdraw", {"why": "asked for"})
    assert refused.status_code == 409
    assert refused.json()["remedy"]
    with api.database.read_transaction() as tx:
        assert tx.orders.get(key).state is OrderState.REGISTERED


def test_an_answer_that_was_delivered_is_sent_again_with_the_same_bytes(api: Api, caller: Caller) -> None:
    key = add(api, state=OrderState.DONE)
    assert caller.post(f"/orders/{key}/resend", {"why": "the hub lost it"}).status_code == 409
    with api.database.transaction() as tx:
        answer = tx.outbox.add(document(key))
        tx.outbox.delivered(answer, NOW, "hub")
    done = caller.post(f"/orders/{key}/resend", {"why": "the hub lost it"})
    assert (done.status_code, done.json()) == (200, {"answers": [answer]})
    with api.database.transaction() as tx:
        assert tx.outbox.get(answer).document == document(key).document
        assert tx.work.take_away(WorkStep.DELIVER, answer)


def test_why_an_order_waits_is_told_with_its_gates(api: Api, caller: Caller) -> None:
    key = add(api)
    body = caller.get(f"/orders/{key}/explanation").json()
    assert (body["order"], body["state"]) == (key, "registered")
    assert body["gates"]


def test_a_viewer_sees_masked_points_and_may_not_act(api: Api) -> None:
    key = add(api, meter="1EMH0012345678", detail=f"waits at {CODE}")
    viewer = Caller(api, api.token(Role.VIEWER))
    told = viewer.get(f"/orders/{key}").text + viewer.get("/orders").text
    assert CODE not in told
    assert "1EMH0012345678" not in told
    assert f"...{CODE[-4:]}" in told
    refused = viewer.post(f"/orders/{key}/withdraw", {"why": "I want it"})
    assert refused.status_code == 403
    assert "operator or supervisor or administrator" in refused.json()["remedy"]


@pytest.mark.parametrize("asked", ["/orders point", "/orders reason", "/orders text", "/messages point"])
def test_what_is_masked_for_a_viewer_is_not_told_by_what_his_search_finds(api: Api, asked: str) -> None:
    add(api, detail=f"waits at {CODE}")
    viewer = Caller(api, api.token(Role.VIEWER))
    path, name = asked.split()
    refused = viewer.get(path, **{name: str(CODE)})
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:csire-bridge:problem:not-allowed")
    assert "read-personal" in refused.json()["detail"]


def test_reading_one_stands_in_the_audit_and_asking_again_in_vain_does_not(api: Api, caller: Caller) -> None:
    key = add(api)
    tag = caller.get(f"/orders/{key}").headers["etag"]
    caller.get(f"/orders/{key}", {"If-None-Match": tag})
    with api.database.reading() as connection:
        rows = connection.exec_driver_sql("SELECT actor, act, subject, address FROM audit_entries").all()
    assert [tuple(row) for row in rows] == [("token of-administrator", "order.read", f"order {key}", "127.0.0.1")]
