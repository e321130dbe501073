"""Accounts: all of them, and one with its sessions and what can be done with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Response

from csire_bridge.access import user_actions
from csire_bridge.access.people_facts import account_state, open_sessions
from csire_bridge.access.secrets import new_password
from csire_bridge.console.http.acts import carry_out
from csire_bridge.console.http.answers import page, redirect
from csire_bridge.console.http.refusals import Missing
from csire_bridge.console.http.visit import Visit, acting, visiting
from csire_bridge.domain.errors import ActionRefused
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.people.accounts import Account
from csire_bridge.domain.people.roles import PERMISSIONS, Permission, Role
from csire_bridge.store.unit_of_work import UnitOfWork

__all__ = ["account_pages"]

account_pages = APIRouter()
_Seeing = Annotated[Visit, Depends(visiting(Permission.PEOPLE))]
_Changing = Annotated[Visit, Depends(acting(Permission.PEOPLE))]
_Text = Annotated[str, Form(max_length=255)]
_Why = Annotated[str, Form(max_length=500)]
_Change = Callable[[UnitOfWork, OperatorAction], Account]


@account_pages.get("/people")
def accounts(visit: _Seeing) -> Response:
    """Every account, what each role may do, and the form for a new one."""
    return _list(visit)


@account_pages.post("/people")
def add(visit: _Changing, name: _Text, role: Annotated[Role, Form()], subject: _Text = "", why: _Why = "") -> Response:
    """Add an account; its initial password is shown on the page that follows, and nowhere else."""
    initial = None if subject.strip() else new_password()
    stored = visit.api.authenticator.hashed(initial) if initial else None

    def work(tx: UnitOfWork, doing: OperatorAction) -> Account:
        must_change, known_as = initial is not None, subject.strip() or None
        return user_actions.add(tx, name, role, stored, doing, must_change=must_change, subject=known_as)

    return _one(visit, carry_out(visit, why, work).name, initial)


@account_pages.get("/people/{name}")
def account(visit: _Seeing, name: str) -> Response:
    """One account."""
    return _one(visit, name)


@account_pages.post("/people/{name}/role")
def set_role(visit: _Changing, name: str, role: Annotated[Role, Form()], why: _Why) -> Response:
    """Give it another role."""
    return _changed(visit, name, why, lambda tx, doing: user_actions.set_role(tx, name, role, doing))


@account_pages.post("/people/{name}/lock")
def lock(visit: _Changing, name: str, why: _Why) -> Response:
    """Lock it."""
    return _changed(visit, name, why, lambda tx, doing: user_actions.lock(tx, name, doing))


@account_pages.post("/people/{name}/unlock")
def unlock(visit: _Changing, name: str, why: _Why) -> Response:
    """Unlock it."""
    return _changed(visit, name, why, lambda tx, doing: user_actions.unlock(tx, name, doing))


@account_pages.post("/people/{name}/reset")
def reset(visit: _Changing, name: str, why: _Why = "") -> Response:
    """Give it a new initial password, which is shown on the page that follows, and nowhere else."""
    initial = new_password()
    stored = visit.api.authenticator.hashed(initial)
    carry_out(visit, why, lambda tx, doing: user_actions.reset(tx, name, stored, doing))
    return _one(visit, name, initial)


@account_pages.post("/people/{name}/revoke")
def revoke(visit: _Changing, name: str, session: Annotated[int | None, Form(ge=1)] = None, why: _Why = "") -> Response:
    """End its sessions, or one of them."""

    def work(tx: UnitOfWork, doing: OperatorAction) -> None:
        if session is None:
            user_actions.revoke_sessions(tx, name, doing)
        else:
            user_actions.revoke_session_of(tx, name, session, doing)

    carry_out(visit, why, work)
    return redirect(visit, f"/people/{name}", "it was done")


def _changed(visit: Visit, name: str, why: str, change: _Change) -> Response:
    carry_out(visit, why, change)
    return redirect(visit, f"/people/{name}", "it was done")


def _list(visit: Visit) -> Response:
    policy = visit.api.authenticator.policy
    with visit.reading() as connection:
        tx = UnitOfWork(connection)
        found = [
            (one, account_state(one), len(open_sessions(tx.sessions.of(one.key), visit.now, policy)))
            for one in tx.accounts.all()
        ]
    facts = {"accounts": found, "roles": list(Role), "permissions": list(Permission), "may": PERMISSIONS}
    return page(visit, "people/accounts.html", facts)


def _one(visit: Visit, name: str, initial: str | None = None) -> Response:
    with visit.reading() as connection:
        tx = UnitOfWork(connection)
        try:
            found = user_actions.known_account(tx, name)
        except ActionRefused as error:
            raise Missing(f"account {name}") from error
        sessions = open_sessions(tx.sessions.of(found.key), visit.now, visit.api.authenticator.policy)
        tokens = [one for one in tx.tokens.all() if one.created_by == found.name and not one.ended(visit.now)]
    facts = {
        "account": found,
        "state": account_state(found),
        "sessions": sessions,
        "tokens": tokens,
        "roles": [role for role in Role if role is not found.role],
        "permissions": [one for one in Permission if one in PERMISSIONS[found.role]],
        "initial": initial,
    }
    return page(visit, "people/account.html", facts)
