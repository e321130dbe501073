"""``stop``, ``go``, ``hold``, ``allow``, ``orders``, ``work`` as people and programs use them; no keys are set up."""

from __future__ import annotations

import json
from contextlib import ExitStack, closing
from datetime import timedelta
from pathlib import Path

import pytest

from csire_bridge.domain.identifiers import MeteringPointCode
from csire_bridge.domain.order.order import OrderState, Outcome, WaitsFor
from csire_bridge.domain.work import WorkStep
from csire_bridge.lab.simulators.hes.simulator import HeadEndSimulator
from csire_bridge.runtime.steady_clock import system_clock
from csire_bridge.store.database import Database
from tests.support.command import Command
from tests.support.operating import ANNA, METER, POINT, Place

OTHER = MeteringPointCode.parse("590015710563817868")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


# --- stop and go


def test_given_the_stop_switch_when_thrown_shown_and_lifted_then_each_says_who_and_waiting_orders_go_on(
    place: Place,
) -> None:
    key = place.enter(state=OrderState.REGISTERED, waits_for=WaitsFor.STOP)
    assert "--why is missing" in place.run("stop", "--by", "Anna", code=2)
    assert place.json("stop", "--show")["stopped"] is False
    said = place.run("stop", *ANNA)
    assert "thrown (disconnections)" in said
    assert "by Anna Nowak: a drill" in said
    assert {k: place.json("stop", "--show")[k] for k in ("stopped", "scope", "by", "under_way")} == {
        "stopped": True,
        "scope": "disconnections",
        "by": "Anna Nowak",
        "under_way": 0,
    }
    assert "stop-switch" in place.run("alerts", code=1)
    assert place.work() == []
    assert place.json("go", "--by", "Jan", "--why", "over")["lifted"] == 1
    assert place.work() == [(WorkStep.EXECUTE, key)]
    assert "nothing was stopped" in place.run("go", "--by", "Jan")


# --- danger


def test_given_danger_when_cut_listed_and_lifted_then_people_orders_and_what_to_do_are_told(place: Place) -> None:
    assert "not known" in place.run("danger", "cut", POINT, *ANNA, code=1)
    place.enter()
    assert "no cut because of danger stands" in place.run("danger", "list")
    assert "--why is missing" in place.run("danger", "cut", POINT, "--by", "Anna", code=2)
    cut = place.json("danger", "cut", POINT, *ANNA)
    assert (cut["state"], cut["by"], cut["against"]) == ("registered", "Anna Nowak", [])
    assert f"order {cut['order']} of Anna Nowak cuts the supply there already" in place.run(
        "danger", "cut", POINT, *ANNA, code=1
    )
    complaint = place.json("hold", "set", POINT, "--kind", "complaint", *ANNA)
    assert cut["order"] not in [order["key"] for order in complaint["orders"]]  # it goes all the same
    supply = place.json("hold", "set", POINT, "--kind", "emergency-supply", *ANNA)
    assert cut["order"] in [order["key"] for order in supply["orders"]]
    said = place.run("danger", "list")
    assert f"{POINT}  {cut['order']}      registered" in said
    assert "Anna Nowak  a drill" in said
    lifted = place.json("points", "lift-danger", POINT, *ANNA)
    assert (lifted["connection"], lifted["stays_off"]) == (None, None)  # it was not made yet
    assert "no danger is registered" in place.run("danger", "lift", POINT, *ANNA, code=1)
    assert "no cut because of danger stands" in place.run("danger", "list")


def test_given_an_emergency_that_needs_the_supply_when_cut_then_it_is_refused_and_says_whom_to_ask(
    place: Place,
) -> None:
    place.enter()
    ewa = ("--by", "Ewa Lis", "--why", "respirator")
    key = place.json("hold", "set", POINT, "--kind", "emergency-supply", *ewa)["key"]
    said = " ".join(place.run("danger", "cut", POINT, *ANNA, code=1).split())
    assert f"hold {key} of Ewa Lis says that the supply must stay on for an emergency: respirator" in said
    assert f"hold release {key}" in said


# --- holds


