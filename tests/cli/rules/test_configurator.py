"""``csire-bridge configurator`` as people and programs use it, within this process."""

from __future__ import annotations

import json
import sys
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from csire_bridge.cli.main import run
from csire_bridge.domain.identifiers import MessageId
from csire_bridge.domain.metering_point.facts import MeteringPoint
from csire_bridge.domain.order.order import OrderState, Outcome
from csire_bridge.domain.protection import NOT_PROTECTED
from csire_bridge.runtime.steady_clock import system_clock
from csire_bridge.store.database import Database
from tests.support.rules import DEBT

NOW = system_clock().replace(microsecond=0)
DAY = timedelta(days=1)
WAIT = "# two days\nrules:\n  - for: {kind: disconnect}\n    wait_days: 2\n    text: 'Punkt {metering_point}'\n"
WHO = ("--by", "Anna Nowak", "--why", "skargi")


class Place:
    """A folder with a database and a rule file."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch, printed: pytest.CaptureFixture[str]) -> None:
        self.folder, self._patch, self._printed = folder, patch, printed
        self.address = f"sqlite:///{folder / 'bridge.db'}"
        self.file = folder / "rules.yaml"
        self.file.write_text(WAIT, "utf-8")
        with closing(Database(self.address)) as database:
            database.upgrade()

    def run(self, *words: object, code: int = 0) -> str:
        """What ``csire-bridge configurator`` prints; it must end with ``code``."""
        line = ["csire-bridge", "configurator", *map(str, words)]
        self._patch.setattr(sys, "argv", line if "--help" in line else [*line, "--database", self.address])
        with pytest.raises(SystemExit) as ended:
            run()
        said = "".join(self._printed.readouterr())
        assert (ended.value.code or 0) == code, said
        assert "failed" not in said
        return said

    def json(self, *words: object) -> Any:
        return json.loads(self.run(*words, "--json"))

    def add_orders(self) -> tuple[int, int]:
        waits = replace(DEBT, source_message=MessageId.new(), registered_at=NOW, not_before=NOW)
        done = replace(
            waits,
            source_message=MessageId.new(),
            state=OrderState.DONE,
            outcome=Outcome.DISCONNECTED,
            registered_at=NOW - 9 * DAY,
            submitted_at=NOW - 9 * DAY,
            executed_at=NOW - 9 * DAY + timedelta(minutes=4),
        )
        with closing(Database(self.address)) as database, database.transaction() as tx:
            tx.points.put(MeteringPoint(code=DEBT.metering_point, updated_at=NOW, protection=NOT_PROTECTED))
            first, second = tx.orders.add([waits, done], NOW)
        return first, second


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Place:
    return Place(tmp_path, monkeypatch, capsys)


def test_given_no_rule_set_when_shown_then_the_default_is_told_and_can_be_exported_once(place: Place) -> None:
    file = place.folder / "out.yaml"
    said = place.run("show", "--export", file)
    assert "this is the default" in said
    assert "all other orders: sent at once" in said
    assert "no rule set was entered" in place.run("history")
    assert "there already" in place.run("show", "--export", file, code=2)
    place.run("preview", file)


def test_given_a_rule_set_when_entered_then_it_is_shown_exported_and_stands_in_the_history(place: Place) -> None:
    place.run("set", place.file, "--from", "now", *WHO)
    place.file.write_text(WAIT.replace("2", "3"), "utf-8")
    tomorrow = (NOW + DAY).isoformat()
    assert "rule set 2 holds from" in place.run("set", place.file, "--from", tomorrow, *WHO)
    exported = place.folder / "out.yaml"
    said = place.run("show", "--export", exported)
    assert "Rule set 1, since" in said
    assert "waits after registration: 2 days" in said
    assert "text: Punkt {metering_point}" in said
    assert exported.read_text("utf-8") == WAIT
    assert "waits after registration: 3 days" in place.run("show", "--at", tomorrow)
    entries = place.json("history")
    assert [(e["key"], e["entered_by"], e["why"], e["in_force"]) for e in entries] == [
        (1, "Anna Nowak", "skargi", True),
        (2, "Anna Nowak", "skargi", False),
    ]
    assert "in-force" in place.run("history")


def test_given_orders_when_previewed_then_those_that_move_and_the_buckets_are_told_and_nothing_is_entered(
    place: Place,
) -> None:
    waits, _ = place.add_orders()
    found = place.json("preview", place.file)
    assert [(one["order"], one["past_deadline"]) for one in found["moved"]] == [(waits, False)]
    assert found["moved"][0]["after"]["text"].startswith("sent ")
    (past,) = found["past"]
    assert (past["before"]["up to 15 min"], past["after"]["over 3 h"]) == (1, 1)
    said = place.run("preview", place.file)
    assert "1 waiting order would move" in said
    assert "would be" in said
    assert place.json("history") == []
    assert "no order was executed in the last 3 days" in place.run("preview", place.file, "--days", "3")


def test_given_a_rule_set_that_contradicts_itself_when_entered_then_refused_with_line_and_reason(place: Place) -> None:
    place.file.write_text(WAIT + "    try_days: 1\n", "utf-8")
    for command in (("set", place.file, "--from", "now", *WHO), ("preview", place.file)):
        said = place.run(*command, code=2)
        assert "rules.yaml, line 6, key rules.0.try_days" in said
        assert "docs/configurator.md" in said
    assert place.json("history") == []


@pytest.mark.parametrize(
    ("moment", "told"),
    [
        ("2020-01-01", "is past"),
        ("tomorrow", "is no moment"),
        ("2027-10-31T02:30", "clocks change then"),
        ("2027-03-28T02:30", "clocks change then"),
    ],
)
def test_given_a_moment_that_can_not_be_when_entered_then_exit_2_and_a_sentence(
    place: Place, moment: str, told: str
) -> None:
    said = place.run("set", place.file, "--from", moment, *WHO, code=2)
    assert told in " ".join(said.replace("│", " ").split())


def test_given_a_deadline_of_the_settings_when_checked_then_it_counts(place: Place) -> None:
    place.file.write_text("rules:\n  - for: {kind: parametrisation}\n    hours: {every-day: none}\n", "utf-8")
    place.run("preview", place.file)
    config = place.folder / "bridge.toml"
    config.write_text('[deadlines.within]\nparametrisation = "5 days"\n', "utf-8")
    assert "have a deadline: 5 days" in place.run("preview", place.file, "--config", config, code=2)


@pytest.mark.parametrize("name", ["set", "show", "history", "preview"])
def test_given_help_then_each_command_shows_an_example(place: Place, name: str) -> None:
    assert f"csire-bridge configurator {name}" in place.run(name, "--help")
