"""What several batches under way at once see of an outage is told once, and none of it is lost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from csire_bridge.domain.circuit import Circuit, CircuitPolicy
from csire_bridge.domain.errors import OutcomeUnknown
from csire_bridge.domain.identifiers import MeterNumber
from csire_bridge.pipeline.outage import CIRCUIT, Outage
from csire_bridge.store.database import Database

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
METERS = [MeterNumber(f"ANY{number}") for number in range(10)]
SILENCE = OutcomeUnknown("no answer", "read the contactor")


class Batches:
    def __init__(self, database: Database) -> None:
        self.database, self.outage = database, Outage(CircuitPolicy(threshold=5))
        self.calls = 0

    def begin(self) -> int:
        """How many of ten calls may go."""
        with self.database.transaction() as tx:
            return len(self.outage.through(tx, METERS, NOW)[0])

    def saw(self, *results: object) -> None:
        """Calls to different meters, one after the other."""
        for result in results:
            self.calls += 1
            self.outage.saw(result, MeterNumber(f"M{self.calls}"), self.outage.begins(), NOW)

    def settle(self) -> Circuit:
        with self.database.transaction() as tx:
            self.outage.settle(tx, NOW)
        self.outage.told()
        with self.database.looking() as tx:
            return tx.guards.circuit(CIRCUIT)


@pytest.fixture
def batches(tmp_path: Path) -> Iterator[Batches]:
    with closing(Database(f"sqlite:///{tmp_path / 'bridge.db'}")) as database:
        database.upgrade()
        yield Batches(database)


def test_given_two_batches_under_way_when_both_settle_then_each_failure_counts_once(batches: Batches) -> None:
    assert batches.begin() == 10
    batches.saw(SILENCE, SILENCE)
    assert batches.begin() == 10
    batches.saw(SILENCE)
    assert batches.settle().failures == 3
    assert batches.settle().failures == 3


def test_given_an_outage_when_another_batch_begins_then_what_is_left_still_does_not_try(batches: Batches) -> None:
    batches.begin()
    batches.saw(*[SILENCE] * 5)
    assert batches.outage.found
    batches.begin()
    assert batches.outage.found
    assert batches.settle().open
    assert batches.begin() == 0, "the circuit is open for all nodes"


def test_given_a_settling_that_was_rolled_back_then_what_was_seen_is_told_by_the_next(batches: Batches) -> None:
    batches.begin()
    batches.saw(SILENCE, SILENCE)
    with pytest.raises(RuntimeError), batches.database.transaction() as tx:
        batches.outage.settle(tx, NOW)
        raise RuntimeError("the disk is full")
    assert batches.settle().failures == 2


def test_given_an_answer_then_what_failed_before_it_counts_no_more(batches: Batches) -> None:
    batches.begin()
    batches.saw(SILENCE, SILENCE)
    batches.settle()
    batches.begin()
    batches.saw(SILENCE, None)
    assert batches.settle().failures == 0
