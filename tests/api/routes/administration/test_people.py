"""Accounts, tokens and sessions by the API: the same use cases as the commands, and secrets are told once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from csire_bridge.domain.people.roles import PERMISSIONS, Permission, Role
from tests.support.api import Api, Caller

WHY = {"why": "she begins on Monday"}


@pytest.fixture
def boss(api: Api) -> Caller:
    return Caller(api, api.session("boss", Role.ADMINISTRATOR))


@pytest.mark.every_database
def test_an_account_is_added_changed_locked_and_reset(api: Api, boss: Caller) -> None:
    made = boss.post("/users", {**WHY, "name": "Anna", "role": "operator"})
    assert (made.status_code, made.json()["name"], made.json()["state"]) == (201, "anna", "initial-password")
    assert len(made.json()["initial_password"]) == 19
    assert boss.post("/users/anna/role", {"role": "supervisor"}).json()["role"] == "supervisor"
    assert boss.post("/users/anna/lock", WHY).json()["state"] == "locked"
    assert boss.post("/users/anna/lock", WHY).status_code == 409
    assert boss.post("/users/anna/unlock", WHY).json()["locked_at"] is None
    assert boss.post("/users/anna/reset", {}).json()["initial_password"] != made.json()["initial_password"]
    listed = {one["name"]: one for one in boss.get("/users").json()["items"]}
    assert (listed["anna"]["sessions"], listed["boss"]["sessions"]) == (0, 1)
    with api.database.read_transaction() as tx:
        noted = [one.entry for one in tx.audit.entries() if one.entry.act.startswith("user.")]
    assert [one.act for one in noted] == ["user.add", "user.role", "user.lock", "user.unlock", "user.reset"]
    assert {one.actor for one in noted} == {"boss"}


def test_a_secret_is_told_once_and_not_again_to_whoever_repeats_the_request(api: Api, boss: Caller) -> None:
    end = (api.now + timedelta(days=9)).isoformat()
    for path, body, name in (
        ("/users", {"name": "anna", "role": "viewer"}, "initial_password"),
        ("/tokens", {"name": "reports", "scopes": ["read"], "expires_at": end}, "secret"),
    ):
        key = {"Idempotency-Key": f"once{path}".replace("/", "-")}
        first, again = boss.post(path, body, key), boss.post(path, body, key)
        assert (first.status_code, again.status_code, again.headers["Idempotency-Replayed"]) == (201, 201, "true")
        assert len(first.json()[name]) > 18
        assert again.json()[name] == "(was shown once)"


def test_the_last_administrator_can_neither_be_locked_nor_get_another_role(boss: Caller) -> None:
    assert boss.post("/users/boss/lock", WHY).status_code == 409
    assert "last administrator" in boss.post("/users/boss/role", {"role": "viewer"}).json()["detail"]


def test_a_token_is_made_used_and_revoked_and_shows_what_its_maker_has_lost(api: Api, boss: Caller) -> None:
    other = Caller(api, api.session("other", Role.ADMINISTRATOR))
    end = (api.now + timedelta(days=9)).isoformat()
    made = other.post("/tokens", {"name": "sheet", "scopes": ["read", "people", "rules"], "expires_at": end}).json()
    program = Caller(api, made["secret"])
    assert program.get("/users").status_code == 200
    assert boss.post("/users/other/role", {"role": "supervisor"}).status_code == 200
    assert program.get("/users").status_code == 403
    (listed,) = [one for one in boss.get("/tokens").json()["items"] if one["name"] == "sheet"]
    assert (listed["state"], listed["may_now"]) == ("less", ["read", "rules"])
    assert boss.post("/users/other/lock", WHY).status_code == 200
    assert program.get("/stop").status_code == 401
    assert boss.post("/tokens/sheet/revoke", {}).status_code == 200
    assert boss.post("/tokens/sheet/revoke", {}).status_code == 409


def test_nobody_gives_a_token_more_than_he_has(api: Api) -> None:
    end = (api.now + timedelta(days=9)).isoformat()
    body = {"name": "more", "scopes": ["audit"], "expires_at": end}
    assert Caller(api, api.session("anna", Role.SUPERVISOR)).post("/tokens", body).status_code == 403


def test_everybody_sees_and_ends_his_own_sessions_and_nobody_elses(api: Api, boss: Caller) -> None:
    anna = Caller(api, api.session("anna", Role.VIEWER))
    (mine,) = anna.get("/sessions").json()["items"]
    (of_boss,) = boss.get("/users/boss/sessions").json()["items"]
    assert anna.post(f"/sessions/{of_boss['key']}/revoke", {}).status_code == 409
    assert anna.post(f"/sessions/{mine['key']}/revoke", {}).status_code == 200
    assert anna.get("/sessions").status_code == 401
    assert boss.get("/sessions").status_code == 200
    assert Caller(api, api.token(name="program")).get("/sessions").status_code == 409


def test_an_administrator_ends_the_sessions_of_others(api: Api, boss: Caller) -> None:
    anna = Caller(api, api.session("anna", Role.VIEWER))
    (hers,) = boss.get("/users/anna/sessions").json()["items"]
    assert boss.post("/users/anna/sessions/revoke", {"session": hers["key"] + 7}).status_code == 409
    assert boss.post("/users/anna/sessions/revoke", {"session": hers["key"]}).json()["ended"] == 1
    assert anna.get("/stop").status_code == 401
    assert boss.post("/users/anna/sessions/revoke", {}).json()["ended"] == 0
    assert boss.get("/users/nobody/sessions").status_code == 404


@pytest.mark.parametrize("role", Role)
def test_only_who_may_is_told_of_people(api: Api, role: Role) -> None:
    caller = Caller(api, api.session("somebody", role))
    expected = 200 if Permission.PEOPLE in PERMISSIONS[role] else 403
    assert [caller.get(path).status_code for path in ("/users", "/tokens")] == [expected] * 2
