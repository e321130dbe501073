"""A form that is sent twice, two tabs, the way back: each act is done once."""

from __future__ import annotations

from csire_bridge.domain.identifiers import ProcessInstanceId
from csire_bridge.domain.order.order import OrderState
from csire_bridge.domain.people.roles import Role
from tests.support.console import Console, Visitor
from tests.support.store import add_order

WHY = "the meter was exchanged"


def parked(console: Console) -> str:
    made = add_order(console.database, state=OrderState.PARKED, process_instance=ProcessInstanceId.new())
    return str(made.key)


def planned(visitor: Visitor, key: str) -> str:
    return visitor.send("/jobs/plan", {"kind": "retry", "item": key, "why": WHY}, "/stop").leads_to


def lines_of(console: Console, key: str) -> list[str]:
    with console.database.read_transaction() as tx:
        return [event.text for event in tx.orders.history(int(key)) if WHY in event.text]


def test_a_start_that_is_sent_twice_does_it_once(console: Console) -> None:
    clerk, key = console.visitor(Role.OPERATOR), parked(console)
    job = planned(clerk, key)
    assert clerk.send(f"{job}/start", {"count": 1}, "/stop").leads_to == job
    again = clerk.send(f"{job}/start", {"count": 1}, "/stop")
    assert (again.status, "is done" in again.text) == (409, True)
    assert len(lines_of(console, key)) == 1


def test_of_two_tabs_with_the_same_order_one_does_it_and_the_other_says_that_it_changed(console: Console) -> None:
    clerk, key = console.visitor(Role.OPERATOR), parked(console)
    first, second = planned(clerk, key), planned(clerk, key)
    for job in (first, second):
        clerk.send(f"{job}/start", {"count": 1}, "/stop")
    assert "1 done, 0 skipped" in clerk.get(first).text
    assert "0 done, 1 skipped" in clerk.get(second).text
    assert len(lines_of(console, key)) == 1


def test_an_approval_that_is_sent_twice_counts_once(console: Console) -> None:
    console.visitor(Role.OPERATOR, "olga").send("/cap/ask", {"count": 50, "why": WHY}, "/cap")
    chief, asked = console.visitor(Role.SUPERVISOR, "sylwia"), {"hours": 1, "why": "I have looked"}
    assert chief.send("/cap/1/approve", asked, "/cap").status == 303
    again = chief.send("/cap/1/approve", asked, "/cap")
    assert (again.status, "was approved before" in again.text) == (409, True)
    with console.database.read_transaction() as tx:
        assert tx.guards.allowed(console.api.now) == 50


def test_a_form_of_a_session_that_has_ended_changes_nothing_and_says_so(console: Console) -> None:
    clerk, key = console.visitor(Role.OPERATOR, "olga"), parked(console)
    token = clerk.get("/stop").html.partition('name="csrf" value="')[2].partition('"')[0]
    clerk.send_bare("/logout", {})
    late = clerk.send_bare("/orders/care", {"csrf": token, "item": key, "person": "olga"})
    assert late.status == 401
    with console.database.read_transaction() as tx:
        assert tx.care.of([int(key)]) == {}
