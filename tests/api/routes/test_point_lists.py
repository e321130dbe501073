"""A list of points comes into the registry by the API, as by the command: all of it or nothing."""

from __future__ import annotations

from csire_bridge.domain.identifiers import MeteringPointCode, MeterNumber
from csire_bridge.domain.metering_point.facts import MeteringPoint
from csire_bridge.domain.people.roles import Role
from tests.support.api import Api, Caller
from tests.support.store import CODE, NOW

OTHER = MeteringPointCode("590243856287817713")
GOOD = f"code;meter;station\n{CODE};M1;Oliwa\n{OTHER};M2;Oliwa\n"
BAD = f"code;meter\n{CODE};M1\n590243856287817700;M2\n"


def station(api: Api, code: MeteringPointCode) -> str | None:
    with api.database.read_transaction() as tx:
        known = tx.points.get(code)
        return known.station if known else None


def test_a_good_list_is_written_once_in_the_name_of_who_sent_it(api: Api, caller: Caller) -> None:
    body = {"list": GOOD, "name": "november", "why": "the stations of November"}
    sent = [caller.post("/points/import", body, {"Idempotency-Key": "n1"}) for _ in range(2)]
    assert [one.json() for one in sent] == [{"written": 2, "bad": []}] * 2
    assert sent[1].headers["Idempotency-Replayed"] == "true"
    assert station(api, OTHER) == "Oliwa"
    entries = caller.get("/audit", act="points.import").json()["items"]
    assert [(one["subject"], one["why"]) for one in entries] == [("list november", "the stations of November")]


def test_a_list_with_a_bad_line_is_refused_and_looked_through_first(api: Api, caller: Caller) -> None:
    looked = caller.post("/points/import/check", {"list": BAD}).json()
    assert (looked["good"], [one["line"] for one in looked["bad"]]) == (1, [3])
    refused = caller.post("/points/import", {"list": BAD, "why": "new"})
    assert (refused.status_code, "nothing was written: 1 bad line; line 3: code" in refused.text) == (409, True)
    with api.database.read_transaction() as tx:
        assert tx.points.get(CODE) is None
    taken = caller.post("/points/import", {"list": BAD, "why": "new", "skip_bad": True}).json()
    assert (taken["written"], len(taken["bad"])) == (1, 1)


def test_a_meter_that_is_at_another_point_is_not_taken_over(api: Api, caller: Caller) -> None:
    with api.database.transaction() as tx:
        tx.points.put(MeteringPoint(code=OTHER, updated_at=NOW, meter=MeterNumber("M1")))
    refused = caller.post("/points/import", {"list": f"code;meter\n{CODE};M1\n", "why": "new"})
    assert f"the meter M1 is at point {OTHER}" in refused.json()["detail"]


def test_a_person_says_which_meter_is_at_a_point(api: Api, caller: Caller) -> None:
    assert caller.post(f"/points/{CODE}/meter", {"meter": "M7", "why": "seen"}).status_code == 409
    with api.database.transaction() as tx:
        tx.points.put(MeteringPoint(code=CODE, updated_at=NOW, meter=MeterNumber("M1")))
    told = caller.post(f"/points/{CODE}/meter", {"meter": "M7", "why": "seen on site"}).json()
    assert (told["meter"], told["also_at"]) == ("M7", [])
    caller.post(f"/points/{CODE}/meter", {"meter": None, "why": "dismantled"})
    assert caller.get(f"/points/{CODE}").json()["facts"].get("meter", {}).get("value") is None


def test_lists_need_the_right_for_points(api: Api) -> None:
    auditor = Caller(api, api.token(Role.AUDITOR))
    for path, body in (("/points/import", {"list": GOOD, "why": "x"}), ("/points/import/check", {"list": GOOD})):
        assert auditor.post(path, body).status_code == 403
