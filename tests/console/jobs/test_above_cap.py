"""More disconnections than the cap of the hour: one person asks, another one approves, each in pages."""

from __future__ import annotations

from datetime import timedelta

import pytest

from csire_bridge.domain.people.roles import Role
from tests.support.console import Console

WHY = "the list of the day was checked"


def allowed(console: Console) -> int:
    with console.database.read_transaction() as tx:
        return tx.guards.allowed(console.api.now)


@pytest.mark.every_database
def test_one_person_asks_and_another_one_approves(console: Console) -> None:
    clerk, chief = console.visitor(Role.OPERATOR, "olga"), console.visitor(Role.SUPERVISOR, "sylwia")
    assert clerk.send("/cap/ask", {"count": 50, "why": WHY}, "/cap").leads_to == "/cap"
    assert "another person approves" in clerk.get("/cap").text
    assert allowed(console) == 0
    assert '<a href="/cap" data-tally="above-cap"><span class="big">1</span>' in chief.get("/").html
    assert "1 request for more disconnections than the cap waits" in chief.get("/jobs").text
    chief.send("/cap/1/approve", {"hours": 2, "why": "I have looked"}, "/cap")
    assert allowed(console) == 50
    console.api.now += timedelta(hours=2)
    assert allowed(console) == 0


def test_nobody_approves_his_own_and_the_page_does_not_offer_it(console: Console) -> None:
    chief = console.visitor(Role.SUPERVISOR, "sylwia")
    chief.send("/cap/ask", {"count": 5, "why": WHY}, "/cap")
    assert "/cap/1/approve" not in chief.get("/cap").html
    refused = chief.send("/cap/1/approve", {"hours": 1, "why": WHY}, "/cap")
    assert (refused.status, allowed(console)) == (409, 0)
    assert "somebody else must approve" in refused.text


def test_a_clerk_may_ask_and_not_approve_and_a_reader_neither(console: Console) -> None:
    clerk, reader = console.visitor(Role.OPERATOR, "olga"), console.visitor(Role.VIEWER, "wanda")
    clerk.send("/cap/ask", {"count": 5, "why": WHY}, "/cap")
    other = console.visitor(Role.OPERATOR, "oskar")
    assert other.send("/cap/1/approve", {"hours": 1, "why": WHY}, "/cap").status == 403
    assert reader.send("/cap/ask", {"count": 5, "why": WHY}, "/").status == 403
    assert WHY not in reader.get("/cap").text
    assert allowed(console) == 0


def test_a_request_of_yesterday_is_over(console: Console) -> None:
    console.visitor(Role.OPERATOR, "olga").send("/cap/ask", {"count": 5, "why": WHY}, "/cap")
    console.api.now += timedelta(days=1)
    chief = console.visitor(Role.SUPERVISOR, "sylwia")
    assert "/cap/1/approve" not in chief.get("/cap").html
    refused = chief.send("/cap/1/approve", {"hours": 1, "why": WHY}, "/cap")
    assert (refused.status, allowed(console)) == (409, 0)
    assert "has lapsed" in refused.text


@pytest.mark.parametrize("fields", [{"count": 0}, {"count": 100_001}, {"count": "many"}, {"count": 5, "why": ""}])
def test_what_is_no_number_or_has_no_reason_asks_for_nothing(console: Console, fields: dict[str, object]) -> None:
    refused = console.visitor(Role.OPERATOR).send("/cap/ask", {"why": WHY, **fields}, "/cap")
    assert refused.status == 422
    with console.database.read_transaction() as tx:
        assert tx.guards.allowances(console.api.now) == []
