"""What a token may do now: never more than whoever made it may do now."""

from __future__ import annotations

from datetime import datetime

from csire_bridge.domain.people.accounts import ApiToken
from csire_bridge.domain.people.ports import PeopleTransaction
from csire_bridge.domain.people.roles import PERMISSIONS, Permission

__all__ = ["rights_of"]

_NOTHING: frozenset[Permission] = frozenset()
_TOKEN = "token "  # noqa: S105 - how the name of a token that acts begins


def rights_of(tx: PeopleTransaction, token: ApiToken, now: datetime) -> frozenset[Permission]:
    """Its scopes, without those that its maker has lost: nothing if he is locked.

    A token may have been made by another one, which counts with what it may do itself now. A name without an account
    is of somebody who needed no login when the token was made; it takes nothing away.
    """
    left, seen = token.permissions, {token.key}
    while left and (maker := _making_token(tx, token)) is not None:
        if maker.key in seen or maker.ended(now):
            return _NOTHING
        left, token = left & maker.permissions, maker
        seen.add(maker.key)
    account = tx.accounts.named(token.created_by)
    if account is None:
        return left
    return _NOTHING if account.locked else left & PERMISSIONS[account.role]


def _making_token(tx: PeopleTransaction, token: ApiToken) -> ApiToken | None:
    name = token.created_by.removeprefix(_TOKEN)
    return tx.tokens.named(name) if name != token.created_by else None
