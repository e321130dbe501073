"""``/users``: accounts, their roles, locks, passwords and sessions."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Path, Response
from pydantic import Field

from csire_bridge.access import user_actions
from csire_bridge.access.people_facts import account_facts, open_sessions, session_facts
from csire_bridge.access.secrets import new_password
from csire_bridge.api.http.acts import Work, act
from csire_bridge.api.http.answers import answer
from csire_bridge.api.http.call import Call, ForPeople
from csire_bridge.api.http.fields import LARGEST_KEY, IdempotencyKey, MaybeWhy, Words
from csire_bridge.api.http.pages import Page
from csire_bridge.api.http.problems import missing
from csire_bridge.api.routes.shapes import Facts
from csire_bridge.domain.errors import ActionRefused
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.people.accounts import Account
from csire_bridge.domain.people.acts import Act
from csire_bridge.domain.people.roles import Role
from csire_bridge.store.unit_of_work import UnitOfWork

__all__ = ["NameText", "user_router"]

user_router = APIRouter(prefix="/users", tags=["people"])
NameText = Annotated[
    str, Path(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._@+-]+$", description="Its name.", examples=["anna"])
]
_INITIAL = "initial_password"
_Change = Callable[[UnitOfWork, OperatorAction], Account]


class NewUser(MaybeWhy):
    """An account. With ``subject`` it logs in at the identity provider only, which calls it so."""

    name: Words
    role: Role
    subject: Annotated[Words | None, Field(max_length=255)] = None


class NewRole(MaybeWhy):
    """Another role."""

    role: Role


class Ended(MaybeWhy):
    """``session`` by its key; without one, all sessions of the account."""

    session: Annotated[int, Field(ge=1, le=LARGEST_KEY)] | None = None


@user_router.get("", response_model=Page[Facts], summary="Every account")
def users(call: ForPeople) -> Response:
    """Role, whether it is locked, and how many sessions are open."""
    policy = call.needs.authenticator.policy
    with call.reading() as connection:
        tx = UnitOfWork(connection)
        found = [(one, open_sessions(tx.sessions.of(one.key), call.now, policy)) for one in tx.accounts.all()]
    items = [account_facts(account) | {"sessions": len(sessions)} for account, sessions in found]
    return answer(call, {"items": items, "next": None})


@user_router.post("", response_model=Facts, status_code=HTTPStatus.CREATED, summary="Add an account")
def add(call: ForPeople, body: NewUser, idempotency: IdempotencyKey = None) -> Response:
    """`initial_password` is told this once, and is good for choosing another one only."""
    initial = None if body.subject else new_password()
    stored = call.needs.authenticator.hashed(initial) if initial else None

    def work(tx: UnitOfWork, doing: OperatorAction) -> dict[str, Any]:
        made = user_actions.add(
            tx, body.name, body.role, stored, doing, must_change=initial is not None, subject=body.subject
        )
        return account_facts(made) | {_INITIAL: initial}

    return act(
        call,
        Act.USER_ADD,
        body,
        idempotency,
        lambda _: work,
        status=HTTPStatus.CREATED,
        shown_once={_INITIAL},
    )


@user_router.post("/{name}/role", response_model=Facts, summary="Give it another role")
def role(call: ForPeople, name: NameText, body: NewRole, idempotency: IdempotencyKey = None) -> Response:
    """Its sessions end."""
    change = _changing(lambda tx, doing: user_actions.set_role(tx, name, body.role, doing))
    return act(call, Act.USER_ROLE, body, idempotency, change)


@user_router.post("/{name}/lock", response_model=Facts, summary="Lock it")
def lock(call: ForPeople, name: NameText, body: MaybeWhy, idempotency: IdempotencyKey = None) -> Response:
    """Nobody logs in by it; its sessions end, and tokens that it made are let in no more."""
    change = _changing(lambda tx, doing: user_actions.lock(tx, name, doing))
    return act(call, Act.USER_LOCK, body, idempotency, change)


@user_router.post("/{name}/unlock", response_model=Facts, summary="Unlock it")
def unlock(call: ForPeople, name: NameText, body: MaybeWhy, idempotency: IdempotencyKey = None) -> Response:
    """It can be used again."""
    change = _changing(lambda tx, doing: user_actions.unlock(tx, name, doing))
    return act(call, Act.USER_UNLOCK, body, idempotency, change)


@user_router.post("/{name}/reset", response_model=Facts, summary="Give it a new initial password")
def reset(call: ForPeople, name: NameText, body: MaybeWhy, idempotency: IdempotencyKey = None) -> Response:
    """`initial_password` is told this once; its sessions end."""
    initial = new_password()
    stored = call.needs.authenticator.hashed(initial)

    def work(tx: UnitOfWork, doing: OperatorAction) -> dict[str, Any]:
        return account_facts(user_actions.reset(tx, name, stored, doing)) | {_INITIAL: initial}

    return act(call, Act.USER_RESET, body, idempotency, lambda _: work, shown_once={_INITIAL})


@user_router.get("/{name}/sessions", response_model=Page[Facts], summary="Its open sessions")
def sessions(call: ForPeople, name: NameText) -> Response:
    """The newest first: from where, since when, last used."""
    with call.reading() as connection:
        tx = UnitOfWork(connection)
        found = open_sessions(tx.sessions.of(_known(call, tx, name).key), call.now, call.needs.authenticator.policy)
    return answer(call, {"items": [session_facts(one) for one in found], "next": None})


@user_router.post("/{name}/sessions/revoke", response_model=Facts, summary="End its sessions")
def revoke(call: ForPeople, name: NameText, body: Ended, idempotency: IdempotencyKey = None) -> Response:
    """All of them, or one."""

    def work(tx: UnitOfWork, doing: OperatorAction) -> dict[str, Any]:
        if body.session is None:
            return {"name": name, "ended": user_actions.revoke_sessions(tx, name, doing)}
        user_actions.revoke_session_of(tx, name, body.session, doing)
        return {"name": name, "ended": 1}

    return act(call, Act.SESSION_REVOKE, body, idempotency, lambda _: work)


def _changing(change: _Change) -> Callable[[OperatorAction], Work]:
    return lambda _: lambda tx, doing: account_facts(change(tx, doing))


def _known(call: Call, tx: UnitOfWork, name: str) -> Account:
    try:
        return user_actions.known_account(tx, name)
    except ActionRefused as error:
        raise missing(f"account {name}", "look it up with GET /api/v1/users") from error
