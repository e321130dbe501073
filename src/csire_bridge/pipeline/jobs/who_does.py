"""By whose rights the items of a job are done: those that the person, or the token, has at that very moment."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from csire_bridge.domain.errors import ActionRefused
from csire_bridge.domain.jobs.job import Job
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.people.actor import Actor, ActorKind, Origin, trusted
from csire_bridge.domain.people.ports import PeopleTransaction
from csire_bridge.domain.people.roles import PERMISSIONS, Permission
from csire_bridge.domain.people.second_person import SecondPersonRules, same_person
from csire_bridge.domain.people.token_rights import rights_of

__all__ = ["TOKEN", "action_of", "require_there"]

TOKEN = "token "  # noqa: S105 - how the name of a token begins in histories
_ASK_ANEW = "have somebody who may plan it anew"


def action_of(tx: PeopleTransaction, job: Job, now: datetime, rules: SecondPersonRules) -> OperatorAction:
    """The action on one item of a job; raises ActionRefused where the account is locked, or the token has ended."""
    asked = "" if job.does is None or same_person(job.asked_by, job.does) else f", asked by {job.asked_by}"
    second = job.approved_by if job.approved_by != job.does else None
    act = OperatorAction.of(_actor(tx, job, now), now, f"{job.why} (job {job.key}{asked})", rules)
    return replace(act, approved_by=second)


def _actor(tx: PeopleTransaction, job: Job, now: datetime) -> Actor:
    name, kind = job.does or job.asked_by, ActorKind(job.does_kind or job.asked_kind)
    origin = Origin(job.address, job.host, f"job {job.key}")
    if kind is ActorKind.TOKEN:
        return Actor(name, kind, _permissions_of_token(tx, name, now), origin=origin)
    account = tx.accounts.named(name.lower())
    if account is None and kind is not ActorKind.ACCOUNT:
        return trusted(name, origin, kind)
    require_there(tx, name, kind)
    assert account is not None  # noqa: S101 - it was just required
    return Actor(name, kind, PERMISSIONS[account.role], account.role, origin)


def _permissions_of_token(tx: PeopleTransaction, name: str, now: datetime) -> frozenset[Permission]:
    token = tx.tokens.named(name.removeprefix(TOKEN))
    if token is None or token.ended(now):
        raise ActionRefused(f"the {name} was revoked or has ended", _ASK_ANEW)
    return rights_of(tx, token, now)


def require_there(tx: PeopleTransaction, name: str, kind: ActorKind) -> None:
    """Raise ActionRefused for an account that is locked or not there."""
    account = tx.accounts.named(name.lower()) if kind in (ActorKind.ACCOUNT, ActorKind.SYSTEM_USER) else None
    if account is not None and account.locked:
        raise ActionRefused(f"the account {name} is locked", _ASK_ANEW)
    if account is None and kind is ActorKind.ACCOUNT:
        raise ActionRefused(f"there is no account {name}", _ASK_ANEW)
