"""Complaints on the command line: recorded with their day, decided, disputed, and shown with what counts."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from csire_bridge.domain.clock import WARSAW
from csire_bridge.domain.order.order import OrderState
from csire_bridge.runtime.steady_clock import system_clock
from tests.support.operating import ANNA, POINT, Place

JAN = ("--by", "Jan Kowalski", "--why", "a letter")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def day(days: int) -> str:
    return (system_clock().astimezone(WARSAW).date() + timedelta(days=days)).isoformat()


def lodge(place: Place, *words: object) -> int:
    return int(place.json("hold", "set", POINT, "--kind", "complaint", *words, *ANNA)["key"])


def words(text: str) -> str:
    return " ".join(text.replace("│", " ").split())


def test_given_a_complaint_when_it_is_recorded_then_its_times_and_the_orders_that_it_meets_are_told(
    place: Place,
) -> None:
    order = place.enter(state=OrderState.FIELD_WORK)
    said = place.run("hold", "set", POINT, "--kind", "complaint", "--lodged", day(-2), *ANNA)
    assert f"the complaint of {day(-2)} is not decided; it counts as upheld from {day(12)} 00:00" in said
    assert "are left to decide" in said
    assert f"order {order} (disconnect) is field-work: call the people back" in said
    listed = place.run("hold", "list")
    assert f"counts as upheld from {day(12)} 00:00" in listed
    assert "the supply must be back" not in listed


def test_given_a_complaint_after_the_cut_then_it_is_told_by_when_the_supply_must_be_back(place: Place) -> None:
    lodge(place, "--lodged", day(-1), "--after-cut")
    assert f"the supply must be back by {day(2)} 00:00" in place.run("hold", "list")
    (hold,) = place.json("hold", "list")["holds"]
    assert hold["complaint"]["standing"] == "open"
    assert hold["complaint"]["supply_back_by"] is not None


def test_given_a_rejection_and_then_a_dispute_then_the_list_shows_what_stands_and_who_said_so(place: Place) -> None:
    key = lodge(place)
    assert "was rejected" in place.run("hold", "decide", key, "--rejected", *JAN)
    (hold,) = place.json("hold", "list")["holds"]
    assert (hold["holds"], hold["complaint"]["standing"]) == (False, "rejected")
    assert "over: the complaint" in place.run("hold", "list")
    order = place.enter()
    said = place.run("hold", "dispute", key, *ANNA)
    assert "is disputed before the coordinator; it holds until it is released" in said
    assert "entered by Jan Kowalski: a letter" in said
    assert f"order {order} (disconnect) is parked" in said
    assert place.json("hold", "list")["holds"][0]["holds"] is True
    assert place.json("hold", "release", key, *JAN)["holds"] is False
    assert "was released by Jan" in place.run("hold", "decide", key, "--upheld", *JAN, code=1)


def test_given_an_old_complaint_then_alerts_tell_of_it_until_it_is_decided_and_a_rejection_comes_too_late(
    place: Place,
) -> None:
    key = lodge(place, "--lodged", day(-15))
    assert "complaint-upheld" in place.run("alerts", code=1)
    assert "counts as upheld" in words(place.run("hold", "decide", key, "--rejected", *JAN, code=1))
    assert "was upheld; it holds until it is released" in place.run("hold", "decide", key, "--upheld", *JAN)
    assert "complaint-upheld" not in place.run("alerts", code=1)


def test_given_an_order_at_the_point_when_it_is_shown_then_the_complaint_is_with_it(place: Place) -> None:
    order = place.enter()
    lodge(place)
    assert f"complaint key 1, lodged {day(0)} 00:00" in place.run("orders", "show", order)


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (("--kind", "complaint", "--lodged", day(3)), 1, "is still to come"),
        (("--kind", "complaint", "--lodged", "yesterday"), 2, "is no moment"),
        (("--kind", "complaint", "--days", 14), 2, "a complaint does not end by time"),
        (("--kind", "complaint", "--until", "2030-01-01"), 2, "a complaint does not end by time"),
        (("--kind", "protection", "--lodged", day(0)), 2, "are for --kind complaint"),
        (("--kind", "emergency", "--after-cut"), 2, "are for --kind complaint"),
    ],
)
def test_given_a_complaint_that_makes_no_sense_then_it_is_said_and_nothing_is_held(
    place: Place, options: tuple[object, ...], code: int, said: str
) -> None:
    assert said in words(place.run("hold", "set", POINT, *options, *ANNA, code=code))
    assert "nothing is held" in place.run("hold", "list")


@pytest.mark.parametrize("options", [(), ("--upheld", "--rejected")])
def test_given_no_decision_or_two_then_it_is_said(place: Place, options: tuple[str, ...]) -> None:
    key = lodge(place)
    assert "give --upheld or --rejected" in words(place.run("hold", "decide", key, *options, *JAN, code=2))


def test_given_no_reason_then_a_decision_and_a_dispute_are_refused(place: Place) -> None:
    key = lodge(place)
    for command in (("decide", key, "--rejected"), ("dispute", key)):
        assert "--why is missing" in words(place.run("hold", *command, "--by", "Jan", code=2))
