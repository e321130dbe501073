"""A pasted list: what it means."""

from __future__ import annotations

import pytest

from csire_bridge.domain.identifiers import MeteringPointCode, ProcessInstanceId
from csire_bridge.domain.metering_point.facts import MeteringPoint
from csire_bridge.domain.order.order import OrderState
from csire_bridge.domain.people.roles import Role
from tests.support.api import Api, Caller
from tests.support.store import CODE, NOW, add_order


def know(api: Api, points: list[MeteringPointCode]) -> None:
    with api.database.transaction() as tx:
        for point in points:
            tx.points.put(MeteringPoint(code=point, updated_at=NOW))


@pytest.mark.every_database
def test_orders_are_meant_by_many_keys_and_several_at_a_point_are_ambiguous(api: Api, caller: Caller) -> None:
    first, second = (add_order(api.database, process_instance=ProcessInstanceId.new()) for _ in range(2))
    text = f"{first.key}, {second.source_message} {CODE} 99999 590243856287817701"
    found = caller.post("/bulk/find", {"of": "orders", "keys": text}).json()
    assert found["found"] == [str(first.key), str(second.key)]
    assert found["ambiguous"] == {str(CODE): [str(first.key), str(second.key)]}
    assert set(found["unknown"]) == {"99999"}
    assert "right would be 6: 590243856287817706" in found["wrong"]["590243856287817701"]


def test_too_many_keys_none_and_somebody_without_the_right_are_refused(api: Api, caller: Caller) -> None:
    many = {"of": "orders", "keys": " ".join(map(str, range(1, 1002)))}
    assert "more than 1000" in caller.post("/bulk/find", many).json()["detail"]
    assert "no key" in caller.post("/bulk/find", {"of": "orders", "keys": " ; "}).json()["detail"]
    auditor = Caller(api, api.token(Role.VIEWER))
    assert auditor.post("/bulk/find", {"of": "orders", "keys": "1"}).status_code == 403


def test_a_list_from_a_program_that_marks_its_texts_loses_no_line_and_what_is_no_text_is_refused(
    api: Api, caller: Caller
) -> None:
    know(api, [CODE])
    found = caller.post("/bulk/find", {"of": "points", "keys": f"\ufeff{CODE}\r\n"}).json()
    assert (found["found"], found["unknown"]) == ([CODE], {})
    refused = caller.post("/bulk/find", {"of": "points", "keys": f"{CODE}\n\0"})
    assert (refused.status_code, refused.json()["errors"][0]["place"]) == (422, "body.keys")


def test_a_list_that_tells_where_orders_are_stands_in_the_audit(api: Api, caller: Caller) -> None:
    key = add_order(api.database, state=OrderState.PARKED).key
    caller.post("/bulk/find", {"of": "orders", "keys": str(key)})
    with api.database.read_transaction() as tx:
        assert [(one.entry.act, one.entry.subject) for one in tx.audit.page()] == [
            ("order.read", "list of orders: 1 found")
        ]