def test_given_a_hold_when_set_listed_and_released_then_it_names_people_and_the_orders_that_it_meets(
    place: Place,
) -> None:
    key = place.enter(state=OrderState.FIELD_WORK)
    said = place.run("hold", "set", POINT, "--kind", "protection", "--days", 14, *ANNA)
    assert f"order {key} (disconnect) is field-work: call the people back" in said
    (hold,) = place.json("hold", "list")["holds"]
    assert (hold["kind"], hold["by"], hold["holds"], hold["stops"]) == ("protection", "Anna Nowak", True, "disconnect")
    assert place.json("hold", "release", hold["key"], "--by", "Jan", "--why", "settled")["released_by"] == "Jan"
    assert "released before" in place.run("hold", "release", hold["key"], "--by", "Jan", code=1)
    assert "there is no hold 99" in place.run("hold", "release", 99, "--by", "Jan", code=1)
    assert "nothing is held" in place.run("hold", "list")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("590243856287817705", "--kind", "complaint"), 2, "check digit is 6"),
        ((POINT, "--kind", "protection", "--until", "tomorrow"), 2, "is no moment"),
        ((POINT, "--kind", "protection", "--until", "2020-11-23T10:00+01:00"), 1, "is past"),
        ((POINT, "--kind", "protection", "--until", "2030-11-23T10:00+01:00", "--days", "3"), 2, "not both"),
    ],
)
def test_given_a_hold_that_makes_no_sense_when_set_then_it_is_said(
    place: Place, words: tuple[str, ...], code: int, said: str
) -> None:
    assert said in " ".join(place.run("hold", "set", *words, *ANNA, code=code).replace("│", " ").split())


# --- the cap


def test_given_orders_above_the_cap_when_two_persons_allow_more_then_they_go_on(place: Place) -> None:
    key = place.enter(state=OrderState.REGISTERED, waits_for=WaitsFor.CAP)
    assert "cap-reached" in place.run("alerts", code=1)
    request = place.json("allow", "ask", 5, *ANNA)["key"]
    assert "somebody else must approve" in place.run("allow", "approve", request, "--by", "anna nowak", code=1)
    assert place.work() == []
    assert place.json("allow", "approve", request, "--by", "Jan", "--hours", 2)["approved"] is True
    assert place.work() == [(WorkStep.EXECUTE, key)]
    listed = place.json("allow", "list")
    assert (listed["cap"], listed["allowed_above"], listed["given"]) == (100, 5, 0)
    assert "Anna Nowak  Jan  " in place.run("allow", "list")


# --- orders


def test_given_orders_when_listed_and_shown_then_everything_about_them_is_told(place: Place) -> None:
    parked, waiting = place.enter(), place.enter(OTHER, state=OrderState.REGISTERED, waits_for=WaitsFor.CAP)
    assert [o["key"] for o in place.json("orders", "list")["orders"]] == [waiting, parked]
    for words, key in (
        (("--state", "parked"), parked),
        (("--waits-for", "cap"), waiting),
        (("--point", OTHER), waiting),
        (("--kind", "disconnect", "--reason-like", "SIGNAL", "--state", "parked"), parked),
    ):
        assert [o["key"] for o in place.json("orders", "list", *words)["orders"]] == [key]
    assert "no signal" in place.run("orders", "list", "--limit", 1, "--state", "parked")
    shown = place.run("orders", "show", waiting)
    assert f"order {waiting}: disconnect at {OTHER}, registered" in shown
    assert "from message 8.1.1.5" in shown
    assert "work execute: due" in shown
    assert set(place.json("orders", "show", parked)) >= {"order", "history", "answers", "work", "holds", "stops"}
    assert "there is no order 99" in place.run("orders", "show", 99, code=1)


