"""What several batches under way at once see of an outage is told once, and none of it is lost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from csire_bridge.domain.errors import HeadEndUnreachable, OutcomeUnknown
from csire_bridge.domain.identifiers import MeterNumber
from csire_bridge.domain.operations.alerts import AlertKind
from csire_bridge.domain.operations.circuit_breaker import Circuit
from csire_bridge.pipeline.execute.circuit import CIRCUIT, HeadEndCircuit
from csire_bridge.store.database import Database
from csire_bridge.worker.alert_job import Watch
from csire_bridge.worker.queue_silence import Silence
from tests.support.alerts import open_alerts
from tests.support.defaults import EXECUTION, PARTNER_WAIT, RESULT_WAIT

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
METERS = [MeterNumber(f"ANY{number}") for number in range(10)]
SILENCE = OutcomeUnknown("no answer", "read the contactor")


class Batches:
    def __init__(self, database: Database) -> None:
        self.database, self.circuit = database, HeadEndCircuit(EXECUTION.circuit)
        self.calls = 0

    def begin(self) -> int:
        """How many of ten calls may go."""
        with self.database.transaction() as tx:
            return len(self.circuit.admit(tx, METERS, NOW)[0])

    def record(self, *results: object) -> None:
        """Calls to different meters, one after the other."""
        for result in results:
            self.calls += 1
            self.circuit.record(result, MeterNumber(f"M{self.calls}"), self.circuit.begins(), NOW)

    def settle(self) -> Circuit:
        with self.database.transaction() as tx:
            self.circuit.settle(tx, NOW)
        self.circuit.mark_committed()
        with self.database.read_transaction() as tx:
            return tx.guards.circuit(CIRCUIT)


@pytest.fixture
def batches(tmp_path: Path) -> Iterator[Batches]:
    with closing(Database(f"sqlite:///{tmp_path / 'bridge.db'}")) as database:
        database.upgrade()
        yield Batches(database)


def test_given_two_batches_under_way_when_both_settle_then_each_failure_counts_once(batches: Batches) -> None:
    assert batches.begin() == 10
    batches.record(SILENCE, SILENCE)
    assert batches.begin() == 10
    batches.record(SILENCE)
    assert batches.settle().failures == 3
    assert batches.settle().failures == 3


def test_given_an_outage_when_another_batch_begins_then_what_is_left_still_does_not_try(batches: Batches) -> None:
    batches.begin()
    batches.record(*[SILENCE] * 5)
    assert batches.circuit.found
    batches.begin()
    assert batches.circuit.found
    assert batches.settle().open
    assert batches.begin() == 0, "the circuit is open for all nodes"


def test_given_a_settling_that_was_rolled_back_then_what_was_seen_is_told_by_the_next(batches: Batches) -> None:
    batches.begin()
    batches.record(SILENCE, SILENCE)
    with pytest.raises(RuntimeError), batches.database.transaction() as tx:
        batches.circuit.settle(tx, NOW)
        raise RuntimeError("the disk is full")
    assert batches.settle().failures == 2


def test_given_an_answer_then_what_failed_before_it_counts_no_more(batches: Batches) -> None:
    batches.begin()
    batches.record(SILENCE, SILENCE)
    batches.settle()
    batches.begin()
    batches.record(SILENCE, None)
    assert batches.settle().failures == 0


def test_given_one_meter_that_never_answers_then_the_circuit_stays_closed_however_often_it_is_tried(
    batches: Batches,
) -> None:
    for _ in range(50):
        batches.begin()
        batches.circuit.record(SILENCE, METERS[0], batches.circuit.begins(), NOW)
        assert not batches.settle().open
    assert batches.begin() == 10


def test_given_meters_that_hang_while_another_answers_then_their_time_outs_say_nothing_of_the_system(
    batches: Batches,
) -> None:
    batches.begin()
    begun = [batches.circuit.begins() for _ in METERS]
    batches.circuit.record(None, MeterNumber("GOOD"), batches.circuit.begins(), NOW)
    for meter, before in zip(METERS, begun, strict=True):
        batches.circuit.record(SILENCE, meter, before, NOW)
    assert batches.settle().failures == 0


def test_given_a_system_that_takes_no_connection_then_the_circuit_opens_whichever_meter_was_meant(
    batches: Batches,
) -> None:
    batches.begin()
    for _ in range(5):
        batches.circuit.record(HeadEndUnreachable("refused"), METERS[0], batches.circuit.begins(), NOW)
    assert batches.settle().open


def test_given_an_open_circuit_then_the_try_goes_to_a_meter_that_has_not_hung(batches: Batches) -> None:
    batches.begin()
    for meter in METERS[:5]:
        batches.circuit.record(SILENCE, meter, batches.circuit.begins(), NOW)
    retry_at = batches.settle().retry_at
    assert retry_at is not None
    with batches.database.transaction() as tx:
        places, back = batches.circuit.admit(tx, METERS[3:7], retry_at)
    assert list(places) == [2]
    assert back is not None


def test_given_time_outs_with_hours_in_between_then_they_are_no_outage(batches: Batches) -> None:
    for number, meter in enumerate(METERS):
        batches.begin()
        batches.circuit.record(SILENCE, meter, batches.circuit.begins(), NOW + timedelta(hours=number))
        assert not batches.settle().open


@pytest.mark.every_database
def test_given_a_queue_that_gives_nothing_then_an_alert_says_since_when_and_closes_when_it_goes_again(
    database: Database,
) -> None:
    now = NOW
    silence, watch = (
        Silence(database, lambda: now, "hub queue"),
        Watch(database, lambda: now, result_wait=RESULT_WAIT, partner_wait=PARTNER_WAIT),
    )
    silence.answered()
    told = []
    for _ in range(10):
        silence.failed(OutcomeUnknown("hangs", "wait"))
        now += timedelta(minutes=2)
        told += [(alert.kind, now - NOW) for alert in watch.look()]
    assert told == [(AlertKind.HUB_QUEUE_SILENT, timedelta(minutes=10))]
    silence.answered()
    watch.look()
    with database.reading() as connection:
        assert open_alerts(connection) == {}


def test_given_a_queue_that_fails_now_and_then_then_there_is_no_alert(database: Database) -> None:
    now = NOW
    silence, watch = (
        Silence(database, lambda: now, "hub queue"),
        Watch(database, lambda: now, result_wait=RESULT_WAIT, partner_wait=PARTNER_WAIT),
    )
    for _ in range(10):
        silence.failed(OutcomeUnknown("hangs", "wait"))
        silence.answered()
        now += timedelta(minutes=5)
        assert watch.look() == []
