"""Whatever needs two persons gets two: never the same one, no token, and both decide on the same frozen set."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from csire_bridge.domain.errors import ActionRefused
from csire_bridge.domain.jobs.job import REQUEST_LASTS, Job, JobState, Need
from csire_bridge.domain.jobs.kinds import JobKind
from csire_bridge.domain.metering_point.guards import StopScope
from csire_bridge.domain.metering_point.holds import HoldKind
from csire_bridge.domain.order.order import OrderState
from csire_bridge.domain.people.actor import Actor, ActorKind, NotAllowed
from csire_bridge.domain.people.roles import Role
from csire_bridge.domain.people.second_person import NeedsSecondPerson, SecondPersonRules
from csire_bridge.pipeline.jobs import decisions
from csire_bridge.pipeline.jobs.carry_out import JobRunner
from csire_bridge.pipeline.operator import guard_actions
from csire_bridge.store.database import Database
from tests.pipeline.jobs.test_jobs import act, now_is, parked, planned, started, state_of, who
from tests.support.jobs import tools_of
from tests.support.people import add_account
from tests.support.store import CODE, NOW

STRICT = tools_of(rules=SecondPersonRules(above=1, emergency_release=True, stop_lift=True))
JAN = who("jan", Role.SUPERVISOR)
EWA = who("ewa", Role.VIEWER)


@pytest.fixture(autouse=True)
def people(database: Database) -> None:
    for name, role in (("anna", Role.OPERATOR), ("jan", Role.SUPERVISOR), ("ewa", Role.VIEWER), ("ola", Role.OPERATOR)):
        add_account(database, name, role)


def approved(database: Database, job: Job, actor: Actor, tools: Any = STRICT) -> Job:
    with database.transaction() as tx:
        return decisions.approve(tx, job.key, job.would_do, act(actor, tools, "seen"))


@pytest.mark.every_database
def test_more_than_the_set_number_waits_for_a_second_person_who_sees_the_same_set(database: Database) -> None:
    keys = parked(database, 2)
    job = started(database, planned(database, keys, tools=STRICT), tools=STRICT)
    assert (job.state, job.needs, job.does) == (JobState.WAITING, Need.SECOND_PERSON, "anna")
    assert JobRunner(database, STRICT).run() == 0
    after = approved(database, job, who("ola"))
    assert (after.state, after.sha256) == (JobState.RUNNING, job.sha256)
    JobRunner(database, STRICT).run()
    assert now_is(database, job).done == 2
    with database.read_transaction() as tx:
        assert "by anna, approved by ola: " in tx.orders.history(int(keys[0]))[-1].text


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(name=st.sampled_from(["anna", "Anna", " ANNA ", "aNNa"]), kind=st.sampled_from(ActorKind))
def test_whoever_asked_never_approves_however_the_name_is_written(
    database: Database, name: str, kind: ActorKind
) -> None:
    job = started(database, planned(database, parked(database, 2), tools=STRICT), tools=STRICT)
    with pytest.raises(ActionRefused):
        approved(database, job, who(name, Role.ADMINISTRATOR, kind))
    assert now_is(database, job).state is JobState.WAITING


def test_a_token_is_no_person(database: Database) -> None:
    token = who("token reports", Role.ADMINISTRATOR, ActorKind.TOKEN)
    with pytest.raises(ActionRefused, match="a token is none"):
        started(database, planned(database, parked(database, 2), actor=token, tools=STRICT), token, STRICT)
    job = started(database, planned(database, parked(database, 2), tools=STRICT), tools=STRICT)
    with pytest.raises(ActionRefused, match="a token is none"):
        approved(database, job, token)


def test_whoever_may_not_can_ask_and_it_is_done_in_the_name_of_whoever_approves(database: Database) -> None:
    (key,) = parked(database, 1)
    job = started(database, planned(database, [key], actor=EWA), EWA)
    assert (job.state, job.needs, job.does) == (JobState.WAITING, Need.PERMISSION, None)
    assert "needs the permission orders: operator or supervisor or administrator" in (job.needs_why or "")
    with pytest.raises(NotAllowed):
        approved(database, job, who("auditor", Role.AUDITOR), tools_of())
    approved(database, job, JAN, tools_of())
    JobRunner(database, tools_of()).run()
    assert state_of(database, key) is OrderState.REGISTERED
    with database.read_transaction() as tx:
        assert f"by jan: the meter was exchanged (job {job.key}, asked by ewa)" in tx.orders.history(int(key))[-1].text


def test_asked_by_one_who_may_not_and_above_the_number_it_takes_two_who_may(database: Database) -> None:
    job = started(database, planned(database, parked(database, 2), actor=EWA, tools=STRICT), EWA, STRICT)
    once = approved(database, job, JAN)
    assert (once.state, once.needs, once.does) == (JobState.WAITING, Need.SECOND_PERSON, "jan")
    with pytest.raises(ActionRefused, match="jan has asked for job"):
        approved(database, job, JAN)
    assert approved(database, job, who("ola")).state is JobState.RUNNING


def test_a_request_ends_after_a_day_and_cannot_be_approved_any_more(database: Database) -> None:
    job = started(database, planned(database, parked(database, 2), tools=STRICT), tools=STRICT)
    late = tools_of(lambda: NOW + REQUEST_LASTS, rules=STRICT.rules)
    with pytest.raises(ActionRefused, match="has lapsed"):
        approved(database, job, JAN, late)
    JobRunner(database, late).run()
    assert now_is(database, job).state is JobState.LAPSED


def test_declined_with_a_reason_nothing_is_done(database: Database) -> None:
    keys = parked(database, 2)
    job = started(database, planned(database, keys, tools=STRICT), tools=STRICT)
    with pytest.raises(ActionRefused, match="somebody else must decide"), database.transaction() as tx:
        decisions.decline(tx, job.key, act(tools=STRICT))
    with database.transaction() as tx:
        decisions.decline(tx, job.key, act(JAN, STRICT, "wrong street"))
    JobRunner(database, STRICT).run()
    ended = now_is(database, job)
    assert (ended.state, ended.ended_by, ended.ended_why) == (JobState.DECLINED, "jan", "wrong street")
    assert state_of(database, keys[0]) is OrderState.PARKED


def test_the_request_of_an_account_that_was_locked_is_not_approved(database: Database) -> None:
    job = started(database, planned(database, parked(database, 2), tools=STRICT), tools=STRICT)
    with database.transaction() as tx:
        account = tx.accounts.named("anna")
        assert account is not None
        tx.accounts.lock(account.key, NOW)
    with pytest.raises(ActionRefused, match="account anna is locked"):
        approved(database, job, JAN)


def test_an_emergency_hold_is_released_by_two_persons_only_where_the_rules_say_so(database: Database) -> None:
    with database.transaction() as tx:
        key = guard_actions.set_hold(tx, CODE, HoldKind.EMERGENCY, None, act(JAN))
    with pytest.raises(NeedsSecondPerson, match="releasing an emergency hold"), database.transaction() as tx:
        guard_actions.release_hold(tx, key, act(JAN, STRICT))
    job = started(database, planned(database, [str(key)], JobKind.RELEASE_HOLD, JAN, STRICT), JAN, STRICT)
    assert (job.state, job.needs) == (JobState.WAITING, Need.SECOND_PERSON)
    approved(database, job, who("ida", Role.ADMINISTRATOR))
    JobRunner(database, STRICT).run()
    assert now_is(database, job).done == 1
    with database.read_transaction() as tx:
        assert tx.guards.hold(key).released_by == "jan"


def test_the_stop_switch_is_lifted_by_two_persons_only_where_the_rules_say_so(database: Database) -> None:
    with database.transaction() as tx:
        guard_actions.throw_stop(tx, StopScope.EVERYTHING, act(JAN))
    with pytest.raises(NeedsSecondPerson), database.transaction() as tx:
        guard_actions.lift_stop(tx, act(JAN, STRICT))
    job = started(database, planned(database, ["stop"], JobKind.LIFT_STOP, JAN, STRICT), JAN, STRICT)
    approved(database, job, who("ida", Role.ADMINISTRATOR))
    JobRunner(database, STRICT).run()
    with database.read_transaction() as tx:
        assert tx.guards.stop() is None


def test_more_at_once_than_one_person_may_is_refused_by_every_entrance(database: Database) -> None:
    from csire_bridge.pipeline.operator.orders import order_actions

    keys = parked(database, 2)
    with pytest.raises(NeedsSecondPerson, match="an act on 2 at once"), database.transaction() as tx:
        order_actions.retry(tx, [tx.orders.get(int(key)) for key in keys], act(tools=STRICT))
    assert state_of(database, keys[0]) is OrderState.PARKED
