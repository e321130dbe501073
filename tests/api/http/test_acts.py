"""An act is done once per idempotency key, and nobody acts without being known."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import update

from csire_bridge.domain.people.roles import Role
from csire_bridge.store.repositories.people.api_requests import ApiRequest
from csire_bridge.store.tables import api_tokens
from tests.support.api import Api, Caller
from tests.support.store import CODE

HOLD = {"point": str(CODE), "kind": "emergency", "why": "fire in the building"}
ONE = {"Idempotency-Key": "one"}


def holds(caller: Caller) -> int:
    return len(caller.get("/holds").json()["items"])


@pytest.mark.every_database
def test_the_same_key_gives_the_same_answer_and_one_hold(caller: Caller) -> None:
    first, second = caller.post("/holds", HOLD, ONE), caller.post("/holds", HOLD, ONE)
    assert first.status_code == second.status_code == 201
    assert first.content == second.content
    assert second.headers["idempotency-replayed"] == "true"
    assert holds(caller) == 1


def test_the_same_key_for_another_request_is_refused(caller: Caller) -> None:
    caller.post("/holds", HOLD, ONE)
    other = caller.post("/holds", {**HOLD, "kind": "protection"}, ONE)
    assert (other.status_code, other.json()["type"]) == (422, "urn:csire-bridge:problem:key-used")
    assert holds(caller) == 1


def test_the_keys_of_one_caller_are_not_those_of_another(api: Api, caller: Caller) -> None:
    other = Caller(api, api.token(Role.OPERATOR))
    assert caller.post("/holds", HOLD, ONE).status_code == other.post("/holds", HOLD, ONE).status_code == 201
    assert holds(caller) == 2


def test_a_request_under_way_is_told_and_one_of_a_process_that_died_is_done(api: Api, caller: Caller) -> None:
    assert caller.post("/holds", HOLD, ONE).status_code == 201
    with api.database.transaction() as tx:  # as if its process had died before it did anything
        tx.connection.exec_driver_sql("UPDATE api_requests SET status = NULL, body = NULL")
        tx.connection.exec_driver_sql("DELETE FROM holds")
    busy = caller.post("/holds", HOLD, ONE)
    assert (busy.status_code, busy.json()["type"]) == (409, "urn:csire-bridge:problem:under-way")
    assert busy.headers["retry-after"]
    api.now += timedelta(minutes=10)
    assert caller.post("/holds", HOLD, ONE).status_code == 201
    assert holds(caller) == 1


def test_who_was_taken_for_dead_can_no_longer_act(api: Api) -> None:
    slow = ApiRequest("anna", "one", "f" * 64, api.now)
    fast = ApiRequest("anna", "one", "f" * 64, api.now + timedelta(minutes=10))
    with api.database.transaction() as tx:
        assert tx.api_requests.claim(slow, timedelta(minutes=10)) is None
        assert tx.api_requests.claim(fast, timedelta(minutes=10)) is None
        assert not tx.api_requests.answered(slow, 200, b"{}")
        assert tx.api_requests.answered(fast, 200, b"{}")


def test_a_refused_act_leaves_its_key_free(api: Api, caller: Caller) -> None:
    past = {**HOLD, "until": (api.now - timedelta(days=1)).isoformat()}
    assert caller.post("/holds", past, ONE).status_code == 409
    assert caller.post("/holds", HOLD, ONE).status_code == 201


def test_an_answer_is_kept_for_a_day(api: Api, caller: Caller) -> None:
    caller.post("/holds", HOLD, ONE)
    api.now += timedelta(hours=24, seconds=1)
    assert "idempotency-replayed" not in caller.post("/holds", HOLD, ONE).headers
    assert holds(caller) == 2


def test_many_at_once_with_one_key_make_one_hold(api: Api, caller: Caller) -> None:
    answers: list[int] = []
    threads = [
        threading.Thread(target=lambda: answers.append(caller.post("/holds", HOLD, ONE).status_code)) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(answers) <= {201, 409}
    assert 201 in answers
    assert holds(caller) == 1


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({}, "is missing"),
        ({"Authorization": "Bearer csb_wrong"}, "not known"),
        ({"Authorization": "Bearer x"}, "ended"),
    ],
)
def test_whoever_is_not_known_is_told_how_to_get_a_token(api: Api, headers: dict[str, str], words: str) -> None:
    for method, path in (("GET", "/orders"), ("POST", "/holds"), ("GET", "/orders/1"), ("POST", "/stop")):
        found = api.client.request(method, path, headers=headers, json=HOLD if method == "POST" else None)
        assert found.status_code == 401, path
        assert found.headers["www-authenticate"] == "Bearer"
        assert words in found.json()["detail"]


def test_every_path_asks_who_calls(api: Api) -> None:
    for path, methods in api.app.openapi()["paths"].items():
        for method, facts in methods.items():
            assert facts["security"] == [{"HTTPBearer": []}], (method, path)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({**HOLD, "untill": "2026-11-24T10:00:00Z"}, "body.untill"),
        ({key: value for key, value in HOLD.items() if key != "why"}, "body.why"),
        ({**HOLD, "why": "two\nlines"}, "one line"),
        ({**HOLD, "point": "590243856287817701"}, "check digit is 6"),
        ({**HOLD, "kind": "other"}, "body.kind"),
        ([], "body"),
    ],
)
def test_a_wrong_request_changes_nothing_and_says_what_is_wrong(caller: Caller, body: object, words: str) -> None:
    found = caller.post("/holds", body)
    assert found.status_code == 422
    assert words in found.json()["detail"]
    assert holds(caller) == 0


def test_an_unknown_path_a_wrong_method_and_too_much_are_problems_too(api: Api, caller: Caller) -> None:
    assert caller.get("/ordres").json()["type"] == "urn:csire-bridge:problem:not-found"
    wrong = api.client.delete("/orders")
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "GET")
    assert wrong.headers["content-type"] == "application/problem+json"
    assert caller.post("/holds", {**HOLD, "why": "x" * 2_000_000}).status_code == 413


def test_who_lost_the_right_to_personal_data_is_not_told_them_by_an_answer_of_before(api: Api) -> None:
    caller = Caller(api, api.token(Role.OPERATOR))
    assert str(CODE) in caller.post("/holds", HOLD, ONE).text
    with api.database.transaction() as tx:
        tx.connection.execute(update(api_tokens).values(scopes="read guards"))
    again = caller.post("/holds", HOLD, ONE)
    assert again.headers["idempotency-replayed"] == "true"
    assert str(CODE) not in again.text
    assert again.json()["metering_point"] == f"...{CODE[-4:]}"
