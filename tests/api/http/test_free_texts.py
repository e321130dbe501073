"""What people write is told to nobody who may not read personal data, on any path."""

from __future__ import annotations

from datetime import timedelta

import pytest

from csire_bridge.domain.people.roles import Role
from tests.support.api import Api, Caller
from tests.support.store import CODE, NOW, add_order

WORDS = "the tenant is on a ventilator"
WHY = {"why": WORDS}


def _written(api: Api, caller: Caller) -> list[str]:
    """The reason is written everywhere where a person can; the paths where it is told."""
    order, _ = add_order(api.database), add_order(api.database, detail=WORDS)
    hold = caller.post("/holds", {**WHY, "point": str(CODE), "kind": "protection"}).json()["key"]
    complaint = caller.post("/holds", {**WHY, "point": str(CODE), "kind": "complaint"}).json()["key"]
    assert caller.post(f"/holds/{complaint}/dispute", WHY).status_code == 200
    assert caller.post(f"/holds/{hold}/release", WHY).status_code == 200
    assert caller.post("/stop", WHY).status_code == 200
    assert Caller(api, api.session("anna")).post("/allowances", {**WHY, "count": 5}).status_code == 201
    assert caller.post(f"/orders/{order.key}/withdraw", WHY).status_code == 200
    return ["/holds", "/stop", "/allowances", "/orders", f"/orders/{order.key}", f"/orders/{order.key}/history"]


@pytest.mark.every_database
def test_a_viewer_reads_no_reason_and_an_operator_reads_it(api: Api, caller: Caller) -> None:
    paths = _written(api, caller)
    viewer, operator = (Caller(api, api.token(role)) for role in (Role.VIEWER, Role.OPERATOR))
    for path in paths:
        assert WORDS in operator.get(path).text, path
        told = viewer.get(path)
        assert told.status_code == 200
        assert WORDS not in told.text, path
        assert "(masked)" in told.text, path


def test_a_token_that_may_act_but_not_read_is_not_told_the_reasons_of_others(api: Api, caller: Caller) -> None:
    until = (NOW + timedelta(days=1)).isoformat()
    caller.post("/holds", {**WHY, "point": str(CODE), "kind": "protection", "until": until})
    assert WORDS not in Caller(api, api.token(Role.VIEWER)).get("/holds").text
