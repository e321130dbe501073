"""A pasted list: what it means, what an act would do, and the act, which does that or nothing."""

from __future__ import annotations

from csire_bridge.domain.identifiers import MeteringPointCode, ProcessInstanceId
from csire_bridge.domain.metering_point.facts import MeteringPoint
from csire_bridge.domain.order.order import OrderState
from csire_bridge.domain.people.roles import Role
from tests.support.api import Api, Caller
from tests.support.store import CODE, NOW, add_order


def codes(count: int) -> list[MeteringPointCode]:
    firsts = [f"5903106{number:010d}" for number in range(count)]
    return [MeteringPointCode(first + MeteringPointCode.check_digit(first)) for first in firsts]


def know(api: Api, points: list[MeteringPointCode]) -> None:
    with api.database.transaction() as tx:
        for point in points:
            tx.points.put(MeteringPoint(code=point, updated_at=NOW))


def test_fifty_points_are_held_in_one_call_and_what_is_wrong_is_told(api: Api, caller: Caller) -> None:
    points = codes(52)
    know(api, points[:50])
    wrong = points[0][:17] + str((int(points[0][17]) + 1) % 10)
    text = "code\n" + "\n".join([*points[:51], wrong, points[3]])
    plan = {"act": "hold", "kind": "emergency", "keys": text, "why": "fire in the street"}
    seen = caller.post("/bulk/preview", plan).json()
    assert (seen["total"], seen["done"], seen["skipped"]) == (50, 50, 0)
    assert set(seen["unknown"]) == {points[50], wrong}
    assert f"its check digit is {points[0][17]}" in seen["unknown"][wrong]
    assert caller.get("/holds").json()["items"] == []
    done = caller.post("/bulk", {**plan, "seal": seen["seal"]}, {"Idempotency-Key": "street"})
    assert (done.status_code, done.json()["done"]) == (200, 50)
    assert len(caller.get("/holds").json()["items"]) == 50
    assert caller.post("/bulk", {**plan, "seal": seen["seal"]}, {"Idempotency-Key": "street"}).json() == done.json()
    assert len(caller.get("/holds").json()["items"]) == 50


def test_orders_are_meant_by_many_keys_and_several_at_a_point_are_ambiguous(api: Api, caller: Caller) -> None:
    first, second = (add_order(api.database, process_instance=ProcessInstanceId.new()) for _ in range(2))
    text = f"{first.key}, {second.source_message} {CODE} 99999 590243856287817701"
    found = caller.post("/bulk/find", {"of": "orders", "keys": text}).json()
    assert found["found"] == [str(first.key), str(second.key)]
    assert found["ambiguous"] == {str(CODE): [str(first.key), str(second.key)]}
    assert set(found["unknown"]) == {"99999"}
    assert "right would be 590243856287817706" in found["wrong"]["590243856287817701"]


def test_what_comes_out_otherwise_than_in_the_preview_is_not_done_at_all(api: Api, caller: Caller) -> None:
    orders = [
        add_order(api.database, state=OrderState.PARKED, process_instance=ProcessInstanceId.new()) for _ in range(3)
    ]
    done = add_order(api.database, state=OrderState.DONE, process_instance=ProcessInstanceId.new())
    plan = {"act": "retry", "keys": " ".join(str(one.key) for one in [*orders, done]), "why": "meters answer"}
    seen = caller.post("/bulk/preview", plan).json()
    assert (seen["total"], seen["done"], seen["skipped"]) == (4, 3, 1)
    assert "does not wait for a person" in seen["outcomes"][3]["text"]
    with api.database.transaction() as tx:
        tx.orders.move(orders[1], OrderState.WITHDRAWN, NOW, "by somebody else")
    late = caller.post("/bulk", {**plan, "seal": seen["seal"]})
    assert (late.status_code, "preview" in late.json()["detail"]) == (409, True)
    with api.database.read_transaction() as tx:
        assert tx.orders.get(orders[0].key).state is OrderState.PARKED
    seen = caller.post("/bulk/preview", plan).json()
    after = caller.post("/bulk", {**plan, "seal": seen["seal"]}).json()
    assert (after["done"], after["skipped"]) == (2, 2)
    with api.database.read_transaction() as tx:
        assert tx.orders.get(orders[0].key).state is OrderState.REGISTERED


def test_too_many_keys_none_and_somebody_without_the_right_are_refused(api: Api, caller: Caller) -> None:
    plan = {"act": "retry", "keys": " ".join(map(str, range(1, 1002))), "why": "meters answer"}
    assert "more than 1000" in caller.post("/bulk/preview", plan).json()["detail"]
    assert caller.post("/bulk/preview", {**plan, "keys": " ; "}).status_code == 404
    auditor = Caller(api, api.token(Role.AUDITOR))
    assert auditor.post("/bulk/preview", {**plan, "keys": "1"}).status_code == 403


def test_a_list_from_a_program_that_marks_its_texts_loses_no_line_and_what_is_no_text_is_refused(
    api: Api, caller: Caller
) -> None:
    know(api, [CODE])
    found = caller.post("/bulk/find", {"of": "points", "keys": f"\ufeff{CODE}\r\n"}).json()
    assert (found["found"], found["unknown"]) == ([CODE], {})
    refused = caller.post("/bulk/find", {"of": "points", "keys": f"{CODE}\n\0"})
    assert (refused.status_code, refused.json()["errors"][0]["place"]) == (422, "body.keys")


def test_a_preview_that_tells_where_orders_are_stands_in_the_audit(api: Api, caller: Caller) -> None:
    key = add_order(api.database, state=OrderState.PARKED).key
    caller.post("/bulk/preview", {"act": "retry", "keys": str(key), "why": "the meter was exchanged"})
    with api.database.read_transaction() as tx:
        assert [(one.entry.act, one.entry.subject) for one in tx.audit.page()] == [
            ("order.read", "list of orders: 1 found")
        ]
