"""The crash matrix, brief: killed once at every crash point; and the checks themselves find what is wrong."""

from __future__ import annotations

import os
import random
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from csire_bridge.lab.chaos.checks.invariants import Expectations, Witness, violations
from csire_bridge.lab.chaos.crash_points import MEANINGS, CrashPoint
from csire_bridge.lab.chaos.matrix import run_rounds
from csire_bridge.lab.chaos.plan import SCENES, database_of, plan_round
from csire_bridge.lab.chaos.play import Outcome, open_scene
from csire_bridge.lab.chaos.world.databases import Databases, PostgresDatabases, SqliteFiles
from csire_bridge.store.database import Database
from tests.conftest import Servers

SEED = int(os.environ.get("CSIRE_TEST_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)
JOBS = 6
PASSES = 4


def test_given_kill_9_at_every_crash_point_then_nothing_is_lost_or_done_twice(tmp_path: Path, servers: Servers) -> None:
    print("seed", SEED)  # noqa: T201 - to repeat a failure
    databases: list[Databases] = [SqliteFiles(), PostgresDatabases(servers(18).address("postgres"))]
    numbers, reached = list(range(len(SCENES))), set()
    for _ in range(PASSES):
        for outcome in run_rounds(
            SEED, numbers, databases, expect=Expectations(), jobs=JOBS, place=tmp_path, brief=True
        ):
            assert outcome.found == [], f"{outcome.plan}\n{outcome.log}"
            reached |= {(outcome.plan.drama, crash.point) for crash in outcome.killed}
        missed = [n for n in numbers if _scene(n) not in reached]
        numbers = [n + len(SCENES) for n in missed]
        if not numbers:
            break
    assert reached == set(SCENES)


def _scene(number: int) -> tuple[object, object]:
    plan = plan_round(SEED, number, brief=True)
    return plan.drama, plan.crashes[0].point


def test_given_a_seed_and_a_number_then_the_plan_is_always_the_same() -> None:
    plans = [plan_round(7, number) for number in range(len(SCENES))]
    assert plans == [plan_round(7, number) for number in range(len(SCENES))]
    assert {(plan.drama, plan.crashes[0].point) for plan in plans} == set(SCENES)
    assert plans != [plan_round(8, number) for number in range(len(SCENES))]


def test_given_two_databases_then_every_scene_is_played_on_both() -> None:
    played = {(number % len(SCENES), database_of(number, 2)) for number in range(2 * len(SCENES))}
    assert len(played) == 2 * len(SCENES)


def test_given_the_crash_points_then_each_is_explained() -> None:
    assert set(MEANINGS) == set(CrashPoint)


@pytest.fixture(scope="module")
def quiet_round(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Witness, Path]]:
    """A round in which nobody was killed, and its database's file."""
    plan = replace(plan_round(1, 0), crashes=(), extras=((),))
    with open_scene(plan, SqliteFiles(), tmp_path_factory.mktemp("chaos")) as scene:
        outcome = Outcome(plan, SqliteFiles.kind)
        scene.perform(outcome)
        assert outcome.found == []
        yield scene.witness(), Path(scene.stage.database_url.removeprefix("sqlite:///"))


def tampered(quiet: tuple[Witness, Path], copy: Path, *statements: str) -> list[str]:
    """What is found once ``statements`` have spoiled a copy of the database."""
    witness, file = quiet
    with sqlite3.connect(file) as source, sqlite3.connect(copy) as target:
        source.backup(target)
        for statement in statements:
            target.execute(statement)
    database = Database(f"sqlite:///{copy}")
    found = violations(replace(witness, database=database), Expectations())
    database.close()
    return found


def test_given_a_quiet_round_then_nothing_is_found(quiet_round: tuple[Witness, Path], tmp_path: Path) -> None:
    assert tampered(quiet_round, tmp_path / "copy.db") == []


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("delete from messages where state = 'accepted' and origin like 'webhook%'", "it is not in the journal"),
        ("update messages set state = 'accepted' where state = 'duplicate'", "must be accepted once"),
        ("update messages set state = 'accepted' where state = 'refused'", "must be refused"),
        ("update messages set receipt = x'00'", "a receipt that the journal does not hold"),
        ("delete from orders where key = 1", "there is no order for it"),
        ("update orders set state = 'parked' where key = 1", "ended as parked"),
        (
            """insert into order_events (key, "order", at, state, text)
            values (9999, 1, '2026-01-01 00:00:00.000000', 'registered', 'again')""",
            "went from done to",
        ),
        ("delete from outbox where key = 1", "has 0 answers, of which the hub has 1"),
        ("update outbox set document = x'3c612f3e'", "the hub has other bytes"),
        ("update outbox set number = '8.1.1.7'", "was answered with 8.1.1.7 instead of"),
        ("update outbox set state = 'delivered'", "although the hub confirmed it"),
        ("update orders set executed_at = '2026-01-01 00:00:00.000000' where key = 1", "executed 2026-01-01"),
        ("update orders set kind = 'reconnect' where kind = 'disconnect'", "that the order does not ask for"),
        (
            """insert into work (key, step, subject, priority, due_at, attempts, parked, last_error)
            values (9999, 'deliver', 1, 0, '2026-01-01 00:00:00.000000', 0, 1, 'why')""",
            "work is left: deliver of 1, parked: why",
        ),
        (
            """insert into order_events (key, "order", at, state, text)
            values (-1, 1, '2026-01-01 00:00:00.000000', 'registered', 'the command under way is recalled')""",
            "after the hub had ended",
        ),
    ],
)
def test_given_a_wrong_database_then_it_is_found(
    quiet_round: tuple[Witness, Path], tmp_path: Path, statement: str, sentence: str
) -> None:
    found = tampered(quiet_round, tmp_path / "copy.db", statement)
    assert any(sentence in text for text in found), found


@pytest.mark.parametrize(
    ("after", "sentences"),
    [
        (timedelta(milliseconds=1), ("before the first command had ended", "had commands open at meter")),
        (timedelta(minutes=1), ("although the first command had an effect",)),
    ],
)
def test_given_a_second_command_at_the_head_end_then_it_is_found(
    quiet_round: tuple[Witness, Path], tmp_path: Path, after: timedelta, sentences: tuple[str, ...]
) -> None:
    commands = quiet_round[0].head_end.commands
    first = commands[0]
    second = replace(first, accepted_at=first.accepted_at + after, end=first.end + timedelta(minutes=2))
    commands.append(second)
    try:
        found = tampered(quiet_round, tmp_path / "copy.db")
    finally:
        commands.remove(second)
    for sentence in sentences:
        assert any(sentence in text for text in found), found


def test_given_an_answer_that_never_reached_the_hub_then_it_is_found(
    quiet_round: tuple[Witness, Path], tmp_path: Path
) -> None:
    received = quiet_round[0].hub.received
    lost = received.pop()
    try:
        found = tampered(quiet_round, tmp_path / "copy.db")
    finally:
        received.append(lost)
    assert any("of which the hub has 0" in text for text in found), found
