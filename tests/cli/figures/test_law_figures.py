"""``stats law``, ``stats clocks`` and the clocks of ``orders show``, as people and programs use them."""

from __future__ import annotations

import csv
import json
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from csire_bridge.domain.clock import WARSAW
from csire_bridge.domain.identifiers import MeteringPointCode, MeterNumber
from csire_bridge.domain.metering_point.facts import MeteringPoint
from csire_bridge.domain.order.order import DisconnectionKind, NotDelivered, OrderKind, OrderState
from csire_bridge.runtime.steady_clock import system_clock
from csire_bridge.store.database import Database
from tests.support.command import Command
from tests.support.store import add_order

NOW = system_clock() - timedelta(hours=4)
MONTH = NOW.astimezone(WARSAW).strftime("%Y-%m")
STATIONS = ("=S1+1", "S2")


def code(number: int) -> MeteringPointCode:
    return MeteringPointCode(f"590{number:015d}")


@pytest.fixture
def store(tmp_path: Path) -> Database:
    with closing(Database(f"sqlite:///{tmp_path / 'bridge.db'}")) as database:
        database.upgrade()
        with database.transaction() as tx:
            for n, station in enumerate(STATIONS):
                meter = MeterNumber(f"M{n}")
                tx.points.put(MeteringPoint(code=code(n), updated_at=NOW, meter=meter, station=station))
        prepaid = {"disconnection_kind": DisconnectionKind.PREPAID, "registered_at": NOW, "first_given_at": NOW}
        add_order(database, metering_point=code(0), state=OrderState.DONE, delivered_at=NOW, executed_at=NOW, **prepaid)
        add_order(database, metering_point=code(1), state=OrderState.FIELD_WORK, **prepaid)
        late = {"undelivered_at": NOW, "undelivered_why": NotDelivered.TIMED_OUT}
        add_order(database, metering_point=code(1), kind=OrderKind.RECONNECT, registered_at=NOW, **late)
        return database


def test_given_a_month_then_people_see_the_share_the_causes_and_what_is_below(
    store: Database, command: Command
) -> None:
    done = command("stats", "law", "--month", MONTH, "--database", store.url)
    assert done.returncode == 0, done.stderr
    words = " ".join(done.stdout.split())
    assert "par. 16(5)" in words, "the rule is named with its source"
    assert "2 groups with commands, 1 below 95 %" in words
    assert "50.00% (1 of 2) in time" in words
    assert "1 waiting" in words


def test_given_csv_then_each_group_is_a_line_and_no_name_is_a_formula(
    store: Database, command: Command, tmp_path: Path
) -> None:
    file = tmp_path / "month.csv"
    done = command("stats", "law", "--month", MONTH, "--csv", str(file), "--database", store.url)
    assert done.returncode == 0, done.stderr
    with file.open(encoding="utf-8-sig", newline="") as stream:
        lines = list(csv.DictReader(stream, delimiter=";"))
    assert [line["station"] for line in lines] == ["'=S1+1", "S2"]
    columns = ("commands", "in-time", "waiting", "share_percent", "below")
    assert [tuple(line[name] for name in columns) for line in lines] == [
        ("1", "1", "0", "100.0", "no"),
        ("1", "0", "1", "0.0", "yes"),
    ]
    said = command("stats", "law", "--month", MONTH, "--csv", "-", "--database", store.url).stdout
    assert said == file.read_text("utf-8-sig")


def test_given_json_then_a_program_reads_groups_and_quality(store: Database, command: Command) -> None:
    told = json.loads(command("stats", "law", "--month", MONTH, "--json", "--database", store.url).stdout)
    assert [(group["station"], group["share"]) for group in told["groups"]] == [("=S1+1", 1.0), ("S2", 0.0)]
    assert told["quality"]["completeness"]["count"] == 0


@pytest.mark.parametrize(
    ("month", "code", "said"), [("2026-13", 2, "no month such as"), ("2020-01", 1, "no rule of the law")]
)
def test_given_a_month_that_can_not_be_then_it_is_refused_in_words(
    store: Database, command: Command, month: str, code: int, said: str
) -> None:
    done = command("stats", "law", "--month", month, "--database", store.url)
    assert done.returncode == code
    assert said in done.stderr


def test_given_orders_then_stats_say_for_each_clock_what_was_kept_and_what_runs(
    store: Database, command: Command
) -> None:
    told = json.loads(command("stats", "clocks", "--month", MONTH, "--json", "--database", store.url).stdout)
    found = {line["rule"]: (line["kept"], line["missed"], line["running"], line["dropped"]) for line in told}
    assert found == {"prepaid-working-day": (1, 0, 1, 0), "undelivered-high-priority": (0, 0, 1, 0)}
    words = command("stats", "--database", store.url).stdout
    assert "undelivered-high-priority" in words
    assert "Execution times" in words


def test_given_an_order_then_show_names_every_clock_with_what_is_left(store: Database, command: Command) -> None:
    words = " ".join(command("orders", "show", "3", "--database", store.url).stdout.split())
    assert "clock undelivered-high-priority: from" in words
    assert " left " in words
    assert "par. 16(6)-(7)" in words
    (clock,) = json.loads(command("orders", "show", "3", "--json", "--database", store.url).stdout)["clocks"]
    assert (clock["rule"], clock["fate"]) == ("undelivered-high-priority", "running")
    assert 19 * 3600 < clock["seconds_left"] <= 20 * 3600


def test_given_a_loosened_clock_then_show_says_who_decided_it(
    store: Database, command: Command, tmp_path: Path
) -> None:
    config = tmp_path / "bridge.toml"
    rule = 'rule = "prepaid-working-day"\nby = "Anna Nowak"\nwhy = "the board, 3.11.2026"'
    config.write_text(f'database = "{store.url}"\n[[law.loosened]]\n{rule}\n', "utf-8")
    words = command("orders", "show", "2", "--config", str(config)).stdout
    assert "clock prepaid-working-day: not applied, by decision of Anna Nowak: the board" in words
