"""A batch that is taken through a step: together where it can be, one by one where not; nothing is lost silently."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from csire_bridge.domain.errors import StaleWrite, StoreFailure
from csire_bridge.domain.message.message import MessageEnd, MessageState
from csire_bridge.domain.work import Lease, WorkItem, WorkStep
from csire_bridge.pipeline.batch_runner import BatchRunner
from csire_bridge.pipeline.batch_step import Committed, Completed, Prepared, Task
from csire_bridge.pipeline.ports.store import Store

NOW = datetime(2026, 11, 28, 9, tzinfo=UTC)
LEASE = Lease.starting("me", NOW, timedelta(minutes=1))


def items(*subjects: int) -> list[WorkItem]:
    return [WorkItem(subject, WorkStep.INTAKE, subject, 10) for subject in subjects]


@dataclass
class Queue:
    """What becomes of work that went wrong; ``lost`` pieces are another worker's now."""

    parked: dict[int, str] = field(default_factory=dict)
    given_back: dict[int, datetime] = field(default_factory=dict)
    lost: set[int] = field(default_factory=set)

    @property
    def work(self) -> Queue:
        return self

    @contextmanager
    def transaction(self) -> Iterator[Queue]:
        yield self

    def park(self, item: WorkItem, why: str) -> None:
        self._still_ours(item)
        self.parked[item.key] = why

    def reschedule(self, item: WorkItem, due_at: datetime) -> None:
        self._still_ours(item)
        self.given_back[item.key] = due_at

    def _still_ours(self, item: WorkItem) -> None:
        if item.key in self.lost:
            raise StaleWrite("somebody else has it")


@dataclass
class ScriptedStep:
    """``fails`` names the phase in which a piece fails, and how."""

    fails: dict[tuple[str, int], Exception] = field(default_factory=dict)
    calls: list[tuple[str, list[int]]] = field(default_factory=list)

    def _called(self, phase: str, subjects: list[int]) -> None:
        self.calls.append((phase, subjects))
        for subject in subjects:
            if error := self.fails.get((phase, subject)):
                raise error

    def prepare(self, some: Sequence[WorkItem], lease: Lease | None) -> Prepared[str]:
        self._called("prepare", [item.subject for item in some])
        return Prepared([Task(item, f"task {item.subject}") for item in some], items(*(100 + i.subject for i in some)))

    def perform(self, task: Task[str]) -> str:
        self._called("perform", [task.item.subject])
        return f"result of {task.about}"

    def commit(self, done: Sequence[Completed[str, str]], lease: Lease | None) -> Committed:
        self._called("commit", [piece.item.subject for piece in done])
        ends = {p.item.subject: MessageEnd(MessageState.ACCEPTED, None, p.result.encode()) for p in done}
        return Committed(items(*(200 + piece.item.subject for piece in done)), ends)

    def batches(self, phase: str) -> list[list[int]]:
        return [subjects for name, subjects in self.calls if name == phase]


def run(step: ScriptedStep, *subjects: int, queue: Queue | None = None, lease: Lease | None = None) -> Committed:
    return BatchRunner(cast(Store, queue or Queue()), lambda: NOW).run(step, items(*subjects), lease)


def test_given_a_batch_when_run_then_it_is_begun_and_settled_together_and_its_ends_come_back() -> None:
    step = ScriptedStep()
    committed = run(step, 1, 2, 3)
    assert (step.batches("prepare"), step.batches("perform"), step.batches("commit")) == (
        [[1, 2, 3]],
        [[1], [2], [3]],
        [[1, 2, 3]],
    )
    assert {key: end.receipt for key, end in committed.ends.items()} == {
        key: f"result of task {key}".encode() for key in (1, 2, 3)
    }


def test_given_a_lease_when_run_then_what_follows_comes_back_and_without_one_nothing_does() -> None:
    assert [item.subject for item in run(ScriptedStep(), 1, 2, lease=LEASE).following] == [101, 102, 201, 202]
    assert run(ScriptedStep(), 1, 2).following == []


@pytest.mark.parametrize("phase", ["prepare", "perform", "commit"])
def test_given_one_broken_piece_in_any_phase_when_run_then_the_others_end_and_it_alone_is_parked(
    phase: str, caplog: pytest.LogCaptureFixture
) -> None:
    step, queue = ScriptedStep({(phase, 2): ZeroDivisionError("oh")}), Queue()
    assert sorted(run(step, 1, 2, 3, queue=queue).ends) == [1, 3]
    assert queue.parked == {2: "an error of the bridge itself: ZeroDivisionError('oh')"}
    assert queue.given_back == {}
    assert "work.parked" in caplog.text and "exc_info" in caplog.text


@pytest.mark.parametrize("phase", ["prepare", "commit"])
def test_given_a_piece_that_was_changed_meanwhile_when_run_then_it_is_given_back_and_the_others_end(phase: str) -> None:
    step, queue = ScriptedStep({(phase, 2): StaleWrite("changed")}), Queue()
    assert sorted(run(step, 1, 2, 3, queue=queue).ends) == [1, 3]
    assert queue.parked == {}
    assert queue.given_back == {2: NOW + timedelta(seconds=0.5)}


@pytest.mark.parametrize("error", [StaleWrite("changed"), ValueError("odd")])
def test_given_a_broken_piece_that_somebody_else_has_taken_when_run_then_it_is_left_to_them(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    queue = Queue(lost={2})
    with caplog.at_level(logging.INFO):
        assert sorted(run(ScriptedStep({("commit", 2): error}), 1, 2, queue=queue).ends) == [1]
    assert (queue.parked, queue.given_back) == ({}, {})
    assert "somebody else has it" in caplog.text


@pytest.mark.parametrize("phase", ["prepare", "perform", "commit"])
def test_given_a_store_that_fails_when_run_then_that_comes_out_and_nothing_is_tried_one_by_one(phase: str) -> None:
    step, queue = ScriptedStep({(phase, 1): StoreFailure("the disk is full", "make room")}), Queue()
    with pytest.raises(StoreFailure):
        run(step, 1, 2, queue=queue)
    assert len(step.batches(phase)) == 1
    assert (queue.parked, queue.given_back) == ({}, {})
