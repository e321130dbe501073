"""Whoever has logged in at the identity provider gets a session of the account that belongs to him."""

from __future__ import annotations

from datetime import datetime

from csire_bridge.access import user_actions
from csire_bridge.access.authenticate import LoggedIn, login_refused, open_session
from csire_bridge.access.identity import Identity
from csire_bridge.domain.errors import ActionRefused
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.people.accounts import Account, Refusal, RefusalReason, SessionPolicy
from csire_bridge.domain.people.actor import ActorKind, Origin, trusted
from csire_bridge.domain.people.ports import PeopleTransaction

__all__ = ["log_in_by_identity"]

_WHY = "login at the identity provider"


def log_in_by_identity(
    tx: PeopleTransaction, identity: Identity, origin: Origin, policy: SessionPolicy, now: datetime
) -> LoggedIn | Refusal:
    """Begin a session. At the first login an account is made; at each one it gets the role by the groups.

    A name that an account without this identity has is refused: nobody takes over an account by his name elsewhere.
    """
    provider = OperatorAction.of(trusted("identity provider", origin, ActorKind.SYSTEM_USER), now, _WHY)
    try:
        account = _account(tx, identity, provider)
    except ActionRefused as error:
        return login_refused(tx, identity.name, Refusal(RefusalReason.WRONG, str(error)), origin, now)
    if account.locked:
        locked = Refusal(RefusalReason.LOCKED, "the account is locked: ask an administrator")
        return login_refused(tx, account.name, locked, origin, now)
    return open_session(tx, account, origin, policy, now)


def _account(tx: PeopleTransaction, identity: Identity, provider: OperatorAction) -> Account:
    known = tx.accounts.by_subject(identity.subject)
    if known is None:
        return user_actions.add(
            tx, identity.name, identity.role, None, provider, must_change=False, subject=identity.subject
        )
    if known.role is not identity.role and not known.locked:
        return user_actions.set_role(tx, known.name, identity.role, provider)
    return known
