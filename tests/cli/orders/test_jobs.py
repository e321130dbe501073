"""Acts on lists by commands: planned, seen, started; another person approves."""

from __future__ import annotations

from pathlib import Path

import pytest

from csire_bridge.domain.order.order import OrderState
from tests.support.operating import POINT, Place

ANNA = ("--by", "Anna Nowak", "--why", "the meter was exchanged")
JAN = ("--by", "Jan Kowalski", "--why", "seen")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """One order that waits for a person."""
    made = Place(tmp_path)
    made.enter(POINT, state=OrderState.PARKED)
    return made


def test_an_act_is_planned_seen_started_and_cancelled(place: Place) -> None:
    planned = place.json("jobs", "plan", "retry", "1", *ANNA)
    assert (planned["state"], planned["would_do"]) == ("ready", 1)
    assert planned["items"][0]["foreseen"].endswith("back to the queue")
    said = place.run("jobs", "start", "1", "--count", "2", *ANNA, code=1)
    assert "would do 1 things, and 2 were expected" in said
    assert place.json("jobs", "start", "1", "--count", "1", *ANNA)["state"] == "running"
    assert "retry" in place.run("jobs", "list")
    assert "back to the queue" in place.run("jobs", "show", "1")
    assert place.json("jobs", "cancel", "1", *ANNA)["left"] == 1
    assert "no job" in place.run("jobs", "list")


def test_a_list_is_planned_from_a_file_and_what_is_unknown_is_told(place: Place) -> None:
    file = place.config.with_name("list.csv")
    file.write_text(f"code\n{POINT}\nnobody\n", "utf-8")
    told = place.json("jobs", "plan", "hold", "--file", file, "--hold", "emergency", *ANNA)
    assert (told["count"], list(told["left_out"])) == (1, ["nobody"])


def test_with_the_setting_another_person_approves(place: Place) -> None:
    with place.config.open("a", encoding="utf-8") as file:
        file.write('\n[jobs]\nsecond_person_for = ["stop-lift"]\n')
    place.run("stop", *ANNA)
    assert "needs a second person" in place.run("go", *ANNA, code=1)
    place.run("jobs", "plan", "lift-stop", *ANNA)
    assert place.json("jobs", "start", "1", "--count", "1", *ANNA)["state"] == "waiting"
    same = place.run("jobs", "approve", "1", "--count", "1", "--by", " anna NOWAK", "--why", "me", code=1)
    assert "somebody else must decide" in same
    assert place.json("jobs", "approve", "1", "--count", "1", *JAN)["state"] == "running"
