"""The pages about people: accounts, tokens, and one's own account."""

from __future__ import annotations

import re

import pytest

from csire_bridge.domain.people.roles import PERMISSIONS, Permission, Role
from tests.support.console import Console
from tests.support.people import add_account

ONCE = re.compile(r"<code>([a-z0-9-]{19}|csb_[\w-]+)</code>")


@pytest.mark.every_database
def test_an_administrator_adds_an_account_whose_password_is_shown_once(console: Console) -> None:
    boss = console.visitor(Role.ADMINISTRATOR, "boss")
    added = boss.send("/people", {"name": "Anna", "role": "operator", "why": "begins on Monday"}, "/people")
    (password,) = ONCE.findall(added.html)
    assert "Initial password" in added.text
    assert password not in boss.get("/people/anna").html
    stranger = console.stranger()
    assert stranger.send_bare("/login", {"name": "anna", "password": password}).leads_to == "/password?name=anna"


def test_an_account_gets_another_role_is_locked_unlocked_and_reset(console: Console) -> None:
    boss = console.visitor(Role.ADMINISTRATOR, "boss")
    anna = console.visitor(Role.OPERATOR, "anna")
    done = boss.send("/people/anna/role", {"role": "supervisor", "why": "new task"}, "/people/anna")
    assert (done.status, done.leads_to) == (303, "/people/anna")
    assert anna.get("/me").status == 303, "her sessions have ended"
    assert "supervisor" in boss.get("/people/anna").text
    boss.send("/people/anna/lock", {"why": "left"}, "/people/anna")
    assert "locked" in boss.get("/people").text
    assert "Unlock" in boss.get("/people/anna").text
    boss.send("/people/anna/unlock", {"why": "back"}, "/people/anna")
    assert ONCE.search(boss.send("/people/anna/reset", {}, "/people/anna").html)


def test_what_can_not_be_done_is_a_page_that_says_so_in_polish(console: Console) -> None:
    boss = console.visitor(Role.ADMINISTRATOR, "boss", language="pl")
    refused = boss.send("/people/boss/lock", {"why": "x"}, "/people/boss")
    assert refused.status == 409
    assert "boss jest ostatnim administratorem" in refused.text
    assert boss.get("/people/nobody").status == 404


def test_a_token_is_made_shown_once_and_revoked(console: Console) -> None:
    boss = console.visitor(Role.ADMINISTRATOR, "boss")
    made = boss.send("/tokens", {"name": "sheet", "scope": ["read", "orders"], "days": 30}, "/tokens")
    (secret,) = ONCE.findall(made.html)
    assert secret.startswith("csb_")
    page = boss.get("/tokens")
    assert secret not in page.html
    assert "sheet good" in page.text
    boss.send("/tokens/sheet/revoke", {}, "/tokens")
    assert "sheet revoked" in boss.get("/tokens").text


def test_everybody_sees_his_own_sessions_and_ends_the_one_left_open_elsewhere(console: Console) -> None:
    here, elsewhere = console.visitor(Role.VIEWER, "anna"), console.visitor(Role.VIEWER, "anna")
    page = here.get("/me")
    assert "this one" in page.text
    keys = re.findall(r'name="session" value="(\d+)"', page.html)
    assert len(keys) == 2
    here.send("/me/sessions/revoke", {"session": keys[0]}, "/me")
    assert elsewhere.get("/me").status == 303
    assert here.get("/me").status == 200
    assert here.send("/me/sessions/revoke", {"session": keys[1]}, "/me").leads_to == "/login"


def test_an_administrator_ends_a_session_of_somebody_else(console: Console) -> None:
    boss, anna = console.visitor(Role.ADMINISTRATOR, "boss"), console.visitor(Role.VIEWER, "anna")
    (key,) = re.findall(r'name="session" value="(\d+)"', boss.get("/people/anna").html)
    boss.send("/people/anna/revoke", {"session": key}, "/people/anna")
    assert anna.get("/me").status == 303


@pytest.mark.parametrize("role", Role)
def test_who_may_not_is_shown_no_way_and_refused_with_who_may(console: Console, role: Role) -> None:
    add_account(console.database, "other", Role.VIEWER)
    visitor = console.visitor(role, "somebody")
    may = Permission.PEOPLE in PERMISSIONS[role]
    links = visitor.get("/").links
    for path in ("/people", "/tokens"):
        assert (path in links) == may
        assert visitor.get(path).status == (200 if may else 403)
    sent = visitor.send("/people/other/lock", {"why": "x"}, "/me")
    assert sent.status == (303 if may else 403)
    if not may:
        assert "administrator" in sent.text
