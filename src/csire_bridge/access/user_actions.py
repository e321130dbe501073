"""What administrators do with accounts. Names stay for ever: an account is locked, never deleted."""

from __future__ import annotations

from dataclasses import replace

from csire_bridge.domain.errors import ActionRefused
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.people.accounts import Account, Session, checked_name
from csire_bridge.domain.people.actor import Actor
from csire_bridge.domain.people.acts import Act
from csire_bridge.domain.people.audited import audited, note, require
from csire_bridge.domain.people.ports import PeopleTransaction
from csire_bridge.domain.people.roles import Role

__all__ = [
    "add",
    "change_password",
    "end_own_session",
    "known_account",
    "lock",
    "own_account",
    "reset",
    "revoke_session",
    "revoke_session_of",
    "revoke_sessions",
    "sessions_of",
    "set_role",
    "unlock",
]


def known_account(tx: PeopleTransaction, name: str) -> Account:
    """The account of that name; raises ActionRefused where there is none."""
    found = tx.accounts.named(name.strip().lower())
    if found is None:
        raise ActionRefused(f"there is no account {name}", "look the name up with `users list`")
    return found


def add(
    tx: PeopleTransaction,
    name: str,
    role: Role,
    password_hash: str | None,
    act: OperatorAction,
    *,
    must_change: bool = True,
    subject: str | None = None,
) -> Account:
    """Add an account. The first one has to be an administrator, because from then on a login is needed.

    Without a password it logs in at the identity provider only, as ``subject``. Raises ActionRefused.
    """
    require(act.who, Act.USER_ADD)
    tx.accounts.one_at_a_time()
    try:
        account = Account(0, checked_name(name), role, act.at, password_hash, must_change, None, subject)
    except ValueError as error:
        raise ActionRefused(str(error), "give another name") from error
    if tx.accounts.named(account.name) is not None:
        raise ActionRefused(f"there is an account {account.name}, or was: names are kept for ever", "give another name")
    if role is not Role.ADMINISTRATOR and not tx.accounts.any():
        raise ActionRefused("the first account must be an administrator", "add one with --role administrator first")
    account = replace(account, key=tx.accounts.add(account))
    note(tx, act.who, Act.USER_ADD, f"account {account.name}", act.at, act.why, after=account)
    return account


@audited(Act.USER_ROLE, "account {name}", lambda tx, given: known_account(tx, given["name"]))
def set_role(tx: PeopleTransaction, name: str, role: Role, act: OperatorAction) -> Account:
    """Give an account another role; its sessions end. Raises ActionRefused for the last administrator."""
    account = _changing(tx, name)
    if role is not Role.ADMINISTRATOR:
        _not_the_last(tx, account, f"{account.name} is the last administrator and can't get another role")
    tx.accounts.set_role(account.key, role)
    tx.sessions.revoke_all(account.key, act.at)
    return tx.accounts.get(account.key)


@audited(Act.USER_LOCK, "account {name}", lambda tx, given: known_account(tx, given["name"]))
def lock(tx: PeopleTransaction, name: str, act: OperatorAction) -> Account:
    """Lock an account; its sessions end. Raises ActionRefused for the last administrator."""
    account = _changing(tx, name)
    if account.locked:
        raise ActionRefused(f"the account {account.name} is locked already", "nothing is left to do")
    _not_the_last(tx, account, f"{account.name} is the last administrator and can't be locked")
    tx.accounts.lock(account.key, act.at)
    tx.sessions.revoke_all(account.key, act.at)
    return tx.accounts.get(account.key)


@audited(Act.USER_UNLOCK, "account {name}", lambda tx, given: known_account(tx, given["name"]))
def unlock(tx: PeopleTransaction, name: str, act: OperatorAction) -> Account:
    """Unlock an account. Raises ActionRefused for one that is not locked."""
    account = _changing(tx, name)
    if not account.locked:
        raise ActionRefused(f"the account {account.name} is not locked", "nothing is left to do")
    tx.accounts.unlock(account.key)
    return tx.accounts.get(account.key)


@audited(Act.USER_RESET, "account {name}", lambda tx, given: known_account(tx, given["name"]))
def reset(tx: PeopleTransaction, name: str, password_hash: str, act: OperatorAction) -> Account:
    """Give an account an initial password, which its owner has to change; its sessions end."""
    account = _changing(tx, name)
    tx.accounts.set_password(account.key, password_hash, must_change=True)
    tx.sessions.revoke_all(account.key, act.at)
    return tx.accounts.get(account.key)


@audited(Act.PASSWORD_CHANGE, "account {account.name}")
def change_password(tx: PeopleTransaction, account: Account, password_hash: str, act: OperatorAction) -> None:
    """The owner, who has given the old password, has chosen a new one; all sessions end.

    Raises ActionRefused if the password was changed meanwhile.
    """
    if tx.accounts.get(account.key) != account:
        raise ActionRefused(f"the account {account.name} was changed meanwhile", "do it again")
    tx.accounts.set_password(account.key, password_hash, must_change=False)
    tx.sessions.revoke_all(account.key, act.at)


def sessions_of(tx: PeopleTransaction, name: str) -> list[Session]:
    """The sessions of an account that nobody has revoked, the newest first."""
    return tx.sessions.of(known_account(tx, name).key)


@audited(Act.SESSION_REVOKE, "account {name}")
def revoke_sessions(tx: PeopleTransaction, name: str, act: OperatorAction) -> int:
    """End all sessions of an account; return how many."""
    return tx.sessions.revoke_all(known_account(tx, name).key, act.at)


@audited(Act.SESSION_REVOKE, "session {key}")
def revoke_session(tx: PeopleTransaction, key: int, act: OperatorAction) -> None:
    """End one session. Raises ActionRefused where it has ended, or there is none."""
    if not tx.sessions.revoke(key, act.at):
        raise ActionRefused(f"no session {key} is open", "look its key up with `users sessions NAME`")


def revoke_session_of(tx: PeopleTransaction, name: str, key: int, act: OperatorAction) -> None:
    """End one session of that account. Raises ActionRefused where it has none of that key."""
    require(act.who, Act.SESSION_REVOKE)
    if key not in [one.key for one in sessions_of(tx, name)]:
        raise ActionRefused(f"{name} has no session {key}", "look its key up with `users sessions`")
    revoke_session(tx, key, act)


def own_account(tx: PeopleTransaction, who: Actor) -> Account:
    """The account of whoever acts. Raises ActionRefused for a program, and for somebody who only gave a name."""
    account = tx.accounts.named(who.name) if who.role is not None else None
    if account is None:
        raise ActionRefused(f"{who.name} is no account, and has no sessions", "sign in with an account")
    return account


@audited(Act.OWN_SESSION_END, "session {key}")
def end_own_session(tx: PeopleTransaction, key: int, act: OperatorAction) -> None:
    """End a session of one's own, such as one left open elsewhere. Raises ActionRefused where none is open."""
    own = own_account(tx, act.who)
    if key not in [one.key for one in tx.sessions.of(own.key)] or not tx.sessions.revoke(key, act.at):
        raise ActionRefused(f"you have no open session {key}", "look at the list of your sessions")


def _changing(tx: PeopleTransaction, name: str) -> Account:
    tx.accounts.one_at_a_time()
    return known_account(tx, name)


def _not_the_last(tx: PeopleTransaction, account: Account, words: str) -> None:
    others = [one for one in tx.accounts.all() if one.role is Role.ADMINISTRATOR and not one.locked]
    if account in others and len(others) == 1:
        raise ActionRefused(words, "make another account an administrator first")
