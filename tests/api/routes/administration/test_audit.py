"""The audit as a file, and whether it is as it was written."""

from __future__ import annotations

import json

import pytest

from csire_bridge.domain.people.roles import Role
from tests.support.api import Api, Caller


@pytest.mark.every_database
def test_the_audit_is_taken_along_by_who_and_what_and_that_stands_in_it(caller: Caller) -> None:
    for number in range(3):
        caller.post("/stop", {"why": f"trial {number}"})
    file = caller.get("/audit/export", act="stop.", format="json")
    assert file.headers["content-type"].startswith("application/x-ndjson")
    lines = [json.loads(line) for line in file.text.splitlines()]
    assert [line["why"] for line in lines] == ["trial 2", "trial 1", "trial 0"]
    assert caller.get("/audit/export", act="nothing").text.startswith("day,number,at,actor")
    assert len(caller.get("/audit", act="audit.export").json()["items"]) == 2


def test_more_entries_than_are_read_at_once_are_all_there(api: Api, caller: Caller) -> None:
    from csire_bridge.domain.people.audit import AuditEntry

    with api.database.transaction() as tx:
        for number in range(1203):
            tx.audit.add(AuditEntry(api.now, "anna", "account", "order.retry", f"order {number}"))
    lines = caller.get("/audit/export", act="order.retry", format="json").text.splitlines()
    assert [json.loads(line)["subject"] for line in lines] == [f"order {number}" for number in reversed(range(1203))]


def test_whether_it_is_whole_is_told_in_words(caller: Caller) -> None:
    caller.post("/stop", {"why": "trial"})
    found = caller.get("/audit/verify").json()
    assert (found["whole"], found["broken"]) == (True, None)
    assert "the chain holds" in found["sentences"][0]
    assert caller.get("/audit/verify", noted=found["last"]).json()["whole"]
    assert not caller.get("/audit/verify", noted="ab" * 32).json()["whole"]


def test_only_administrators_and_auditors_get_it(api: Api) -> None:
    for role in Role:
        expected = 200 if role in (Role.ADMINISTRATOR, Role.AUDITOR) else 403
        caller = Caller(api, api.session(f"a-{role}", role))
        assert [caller.get(f"/audit{path}").status_code for path in ("", "/export", "/verify")] == [expected] * 3
