"""What people decide about a planned job: start, approve, decline, cancel; each within one transaction.

Whoever may not do the act himself can start it all the same: it waits for somebody who may. Whoever approves sees the
same set, which is checked by its digest, and is never the one who asked.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from csire_bridge.domain.errors import ActionRefused, OurFault
from csire_bridge.domain.jobs.job import OPEN_STATES, Job, JobState, Need, digest_of
from csire_bridge.domain.jobs.kinds import ABOUT, JobKind
from csire_bridge.domain.metering_point.holds import HoldKind
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.people.actor import Actor, ActorKind
from csire_bridge.domain.people.acts import PERMISSION_OF, Act
from csire_bridge.domain.people.audited import note, require
from csire_bridge.domain.people.roles import roles_with
from csire_bridge.domain.people.second_person import SecondPersonRules, require_in_person, same_person
from csire_bridge.pipeline.jobs.who_does import require_there
from csire_bridge.pipeline.ports.store import Transaction

__all__ = ["approve", "cancel", "decline", "known_job", "lapse", "needs_of", "start"]

_LOOK = "look at it: csire-bridge jobs show"


def known_job(tx: Transaction, key: int) -> Job:
    """The job of that key; nobody else changes it until this transaction ends. Raises ActionRefused."""
    job = tx.jobs.locked(key)
    if job is None:
        raise ActionRefused(f"there is no job {key}", "look its key up: csire-bridge jobs list")
    return job


def needs_of(tx: Transaction, job: Job, who: Actor, rules: SecondPersonRules) -> tuple[Need, str] | None:
    """What the job would need if ``who`` did it, and why; None: it can be done at once."""
    act = ABOUT[job.kind].act
    permission = PERMISSION_OF[act]
    if permission is not None and not who.may(permission):
        return Need.PERMISSION, f"{act} needs the permission {permission}: {' or '.join(roles_with(permission))}"
    why = _second_person(tx, job, rules)
    return (Need.SECOND_PERSON, why) if why else None


def _second_person(tx: Transaction, job: Job, rules: SecondPersonRules) -> str | None:
    if rules.above is not None and job.would_do > rules.above:
        return f"more than {rules.above} at once need a second person"
    if job.kind is JobKind.LIFT_STOP and rules.stop_lift:
        return "lifting the stop switch needs a second person"
    if job.kind is JobKind.RELEASE_HOLD and rules.emergency_release:
        holds = (tx.guards.find_hold(int(one.item)) for one in tx.jobs.all_items(job.key))
        if any(hold is not None and hold.kind is HoldKind.EMERGENCY for hold in holds):
            return "releasing an emergency hold needs a second person"
    return None


def start(tx: Transaction, key: int, count: int, act: OperatorAction) -> Job:
    """Start a job that whoever acts has planned; ``count`` is how many things he expects to be done.

    It runs, or waits for somebody who may, or for a second person. Raises ActionRefused.
    """
    job = _fit(tx, key, JobState.READY, act.at)
    if not same_person(job.asked_by, act.by):
        raise ActionRefused(f"job {key} was planned by {job.asked_by}", "plan one of your own")
    _same(tx, job, count)
    if job.would_do == 0:
        raise ActionRefused(f"job {key} would do nothing: all {job.count} items are skipped", "see why for each item")
    return _decided(tx, job, _started(tx, job, act), Act.JOB_START, act)


def _started(tx: Transaction, job: Job, act: OperatorAction) -> Job:
    need = needs_of(tx, job, act.who, act.rules)
    if need is None:
        return job.done_by(act.by, act.who.kind).running(act.at)
    what, why = need
    if what is Need.PERMISSION:
        return job.waiting(what, why, act.at)
    require_in_person(act.who, f"job {job.key}")
    return job.done_by(act.by, act.who.kind).waiting(what, why, act.at)


def approve(tx: Transaction, key: int, count: int, act: OperatorAction) -> Job:
    """Approve a waiting job of another person; ``count`` is how many things the approver expects to be done.

    Where whoever asked may not do it, it is done by the rights of the approver, and waits on if it needs a second
    person as well. Raises ActionRefused for the same person, a token, an account without the permission.
    """
    job = _fit(tx, key, JobState.WAITING, act.at)
    require(act.who, ABOUT[job.kind].act)
    require_in_person(act.who, f"job {key}")
    _other_person(job, act)
    require_there(tx, job.asked_by, ActorKind(job.asked_kind))
    _same(tx, job, count)
    approved = replace(job, approved_by=act.by, approved_at=act.at, approved_why=act.why)
    return _decided(tx, job, _approved(tx, approved, act), Act.JOB_APPROVE, act)


def _approved(tx: Transaction, job: Job, act: OperatorAction) -> Job:
    if job.needs is not Need.PERMISSION:
        return job.running(act.at)
    job = job.done_by(act.by, act.who.kind)
    why = _second_person(tx, job, act.rules)
    return job.waiting(Need.SECOND_PERSON, why, act.at) if why else job.running(act.at)


def decline(tx: Transaction, key: int, act: OperatorAction) -> Job:
    """Decline a waiting job of another person: nothing of it is done. Raises ActionRefused."""
    job = _fit(tx, key, JobState.WAITING, act.at)
    require(act.who, ABOUT[job.kind].act)
    _other_person(job, act)
    return _ended(tx, job, JobState.DECLINED, Act.JOB_DECLINE, act)


def cancel(tx: Transaction, key: int, act: OperatorAction) -> Job:
    """Cancel a job that has not ended: what is done stays done, the rest is not begun.

    Whoever asked for it can, and whoever may do the act. Raises ActionRefused.
    """
    job = known_job(tx, key)
    if job.state not in OPEN_STATES:
        raise ActionRefused(f"job {key} has ended: it is {job.state}", "nothing is left to cancel")
    if not same_person(job.asked_by, act.by):
        require(act.who, ABOUT[job.kind].act)
    return _ended(tx, job, JobState.CANCELLED, Act.JOB_CANCEL, act)


def lapse(tx: Transaction, now: datetime) -> list[Job]:
    """End the jobs with which nobody went on in time; return them."""
    found = [known_job(tx, job.key) for job in tx.jobs.lapsing(now)]
    late = [job for job in found if job.lapses(now)]
    for job in late:
        tx.jobs.change(job, job.ended(JobState.LAPSED, now))
    return late


def _fit(tx: Transaction, key: int, state: JobState, now: datetime) -> Job:
    job = known_job(tx, key)
    if job.state is JobState.PLANNING and state is JobState.READY:
        raise ActionRefused(f"{job.count - job.foreseen} items of job {key} were not looked at yet", "wait a moment")
    if job.state is not state:
        raise ActionRefused(f"job {key} is {job.state}", f"{_LOOK} {key}")
    if job.lapses(now):
        raise ActionRefused(f"job {key} has lapsed: what was seen is too old", "plan it anew")
    return job


def _other_person(job: Job, act: OperatorAction) -> None:
    first = next((name for name in (job.asked_by, job.does) if name and same_person(name, act.by)), None)
    if first is not None:
        raise ActionRefused(f"{first} has asked for job {job.key}, so somebody else must decide", "ask a second person")


def _same(tx: Transaction, job: Job, count: int) -> None:
    """Raise ActionRefused for a count that is not that of the preview, OurFault for a set that is not the frozen."""
    if count != job.would_do:
        raise ActionRefused(
            f"job {job.key} would do {job.would_do} things, and {count} were expected", "look at it, then decide"
        )
    if digest_of(tx.jobs.all_items(job.key)) != job.sha256:
        raise OurFault(f"the items of job {job.key} are not those that were frozen", "cancel it, and report it")


def _ended(tx: Transaction, job: Job, state: JobState, what: Act, act: OperatorAction) -> Job:
    return _decided(tx, job, job.ended(state, act.at, act.by, act.why), what, act)


def _decided(tx: Transaction, before: Job, after: Job, what: Act, act: OperatorAction) -> Job:
    tx.jobs.change(before, after)
    facts = {"kind": after.kind, "state": after.state, "count": after.count, "sha256": after.sha256}
    sums = {"would_do": after.would_do, "done": after.done, "skipped": after.skipped, "failed": after.failed}
    note(tx, act.who, what, f"job {after.key}", act.at, act.why, before={"state": before.state}, after=facts | sums)
    return after
