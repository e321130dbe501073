"""``csire-bridge points``: the registry from lists, with whom each fact is from, and how old it is."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from csire_bridge.domain.identifiers import MeteringPointCode, MeterNumber, ProcessInstanceId
from csire_bridge.domain.message.message import RegistryUpdate
from csire_bridge.domain.metering_point.facts import MeteringPoint
from csire_bridge.runtime.steady_clock import system_clock
from csire_bridge.store.database import Database
from tests.support.command import Command

POINT, OTHER = MeteringPointCode("590243856287817706"), MeteringPointCode("590243856287817713")


@pytest.fixture
def store(tmp_path: Path) -> Database:
    with closing(Database(f"sqlite:///{tmp_path / 'bridge.db'}")) as database:
        database.upgrade()
        return database


def code(index: int) -> MeteringPointCode:
    first17 = f"59000009{index:09d}"
    return MeteringPointCode.parse(first17 + MeteringPointCode.check_digit(first17))


def test_given_a_list_with_a_bad_line_then_nothing_is_written_unless_bad_lines_are_skipped(
    tmp_path: Path, store: Database, command: Command
) -> None:
    file = tmp_path / "points.csv"
    file.write_text(f"code;meter;danger_registered\n{POINT};M1;tak\n590243856287817700;M2;nie\n", "utf-8")
    words = ("points", "import", file, "--database", store.url)
    assert command(*words).returncode == 2, "nobody says who"
    done = command(*words, "--by", "Anna Nowak")
    assert done.returncode == 1
    assert "line 3: code: metering point 590243856287817700 ends with 0, but its check digit is 6" in done.stderr
    assert "nothing was written" in done.stdout
    assert command("points", "show", POINT, "--database", store.url).returncode == 1
    assert "nothing was written" in command(*words, "--skip-bad", "--dry-run").stdout
    assert "1 point written" in command(*words, "--by", "Anna Nowak", "--skip-bad").stdout
    shown = json.loads(command("points", "show", POINT, "--database", store.url, "--json").stdout)
    assert shown["facts"]["danger_registered"]["value"] is True
    assert shown["facts"]["meter"]["from"] == "import by Anna Nowak"


def test_given_a_meter_that_is_at_another_point_then_the_list_is_refused_until_it_says_what_is_there_now(
    tmp_path: Path, store: Database, command: Command
) -> None:
    with store.transaction() as tx:
        tx.points.put(MeteringPoint(code=OTHER, updated_at=system_clock(), meter=MeterNumber("M1")))
    file = tmp_path / "points.csv"
    words = ("points", "import", file, "--database", store.url, "--by", "Anna")
    file.write_text(f"code;meter\n{POINT};M1\n", "utf-8")
    done = command(*words)
    assert (done.returncode, f"the meter M1 is at point {OTHER}" in done.stderr) == (1, True)
    file.write_text(f"code;meter\n{POINT};M1\n{OTHER};M2\n", "utf-8")
    assert command(*words).returncode == 0


def test_given_facts_from_a_message_sid_and_a_list_then_each_is_shown_with_its_source_and_the_history(
    tmp_path: Path, store: Database, command: Command
) -> None:
    now, process = datetime(2026, 1, 5, 12, tzinfo=UTC), ProcessInstanceId.new()
    told = RegistryUpdate(
        process_instance=process, metering_point=POINT, effective_date=now.date(), tariff_group="G11", prepaid=False
    )
    with store.transaction() as tx:
        tx.points.record_notice(told, now)
        later = now + timedelta(days=1)
        tx.points.learn(MeteringPoint(code=POINT, updated_at=later, meter=MeterNumber("M7")), later)
    file = tmp_path / "points.csv"
    file.write_text(f"code;prepaid;effective_date\n{POINT};tak;2026-02-01\n", "utf-8")
    assert command("points", "import", file, "--database", store.url, "--by", "Anna").returncode == 0
    file.write_text(f"code;tariff_group;effective_date\n{POINT};G12;2099-01-01\n", "utf-8")
    assert command("points", "import", file, "--database", store.url, "--by", "Jan").returncode == 0
    with store.transaction() as tx:
        tx.points.switched_all([(POINT, False, system_clock())], system_clock())
    facts = json.loads(command("points", "show", POINT, "--database", store.url, "--json").stdout)
    sources = {name: (fact["value"], fact["from"]) for name, fact in facts["facts"].items()}
    assert sources == {
        "tariff_group": ("G11", f"message of process {process}"),
        "meter": ("M7", "SID"),
        "prepaid": (True, "import by Anna"),
        "connected": (False, "found in an execution, or entered by other means"),
    }
    assert len(facts["history"]) == 4
    words = command("points", "show", POINT, "--database", store.url).stdout
    assert "import by Jan, from 2099-01-01 on: tariff_group G12 (does not hold yet)" in words


def test_given_points_of_different_age_then_the_old_ones_are_listed(store: Database, command: Command) -> None:
    now = system_clock()
    with store.transaction() as tx:
        for point, days in ((POINT, 400), (OTHER, 10)):
            then = now - timedelta(days=days)
            tx.points.learn(MeteringPoint(code=point, updated_at=then, meter=MeterNumber("M")), then)
        tx.points.switched_all([(POINT, True, now)], now)
    listed = command("points", "list", "--older-than", 365, "--database", store.url).stdout
    assert POINT in listed
    assert OTHER not in listed


def test_given_5_000_lines_when_imported_twice_then_each_counts_twice(
    tmp_path: Path, store: Database, command: Command
) -> None:
    file = tmp_path / "points.csv"
    lines = (f"{code(n)};M{n};CK0201;nie" for n in range(5_000))
    file.write_text("code;meter;meter_kind;danger_registered\n" + "\n".join(lines), "utf-8")
    for _ in range(2):
        done = command("points", "import", file, "--database", store.url, "--by", "Anna")
        assert (done.returncode, done.stderr) == (0, "")
    with store.read_transaction() as tx:
        assert tx.points.get(code(4_999)) is not None
        assert len(tx.points.history(code(0))) == 2
