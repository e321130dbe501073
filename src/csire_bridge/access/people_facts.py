"""Accounts, sessions and tokens as values for commands, API and pages; never their secrets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from csire_bridge.domain.people.accounts import Account, ApiToken, Session, SessionPolicy
from csire_bridge.domain.people.ports import PeopleTransaction
from csire_bridge.domain.people.roles import Permission
from csire_bridge.domain.people.token_rights import rights_of

__all__ = [
    "AccountState",
    "ListedToken",
    "TokenState",
    "account_facts",
    "account_state",
    "listed_token",
    "open_sessions",
    "session_facts",
    "token_facts",
]


class AccountState(StrEnum):
    """What its owner can do: log in; nothing; only choose a password; log in at the identity provider."""

    OPEN = "open"
    LOCKED = "locked"
    INITIAL_PASSWORD = "initial-password"  # noqa: S105 - a state, no secret
    IDENTITY_PROVIDER = "identity-provider"


class TokenState(StrEnum):
    """Whether a program is let in by it."""

    GOOD = "good"
    LESS = "less"
    MAKER_GONE = "maker-gone"
    ENDED = "ended"
    REVOKED = "revoked"


@dataclass(frozen=True)
class ListedToken:
    """A token with what it may do now."""

    token: ApiToken
    rights: frozenset[Permission]
    state: TokenState


def account_state(account: Account) -> AccountState:
    """The state of an account."""
    if account.locked:
        return AccountState.LOCKED
    if account.must_change:
        return AccountState.INITIAL_PASSWORD
    return AccountState.OPEN if account.password_hash else AccountState.IDENTITY_PROVIDER


def account_facts(account: Account) -> dict[str, Any]:
    """An account."""
    names = ("name", "role", "must_change", "locked_at", "subject", "created_at")
    return {name: getattr(account, name) for name in names} | {"state": account_state(account)}


def open_sessions(sessions: Iterable[Session], now: datetime, policy: SessionPolicy) -> list[Session]:
    """Those of them that count at ``now`` (UTC)."""
    return [one for one in sessions if not one.ended(now, policy)]


def session_facts(session: Session) -> dict[str, Any]:
    """A session: from where, since when, last used, and its end in any case."""
    return {
        "key": session.key,
        "since": session.created_at,
        "last_seen": session.last_seen_at,
        "ends": session.expires_at,
        "from": session.address or session.host,
    }


def listed_token(tx: PeopleTransaction, token: ApiToken, now: datetime) -> ListedToken:
    """A token with its state at ``now`` (UTC)."""
    rights = rights_of(tx, token, now)
    return ListedToken(token, rights, _state(token, rights, now))


def _state(token: ApiToken, rights: frozenset[Permission], now: datetime) -> TokenState:
    if token.revoked_at is not None:
        return TokenState.REVOKED
    if token.ended(now):
        return TokenState.ENDED
    if not rights:
        return TokenState.MAKER_GONE
    return TokenState.GOOD if rights == token.permissions else TokenState.LESS


def token_facts(listed: ListedToken) -> dict[str, Any]:
    """A token: its scopes, and what it may do of them now."""
    names = ("name", "scopes", "created_at", "created_by", "expires_at", "last_used_at", "revoked_at")
    known = {name: getattr(listed.token, name) for name in names}
    return known | {"state": listed.state, "may_now": sorted(listed.rights)}
