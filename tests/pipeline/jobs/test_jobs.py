"""A job does to each item of its frozen set what a single act does, tells what became of each, and repeats nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from csire_bridge.domain.errors import ActionRefused, OurFault, StoreFailure
from csire_bridge.domain.identifiers import ProcessInstanceId
from csire_bridge.domain.jobs.job import DRAFT_LASTS, ItemState, Job, JobState, digest_of
from csire_bridge.domain.jobs.kinds import JobDetails, JobKind
from csire_bridge.domain.metering_point.holds import HoldKind
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.order.order import OrderState
from csire_bridge.domain.people.actor import Actor, ActorKind
from csire_bridge.domain.people.roles import PERMISSIONS, Role
from csire_bridge.pipeline.jobs import carry_out, decisions, hands
from csire_bridge.pipeline.jobs.carry_out import JobRunner
from csire_bridge.pipeline.jobs.plan import SEEN_AT_ONCE, freeze, plan
from csire_bridge.pipeline.jobs.tools import JobTools
from csire_bridge.store.database import Database
from csire_bridge.store.tables import job_items
from tests.support.jobs import tools_of
from tests.support.people import add_account
from tests.support.store import NOW, add_order

WHY = "the meter was exchanged"
TOOLS = tools_of()


def who(name: str = "anna", role: Role = Role.OPERATOR, kind: ActorKind = ActorKind.ACCOUNT) -> Actor:
    return Actor(name, kind, PERMISSIONS[role], role)


def act(actor: Actor | None = None, tools: JobTools = TOOLS, why: str = WHY) -> OperatorAction:
    return OperatorAction.of(actor or who(), tools.clock(), why, tools.rules)


def parked(database: Database, count: int) -> list[str]:
    process = ProcessInstanceId.new
    return [str(add_order(database, state=OrderState.PARKED, process_instance=process()).key) for _ in range(count)]


def planned(
    database: Database,
    items: Sequence[str],
    kind: JobKind = JobKind.RETRY,
    actor: Actor | None = None,
    tools: JobTools = TOOLS,
    **details: Any,
) -> Job:
    given = JobDetails(**details)
    seen = plan(database, kind, given, items, tools, WHY)
    with database.transaction() as tx:
        return freeze(tx, kind, given, seen, "a selection", act(actor, tools))


def started(database: Database, job: Job, actor: Actor | None = None, tools: JobTools = TOOLS) -> Job:
    with database.transaction() as tx:
        return decisions.start(tx, job.key, job.would_do, act(actor, tools))


def now_is(database: Database, job: Job) -> Job:
    with database.read_transaction() as tx:
        found = tx.jobs.get(job.key)
        assert found is not None
        items = list(tx.jobs.all_items(job.key))
        states = [item.state for item in items]
    counted = tuple(states.count(state) for state in (ItemState.DONE, ItemState.SKIPPED, ItemState.FAILED))
    assert counted == (found.done, found.skipped, found.failed)
    assert found.done + found.skipped + found.failed + found.left == found.count == len(items)
    assert digest_of(items) == found.sha256
    return found


def state_of(database: Database, key: str) -> OrderState:
    with database.read_transaction() as tx:
        return tx.orders.get(int(key)).state


@pytest.fixture(autouse=True)
def people(database: Database) -> None:
    for name, role in (("anna", Role.OPERATOR), ("jan", Role.SUPERVISOR), ("ewa", Role.VIEWER)):
        add_account(database, name, role)


@pytest.mark.every_database
def test_the_preview_says_of_each_item_what_would_be_done_and_nothing_is_done_yet(database: Database) -> None:
    keys = parked(database, 2)
    done = str(add_order(database, state=OrderState.DONE).key)
    job = planned(database, [*keys, done, "99999"])
    assert (job.state, job.count, job.would_do, job.would_skip) == (JobState.READY, 4, 2, 2)
    with database.read_transaction() as tx:
        items = tx.jobs.items(job.key, 0, 10)
    assert [item.would for item in items] == [True, True, False, False]
    assert "does not wait for a person" in (items[2].foreseen or "")
    assert "there is no order 99999" in (items[3].foreseen or "")
    assert state_of(database, keys[0]) is OrderState.PARKED


def test_a_job_that_was_started_does_its_items_and_the_sums_add_up(database: Database) -> None:
    keys = parked(database, 3)
    job = started(database, planned(database, [*keys, "99999"]))
    assert JobRunner(database, TOOLS).run() == 4
    ended = now_is(database, job)
    assert (ended.state, ended.done, ended.skipped) == (JobState.DONE, 3, 1)
    assert {state_of(database, key) for key in keys} == {OrderState.REGISTERED}


def test_what_changed_since_the_preview_is_skipped_and_said_so(database: Database) -> None:
    keys = parked(database, 3)
    job = planned(database, keys)
    with database.transaction() as tx:
        tx.orders.move(tx.orders.get(int(keys[1])), OrderState.FIELD_WORK, NOW, "by somebody else")
    started(database, job)
    JobRunner(database, TOOLS).run()
    with database.read_transaction() as tx:
        items = tx.jobs.items(job.key, 0, 10)
    assert [item.state for item in items] == [ItemState.DONE, ItemState.SKIPPED, ItemState.DONE]
    assert items[1].text == "it changed since the preview"
    assert state_of(database, keys[1]) is OrderState.FIELD_WORK


def test_what_came_later_is_never_touched(database: Database) -> None:
    job = planned(database, parked(database, 2))
    later = parked(database, 1)
    started(database, job)
    JobRunner(database, TOOLS).run()
    assert state_of(database, later[0]) is OrderState.PARKED
    assert now_is(database, job).count == 2


def test_a_set_that_was_altered_in_the_database_is_not_started(database: Database) -> None:
    job = planned(database, parked(database, 2))
    with database.transaction() as tx:
        tx.connection.execute(job_items.update().where(job_items.c.number == 2).values(item="1"))
    with pytest.raises(OurFault, match="not those that were frozen"):
        started(database, job)


def test_who_expects_another_count_has_not_seen_this_preview(database: Database) -> None:
    job = planned(database, parked(database, 2))
    with pytest.raises(ActionRefused, match="would do 2 things, and 3 were expected"), database.transaction() as tx:
        decisions.start(tx, job.key, 3, act())


class Killed(BaseException):
    """The process dies."""


@pytest.mark.parametrize("at", range(4))
def test_a_process_killed_between_or_within_items_loses_none_and_repeats_none(
    database: Database, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    keys = parked(database, 3)
    job = started(database, planned(database, keys))
    calls: list[str] = []
    real = hands.HANDS[JobKind.RETRY]

    def dying(tx: Any, item: str, doing: OperatorAction, hand: Any) -> str:
        text = real.do(tx, item, doing, hand)
        calls.append(item)
        if len(calls) == at + 1:
            raise Killed
        return text

    with monkeypatch.context() as patched:
        patched.setattr(carry_out, "HANDS", {**hands.HANDS, JobKind.RETRY: replace(real, do=dying)})
        if at < len(keys):
            with pytest.raises(Killed):
                JobRunner(database, TOOLS).run()
            assert now_is(database, job).done == at
    JobRunner(database, TOOLS).run()
    ended = now_is(database, job)
    assert (ended.state, ended.done) == (JobState.DONE, 3)
    with database.read_transaction() as tx:
        lines = [len([e for e in tx.orders.history(int(key)) if "taken back to the queue" in e.text]) for key in keys]
    assert lines == [1, 1, 1]


def test_two_processes_that_carry_out_the_same_job_do_each_item_once(database: Database) -> None:
    keys = parked(database, 4)
    job = started(database, planned(database, keys))
    other = JobRunner(database, TOOLS)

    def clock() -> datetime:
        other.step(job.key, 1)
        return NOW

    JobRunner(database, replace(TOOLS, clock=clock)).run()
    ended = now_is(database, job)
    assert (ended.state, ended.done, ended.skipped, ended.failed) == (JobState.DONE, 4, 0, 0)
    with database.read_transaction() as tx:
        lines = [len([e for e in tx.orders.history(int(key)) if "taken back" in e.text]) for key in keys]
    assert lines == [1, 1, 1, 1]


def test_a_cancelled_job_keeps_what_is_done_and_begins_nothing_more(database: Database) -> None:
    keys = parked(database, 3)
    job = started(database, planned(database, keys))
    JobRunner(database, TOOLS).step(job.key, 1)
    with database.transaction() as tx:
        decisions.cancel(tx, job.key, act(why="wrong list"))
    assert JobRunner(database, TOOLS).run() == 0
    ended = now_is(database, job)
    assert (ended.state, ended.done, ended.left, ended.ended_why) == (JobState.CANCELLED, 1, 2, "wrong list")
    assert [state_of(database, key) for key in keys] == [OrderState.REGISTERED, *[OrderState.PARKED] * 2]


def test_an_item_at_which_we_fail_does_not_end_the_others(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = parked(database, 3)
    job = started(database, planned(database, keys))
    real = hands.HANDS[JobKind.RETRY]

    def failing(tx: Any, item: str, doing: OperatorAction, hand: Any) -> str:
        if item == keys[1]:
            raise ZeroDivisionError
        return real.do(tx, item, doing, hand)

    monkeypatch.setattr(carry_out, "HANDS", {**hands.HANDS, JobKind.RETRY: replace(real, do=failing)})
    JobRunner(database, TOOLS).run()
    ended = now_is(database, job)
    assert (ended.state, ended.done, ended.failed) == (JobState.DONE, 2, 1)


def test_a_database_that_is_away_leaves_the_item_for_the_next_run(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = started(database, planned(database, parked(database, 1)))

    def away(*_: Any) -> str:
        raise StoreFailure("the disk is full", "make room")

    with monkeypatch.context() as patched:
        changed = replace(hands.HANDS[JobKind.RETRY], do=away)
        patched.setattr(carry_out, "HANDS", {**hands.HANDS, JobKind.RETRY: changed})
        with pytest.raises(StoreFailure):
            JobRunner(database, TOOLS).run()
    assert now_is(database, job).left == 1
    JobRunner(database, TOOLS).run()
    assert now_is(database, job).done == 1


def test_a_large_set_is_looked_at_by_the_worker_and_can_be_started_only_then(database: Database) -> None:
    many = [str(number) for number in range(10_000, 10_000 + SEEN_AT_ONCE + 30)]
    job = planned(database, [*parked(database, 1), *many])
    assert (job.state, job.foreseen) == (JobState.PLANNING, SEEN_AT_ONCE)
    with pytest.raises(ActionRefused, match="were not looked at yet"):
        started(database, job)
    JobRunner(database, TOOLS).run()
    ready = now_is(database, job)
    assert (ready.state, ready.would_do, ready.would_skip) == (JobState.READY, 1, len(many))
    assert started(database, ready).state is JobState.RUNNING


def test_a_job_that_nobody_starts_lapses(database: Database) -> None:
    job = planned(database, parked(database, 1))
    late = tools_of(lambda: NOW + DRAFT_LASTS)
    with pytest.raises(ActionRefused, match="has lapsed"):
        started(database, job, tools=late)
    JobRunner(database, late).run()
    assert now_is(database, job).state is JobState.LAPSED


def test_rights_are_those_at_the_moment_of_each_item(database: Database) -> None:
    keys = parked(database, 2)
    job = started(database, planned(database, keys))
    JobRunner(database, TOOLS).step(job.key, 1)
    with database.transaction() as tx:
        account = tx.accounts.named("anna")
        assert account is not None
        tx.accounts.lock(account.key, NOW)
    JobRunner(database, TOOLS).run()
    ended = now_is(database, job)
    assert (ended.done, ended.skipped) == (1, 1)
    assert state_of(database, keys[1]) is OrderState.PARKED


def test_histories_name_the_job_and_the_audit_has_its_sums(database: Database) -> None:
    (key,) = parked(database, 1)
    job = started(database, planned(database, [key]))
    JobRunner(database, TOOLS).run()
    with database.read_transaction() as tx:
        assert tx.orders.history(int(key))[-1].text == f"taken back to the queue by anna: {WHY} (job {job.key})"
        entries = [one.entry for one in tx.audit.page(limit=10)]
    assert [one.act for one in entries] == ["job.end", "order.retry", "job.start", "job.plan"]
    assert '"done": 1' in (entries[0].after or "")
    assert entries[1].request_id == f"job {job.key}"


def test_a_set_that_is_empty_too_large_or_has_a_wrong_detail_is_refused(database: Database) -> None:
    with pytest.raises(ActionRefused, match="the set is empty"):
        planned(database, [])
    with pytest.raises(ActionRefused, match="more than 2 items"):
        planned(database, ["1", "2", "3"], tools=tools_of(most_items=2))
    with pytest.raises(ActionRefused, match="`hold` does not belong to retry"):
        planned(database, ["1"], hold=HoldKind.EMERGENCY)
    with pytest.raises(ActionRefused, match="hold needs `hold`"):
        planned(database, ["590243856287817706"], JobKind.HOLD)
    with pytest.raises(ActionRefused, match="decided for each by itself"):
        planned(database, ["590243856287817706", "590243856287817713"], JobKind.DANGER_CUT)


def test_an_order_whose_meter_cannot_be_read_is_not_withdrawn_unless_that_was_said(database: Database) -> None:
    first, second = parked(database, 2)
    job = started(database, planned(database, [first], JobKind.WITHDRAW))
    JobRunner(database, TOOLS).run()
    assert now_is(database, job).skipped == 1
    assert state_of(database, first) is OrderState.PARKED
    job = started(database, planned(database, [second], JobKind.WITHDRAW, unread=True))
    JobRunner(database, TOOLS).run()
    assert now_is(database, job).done == 1
    assert state_of(database, second) is OrderState.WITHDRAWN
