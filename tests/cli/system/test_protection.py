"""``csire-bridge points protect``, ``unprotect``, ``protection``: personal data is shown to whoever says why."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from csire_bridge.domain.clock import WARSAW
from csire_bridge.domain.identifiers import MeteringPointCode, MeterNumber
from csire_bridge.domain.metering_point.facts import MeteringPoint
from csire_bridge.runtime.steady_clock import system_clock
from csire_bridge.store.database import Database
from tests.support.command import Command

POINT = MeteringPointCode("590243856287817706")
BY = ("--by", "Anna Nowak", "--why", "housing benefit, decision 17/2026")
TODAY = datetime.now(UTC).astimezone(WARSAW).date()


@pytest.fixture
def store(tmp_path: Path) -> Database:
    with closing(Database(f"sqlite:///{tmp_path / 'bridge.db'}")) as database:
        database.upgrade()
        with database.transaction() as tx:
            tx.points.put(MeteringPoint(code=POINT, updated_at=system_clock(), meter=MeterNumber("M1")))
        return database


def test_given_a_protected_household_then_the_kind_is_masked_everywhere_but_for_who_asks_and_says_why(
    store: Database, command: Command
) -> None:
    where = ("--database", store.url)
    until = (TODAY + timedelta(days=90)).isoformat()
    done = command("points", "protect", POINT, "--kind", "home-ventilation", "--until", until, *BY, *where)
    assert done.returncode == 0, done.stderr
    assert "home-ventilation" not in done.stdout
    for shown in (command("points", "show", POINT, *where), command("points", "show", POINT, "--json", *where)):
        assert "masked" in shown.stdout
        assert "home-ventilation" not in shown.stdout
    refused = command("points", "protection", POINT, *where)
    assert (refused.returncode, "home-ventilation" in refused.stdout) == (2, False)
    read = command("points", "protection", POINT, "--by", "Jan Kowalski", "--why", "complaint 17", *where)
    assert f"home-ventilation until {until}" in read.stdout
    with store.read_transaction() as tx:
        (entry,) = [one.entry for one in tx.audit.page(act="protection.read")]
        kept = [one.entry for one in tx.audit.page(act="protection.")]
    assert (entry.subject, entry.actor, entry.why) == (f"point {POINT}", "Jan Kowalski", "complaint 17")
    assert not any("home-ventilation" in str(one) for one in kept)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("protect", POINT, "--kind", "vulnerable", "--until", "2020-01-01"), 1, "is past"),
        (("protect", POINT, "--kind", "vulnerable", "--until", "2027-02-30"), 2, "is no date"),
        (("protect", POINT, "--kind", "rich"), 2, "rich"),
        (("protect", "590015710563817868", "--kind", "vulnerable"), 1, "is not known"),
        (("unprotect", "590015710563817868"), 1, "is not known"),
    ],
)
def test_given_a_protection_that_can_not_be_then_it_is_refused_with_the_reason(
    store: Database, command: Command, words: tuple[str, ...], code: int, said: str
) -> None:
    done = command("points", *words, *BY, "--database", store.url)
    assert done.returncode == code, done.stdout
    assert said in done.stderr
    assert "Traceback" not in done.stderr


LIST = """code;protected;protected_until;effective_date
590243856287817706;vulnerable;{later};
590015710563817868;vulnerable;{before};
590000071180937468;vulnerable;;{later}
590000006968184338;nie;{later};
590000089813600504;bogaty;;
590243856287817713;home-ventilation;{later};{before}
590243856287817720;;{later};
"""


def test_given_a_list_then_a_wrong_protection_is_refused_with_the_reason_and_the_others_are_kept(
    tmp_path: Path, store: Database, command: Command
) -> None:
    later, before = TODAY + timedelta(days=30), TODAY - timedelta(days=30)
    file = tmp_path / "protected.csv"
    file.write_text(LIST.format(later=later, before=before), "utf-8")
    words = ("points", "import", file, "--by", "Anna Nowak", "--skip-bad", "--database", store.url)
    done = command(*words)
    assert "2 points written" in done.stdout
    for line, text in (
        (3, "before it begins"),
        (4, "is to come"),
        (5, "is not protected"),
        (6, "bogaty"),
        (8, "the column protected is empty"),
    ):
        assert any(f"line {line}:" in told and text in told for told in done.stderr.splitlines()), (line, done.stderr)
    with store.read_transaction() as tx:
        known = tx.points.get(POINT)
        since_before = tx.points.get(MeteringPointCode("590243856287817713"))
    assert known is not None and known.protection == f"vulnerable until {later}"
    assert since_before is not None and since_before.protection == f"home-ventilation until {later}"


def test_given_a_database_without_an_order_then_explain_says_so_in_a_sentence(
    store: Database, command: Command
) -> None:
    done = command("orders", "explain", "1", "--database", store.url)
    assert (done.returncode, "there is no order 1" in done.stderr) == (1, True)


def test_given_no_decision_about_unknown_households_then_alerts_begins_with_what_holds(
    store: Database, command: Command
) -> None:
    told = json.loads(command("alerts", "--json", "--database", store.url).stdout)
    assert [alert["kind"] for alert in told] == ["protection-undecided"]