def test_given_parked_orders_when_retried_in_bulk_then_a_preview_changes_nothing_and_the_rest_stays(
    place: Place,
) -> None:
    first, recalled = place.enter(), place.enter(recalled_at=system_clock())
    other = place.enter(OTHER, detail="the mapping is wrong")
    words = ("orders", "retry", "--state", "parked", "--reason-like", "signal")
    assert "1 order would go back to the queue, 1 refused" in place.run(*words, "--dry-run")
    assert place.order(first).state is OrderState.PARKED
    assert "--by is missing" in place.run(*words, code=2)
    done = place.json(*words, *ANNA)
    assert (done["retried"], list(done["refused"])) == ([first], [str(recalled)])
    assert [place.order(key).state for key in (first, recalled, other)] == [
        OrderState.REGISTERED,
        OrderState.PARKED,
        OrderState.PARKED,
    ]
    assert (place.order(first).attempts, place.work()) == (0, [(WorkStep.EXECUTE, first)])
    assert "taken back to the queue by Anna Nowak: a drill" in place.run("orders", "show", first)
    assert "must not be given again" in place.run("orders", "retry", recalled, *ANNA, code=1)
    assert "does not wait for a person" in place.run("orders", "retry", first, *ANNA, code=1)


def test_given_a_head_end_system_when_field_work_is_reported_then_its_contactor_has_the_last_word(
    place: Place, command: Command
) -> None:
    key = place.enter()
    with ExitStack() as stack:
        head_end = HeadEndSimulator().start()
        stack.callback(head_end.stop)
        meter = head_end.add_meter(METER)
        place.write(f'[head_end]\nurl = "{head_end.url}"')
        place.run("orders", "field-work", key, *ANNA)
        assert "field-work" in place.run("alerts", code=1)
        at = system_clock()
        report = ("orders", "report", key, "--done", "--at", at.isoformat(), "--seen-by", "Piotr")
        assert "the supply is on" in place.run(*report, *ANNA, code=1)
        assert "the supply is on" in place.run(*report, "--unread", *ANNA, code=1)
        assert place.order(key).state is OrderState.FIELD_WORK
        meter.remote_disconnect()
        done = command(*report, *ANNA, "--json", "--config", place.config)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert (said["state"], said["contactor_read"]) == ("done", True)
    order = place.order(key)
    assert (order.outcome, order.executed_at) == (Outcome.DISCONNECTED, at)
    assert place.work() == [(WorkStep.ACKNOWLEDGE, key)]


def test_given_nobody_to_ask_when_reported_or_withdrawn_then_only_the_words_let_it_count(place: Place) -> None:
    done, not_done, withdrawn = place.enter(), place.enter(), place.enter()
    at = system_clock().isoformat()
    assert "was not read" in place.run("orders", "report", done, "--done", "--at", at, *ANNA, code=1)
    said = place.run("orders", "report", done, "--done", "--at", at, "--unread", *ANNA)
    assert "THE CONTACTOR WAS NOT READ" in said
    words = ("orders", "report", not_done, "--not-done")
    assert "--reason" in place.run(*words, *ANNA, code=2)
    place.run(*words, "--reason", "no access", "--code", "other", "--unread", *ANNA)
    place.run("orders", "withdraw", withdrawn, "--unread", *ANNA)
    assert [place.order(key).state for key in (done, not_done, withdrawn)] == [
        OrderState.DONE,
        OrderState.REJECTED,
        OrderState.WITHDRAWN,
    ]
    assert sorted(place.work()) == [(WorkStep.ACKNOWLEDGE, key) for key in (done, not_done, withdrawn)]


# --- work


def test_given_parked_work_when_listed_and_released_then_it_is_due_again(place: Place) -> None:
    key = place.enter(state=OrderState.REGISTERED)
    with closing(Database(place.address)) as database, database.transaction() as tx:
        (item,) = tx.work.add(WorkStep.ACKNOWLEDGE, [key], system_clock() - timedelta(hours=1))
        tx.work.park(item, "the mapping file [8.1.1.7] is wrong")
    (piece,) = place.json("work", "list")
    assert (piece["step"], piece["subject"], piece["age_seconds"] >= 3600) == ("acknowledge", key, True)
    assert "the mapping file [8.1.1.7] is wrong" in place.run("work", "list")
    assert place.json("work", "list", "--step", "deliver") == []
    assert "no parked work has the key 99" in place.run("work", "release", 99, *ANNA, code=1)
    assert "give one KEY, or --all" in place.run("work", "release", *ANNA, code=2)
    place.run("work", "release", "--all", "--step", "acknowledge", *ANNA)
    assert place.work() == [(WorkStep.ACKNOWLEDGE, key)]
    assert "parked work goes on by Anna Nowak" in place.run("orders", "show", key)
