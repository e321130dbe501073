"""What went wrong outside of orders: contactors that no order explains, and steps that failed."""

from __future__ import annotations

import pytest
from sqlalchemy import insert, update

from csire_bridge.domain.people.roles import Role
from csire_bridge.domain.work import WorkStep
from csire_bridge.store import tables
from tests.support.console import Console
from tests.support.store import CODE, NOW, add_order

MOVED = {
    "meter": "M-77",
    "metering_point": str(CODE),
    "state": "off",
    "source": "reading",
    "at": NOW,
    "noticed_at": NOW,
    "told": "last told: order 3 (reconnect) done",
}


@pytest.mark.every_database
def test_a_contactor_that_no_order_explains_is_counted_shown_and_explained_after_a_preview(console: Console) -> None:
    with console.database.transaction() as tx:
        tx.connection.execute(insert(tables.movements).values(MOVED))
    clerk = console.visitor(Role.OPERATOR, "olga")
    assert '<a href="/movements" data-tally="movements"><span class="big">1</span>' in clerk.get("/").html
    shown = clerk.get("/movements")
    assert "M-77" in shown.text
    assert {f"/points/{CODE}", "/orders/3"} <= set(shown.links)
    planned = clerk.send("/jobs/plan", {"kind": "explain-movement", "item": "1", "why": "crew 4"}, "/movements")
    assert clerk.send(f"{planned.leads_to}/start", {"count": 1}, "/movements").status == 303
    assert "M-77" not in clerk.get("/movements").text
    reader = console.visitor(Role.VIEWER, "wanda")
    with console.database.transaction() as tx:
        tx.connection.execute(insert(tables.movements).values({**MOVED, "meter": "M-78"}))
    assert "M-78" not in reader.get("/movements").text


def test_a_failed_step_is_shown_with_its_cause_and_released_after_a_preview(console: Console) -> None:
    order = add_order(console.database)
    with console.database.transaction() as tx:
        tx.work.add(WorkStep.ACKNOWLEDGE, [order.key], [NOW], priority=[0])
        tx.connection.execute(update(tables.work).values(parked=True, last_error="the mapping is wrong"))
    clerk = console.visitor(Role.OPERATOR, "olga")
    shown = clerk.get("/work")
    assert "the mapping is wrong" in shown.text
    assert f"/orders/{order.key}" in shown.links
    (item,) = {key for key in shown.html.split('name="item" value="')[1:] for key in [key.partition('"')[0]]}
    planned = clerk.send("/jobs/plan", {"kind": "release-work", "item": item, "why": "corrected"}, "/work")
    clerk.send(f"{planned.leads_to}/start", {"count": 1}, "/work")
    assert "No step has failed for good." in clerk.get("/work").text
    assert "the mapping is wrong" not in console.visitor(Role.VIEWER, "wanda").get("/work").text
