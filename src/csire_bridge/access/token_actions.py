"""What administrators do with API tokens."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from csire_bridge.access.secrets import hash_of_secret, new_token_secret
from csire_bridge.domain.errors import ActionRefused
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.people.accounts import ApiToken, checked_name
from csire_bridge.domain.people.acts import Act
from csire_bridge.domain.people.audited import audited, note, require
from csire_bridge.domain.people.ports import PeopleTransaction
from csire_bridge.domain.people.roles import Permission

__all__ = ["create", "revoke"]


def create(
    tx: PeopleTransaction, name: str, scopes: Iterable[Permission], expires_at: datetime, act: OperatorAction
) -> tuple[ApiToken, str]:
    """Make a token; return it with its secret, which nobody can see again.

    Nobody can give scopes that he does not have himself. Raises ActionRefused.
    """
    require(act.who, Act.TOKEN_CREATE)
    wanted = sorted(set(scopes))
    for scope in wanted:
        act.who.require(scope, f"giving a token the scope {scope}")
    _check(tx, name, wanted, expires_at, act.at)
    secret = new_token_secret()
    token = ApiToken(0, checked_name(name), hash_of_secret(secret), " ".join(wanted), act.at, act.by, expires_at)
    token = replace(token, key=tx.tokens.add(token))
    note(tx, act.who, Act.TOKEN_CREATE, f"token {token.name}", act.at, act.why, after=token)
    return token, secret


def _check(tx: PeopleTransaction, name: str, scopes: Iterable[Permission], expires_at: datetime, now: datetime) -> None:
    try:
        known = tx.tokens.named(checked_name(name))
    except ValueError as error:
        raise ActionRefused(str(error), "give another name") from error
    if known is not None:
        raise ActionRefused(f"there is a token {known.name}, or was: names are kept for ever", "give another name")
    if not scopes:
        raise ActionRefused("a token without scopes may do nothing", f"give some of {', '.join(Permission)}")
    if expires_at <= now:
        raise ActionRefused(f"{expires_at.isoformat()} is past", "give an end that is still to come")


@audited(Act.TOKEN_REVOKE, "token {name}", lambda tx, given: tx.tokens.named(given["name"]))
def revoke(tx: PeopleTransaction, name: str, act: OperatorAction) -> ApiToken:
    """End a token at once. Raises ActionRefused where there is none, or it was revoked before."""
    token = tx.tokens.named(name.strip().lower())
    if token is None:
        raise ActionRefused(f"there is no token {name}", "look the name up with `tokens list`")
    if not tx.tokens.revoke(token.key, act.at):
        raise ActionRefused(f"the token {token.name} was revoked before", "nothing is left to do")
    return token
