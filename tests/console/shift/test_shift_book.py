"""The shift book: acts, notes and open cases of a shift, and what it hands over."""

from __future__ import annotations

from datetime import timedelta

import pytest

from csire_bridge.domain.people.roles import PERMISSIONS, Permission, Role
from tests.support.api import Api, Caller
from tests.support.console import Console
from tests.support.store import CODE


@pytest.mark.every_database
def test_acts_of_a_shift_stand_in_its_book_by_who_and_readings_do_not(console: Console) -> None:
    caller = Caller(console.api, console.api.session("ola", Role.OPERATOR))
    caller.post("/holds", {"point": str(CODE), "kind": "emergency", "why": "fire in the street"})
    caller.get("/holds")
    page = console.visitor(Role.SUPERVISOR, "boss").get("/shift")
    assert page.status == 200
    assert "hold set" in page.text
    assert "fire in the street" in page.text
    assert "ola: 1" in page.text
    assert "point read" not in page.text
    assert "signed in" not in page.text


def test_a_note_is_handed_over_to_the_next_shift_which_finds_it_in_the_book_before(console: Console) -> None:
    operator = console.visitor(Role.OPERATOR, "ola")
    assert operator.send("/shift/notes", {"why": "crew is at Lipowa 3"}, "/shift").leads_to == "/shift"
    assert "crew is at Lipowa 3" in operator.get("/shift").text
    console.api.now += timedelta(hours=8)
    next_one = console.visitor(Role.OPERATOR, "jan")
    page = next_one.get("/shift")
    assert "crew is at Lipowa 3" not in page.text
    (before,) = [link for link in page.links if "number=" in link]
    found = next_one.get(before)
    assert "crew is at Lipowa 3" in found.text
    assert "ola" in found.text
    assert "What the next shift has to know" not in found.text, "notes are written in the present shift"


@pytest.mark.parametrize("role", Role)
def test_who_may_read_personal_data_reads_the_book_and_who_may_act_writes_in_it(console: Console, role: Role) -> None:
    visitor = console.visitor(role)
    reads, writes = (one in PERMISSIONS[role] for one in (Permission.READ_PERSONAL, Permission.ORDERS))
    assert ("/shift" in visitor.get("/me").links) == reads
    assert visitor.get("/shift").status == (200 if reads else 403)
    assert visitor.send("/shift/notes", {"why": "x"}, "/me").status == (303 if writes else 403)
    api: Api = console.api
    caller = Caller(api, api.session(f"api-{role}", role))
    assert caller.get("/shift").status_code == (200 if reads else 403)
    assert caller.post("/shift/notes", {"why": "x"}).status_code == (201 if writes else 403)
