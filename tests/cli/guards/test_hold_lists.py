"""``hold set --file``: many points at once; what is unclear is told line by line."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from csire_bridge.cli.guards import new_holds
from csire_bridge.cli.guards.new_holds import NewHold
from csire_bridge.domain.errors import StoreFailure
from csire_bridge.domain.identifiers import MeteringPointCode, MeterNumber
from csire_bridge.domain.metering_point.facts import MeteringPoint
from csire_bridge.domain.metering_point.holds import Hold
from csire_bridge.domain.order.order import Order, OrderState
from csire_bridge.pipeline.operator.points.point_picks import listed_words
from csire_bridge.runtime.steady_clock import system_clock
from csire_bridge.store.database import Database
from csire_bridge.store.unit_of_work import UnitOfWork
from tests.support.operating import ANNA, POINT, Place

OTHER, THIRD = (MeteringPointCode.parse(code) for code in ("590015710563817868", "590000071180937468"))
UNKNOWN = "590000047891571482"
SHARED = MeterNumber("SHARED1")
EMERGENCY = ("--kind", "emergency", *ANNA)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Three known points; two of them claim one meter."""
    made = Place(tmp_path)
    made.enter(POINT, state=OrderState.REGISTERED, detail=None, meter=MeterNumber("OWN1"))
    with closing(Database(made.address)) as database, database.transaction() as tx:
        for code, meter in ((POINT, MeterNumber("OWN1")), (OTHER, SHARED), (THIRD, SHARED)):
            tx.points.put(MeteringPoint(code=code, updated_at=system_clock(), meter=meter))
    return made


def listed(place: Place, *lines: str) -> Path:
    file = place.config.with_name("list.csv")
    file.write_text("\n".join(lines), "utf-8")
    return file


def test_given_a_list_with_unclear_lines_then_each_is_told_and_nothing_is_held(place: Place) -> None:
    file = listed(place, "code;street", f"{POINT};Meadow 1", UNKNOWN, SHARED, "59002438562878E+17", POINT)
    said = place.run("hold", "set", "--file", file, *EMERGENCY, code=1)
    assert "1 point found, 1 unknown, 1 wrong, 1 ambiguous" in said
    assert f"unknown: {UNKNOWN}: no such metering point is known" in said
    assert "what a spreadsheet makes of a code" in said
    assert f"ambiguous: {SHARED}: that meter is at {THIRD}, {OTHER}" in said
    assert f"named twice: {POINT}" in said
    assert "nothing was held" in said
    assert "--only-found" in said
    assert place.json("hold", "list")["holds"] == []


def test_given_only_found_then_what_is_found_is_held_and_open_orders_there_are_told(place: Place) -> None:
    file = listed(place, "OWN1", UNKNOWN)
    told = place.json("hold", "set", "--file", file, "--kind", "protection", *ANNA, "--only-found")
    assert (told["found"], list(told["unknown"])) == ([POINT], [UNKNOWN])
    [hold] = place.json("hold", "list")["holds"]
    assert (hold["metering_point"], hold["kind"], hold["by"]) == (POINT, "protection", "Anna Nowak")
    assert [len(held["orders"]) for held in told["held"]] == [1]


def test_given_a_dry_run_then_the_preview_says_what_is_held_already_and_nothing_changes(place: Place) -> None:
    place.run("hold", "set", POINT, *EMERGENCY)
    said = place.run("hold", "set", "--file", listed(place, POINT, OTHER), *EMERGENCY, "--dry-run")
    assert "2 points found, 0 unknown, 0 wrong, 0 ambiguous" in said
    assert f"held already: {POINT}" in said
    assert len(place.json("hold", "list")["holds"]) == 1


def test_given_a_good_list_then_all_of_it_is_held(place: Place) -> None:
    said = place.run("hold", "set", "--file", listed(place, POINT, OTHER, THIRD), *EMERGENCY, "--days", "2")
    assert "3 points held" in said
    assert len(place.json("hold", "list")["holds"]) == 3


def test_given_an_interruption_then_what_was_held_stays_and_the_same_command_goes_on(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(new_holds, "_AT_ONCE", 1)
    file, begun, really = listed(place, POINT, OTHER, THIRD), [], NewHold.enter

    def enter(new: NewHold, tx: UnitOfWork, code: MeteringPointCode) -> tuple[Hold, list[Order]]:
        begun.append(code)
        if len(begun) == 3:
            raise StoreFailure("the disk is full", "make room")
        return really(new, tx, code)

    monkeypatch.setattr(NewHold, "enter", enter)
    said = place.run("hold", "set", "--file", file, *EMERGENCY, "--days", "2", code=3)
    assert "2 of 3 points held -> give the same command again: it goes on" in said
    assert "the disk is full" in said
    assert len(place.json("hold", "list")["holds"]) == 2
    said = place.run("hold", "set", "--file", file, *EMERGENCY, "--days", "2")
    assert "1 point held" in said
    assert "2 points had this hold of yours already" in said
    assert len(place.json("hold", "list")["holds"]) == 3


def test_given_points_held_by_another_person_or_for_another_reason_then_they_get_this_hold_too(place: Place) -> None:
    file = listed(place, POINT)
    place.run("hold", "set", "--file", file, "--kind", "emergency", "--by", "Jan", "--why", "field test")
    place.run("hold", "set", "--file", file, "--kind", "emergency", "--by", "Anna Nowak", "--why", "fire")
    place.run("hold", "set", "--file", file, *EMERGENCY)
    place.run("hold", "set", "--file", file, *EMERGENCY, "--days", "2")
    place.run("hold", "set", "--file", file, *EMERGENCY, "--days", "3")
    assert len(place.json("hold", "list")["holds"]) == 5


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--kind", "emergency"), "give one POINT, or --file"),
        ((POINT,), "--kind is missing: one of complaint"),
        ((POINT, "--kind", "emergency", "--only-found"), "are for --file"),
    ],
)
def test_given_wrong_use_then_a_sentence(place: Place, words: tuple[str, ...], sentence: str) -> None:
    assert sentence in place.run("hold", "set", *words, *ANNA, code=2)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"{POINT}\n{OTHER}\n\n", [POINT, OTHER]),
        (f"code\n{POINT}", [POINT]),
        (f"street,PPE\nMeadow,{POINT}\nField", [POINT, ""]),
        (f'"{POINT}";x', [POINT]),
        ("", []),
    ],
)
def test_given_a_pasted_list_then_the_codes_are_taken_from_their_column(text: str, words: list[str]) -> None:
    assert listed_words(text) == words
