"""Who is it: by the secret of a session, by an API token, or by name and password.

Whoever is let in becomes an ``Actor``; a ``Refusal`` says why nobody is.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from csire_bridge.access.passwords import Passwords
from csire_bridge.access.secrets import hash_of_secret, new_session_secret
from csire_bridge.domain.clock import Clock
from csire_bridge.domain.people.accounts import Account, Refusal, RefusalReason, Session, SessionPolicy
from csire_bridge.domain.people.actor import NOWHERE, Actor, ActorKind, Origin, trusted
from csire_bridge.domain.people.acts import Act
from csire_bridge.domain.people.audited import note
from csire_bridge.domain.people.ports import PeopleTransaction, WithAudit
from csire_bridge.domain.people.roles import PERMISSIONS
from csire_bridge.domain.people.token_rights import rights_of

__all__ = [
    "Authenticator",
    "LoggedIn",
    "PeopleStore",
    "Present",
    "actor_of",
    "login_refused",
    "open_session",
    "too_many",
]

_WRITTEN_EVERY = timedelta(minutes=1)
_LONGEST_NAME = 64

_WRONG = Refusal(RefusalReason.WRONG, "name or password is wrong")
_NO_TOKEN = Refusal(RefusalReason.WRONG, "the token is not known")
_TOKEN_ENDED = Refusal(RefusalReason.ENDED, "the token was revoked or has ended: ask for a new one")
_NO_RIGHTS = Refusal(
    RefusalReason.LOCKED,
    "whoever made the token is locked, or may do nothing of it any more: have a new one made, and revoke this one",
)
_NO_SESSION = Refusal(RefusalReason.ENDED, "the session has ended: log in again")
_LOCKED = Refusal(RefusalReason.LOCKED, "the account is locked: ask an administrator")
_MUST_CHANGE = Refusal(RefusalReason.MUST_CHANGE, "the password is good for one thing only: choosing a new one")


class PeopleStore(Protocol):
    """Opens transactions."""

    def transaction(self) -> AbstractContextManager[PeopleTransaction]: ...
    def read_transaction(self) -> AbstractContextManager[PeopleTransaction]: ...


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """A new session: who it is, and the secret, which is known to nobody else from now on."""

    actor: Actor
    secret: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Present:
    """Whoever has an open session: its key, and its end (UTC) if it is not used any more."""

    actor: Actor
    session: int
    ends_at: datetime


def actor_of(account: Account, origin: Origin = NOWHERE) -> Actor:
    """An account as the one who acts."""
    return Actor(account.name, ActorKind.ACCOUNT, PERMISSIONS[account.role], account.role, origin)


def open_session(
    tx: PeopleTransaction, account: Account, origin: Origin, policy: SessionPolicy, now: datetime
) -> LoggedIn:
    """Begin a session of an account whose owner has proven himself; it is written into the audit."""
    secret, end = new_session_secret(), now + policy.absolute
    session = Session(0, account.key, hash_of_secret(secret), now, now, end, origin.address, origin.host)
    key = tx.sessions.add(session)
    actor = actor_of(account, origin)
    note(tx, actor, Act.LOGIN, f"account {account.name}", now, after={"session": key, "until": end})
    return LoggedIn(actor, secret, end)


def login_refused(tx: WithAudit, name: str, why: Refusal, origin: Origin, now: datetime) -> Refusal:
    """``why`` somebody who calls himself ``name`` is not let in; it is written into the audit."""
    name = name or "-"
    note(tx, trusted(name, origin), Act.LOGIN_FAILED, f"account {name}", now, why.text)
    return why


def too_many(wait: int) -> Refusal:
    """That ``wait`` seconds have to pass before the next try; the audit has the tries that led to it."""
    return Refusal(RefusalReason.TOO_MANY, f"too many wrong passwords: try again in {wait} s", wait)


class Authenticator:
    """Lets people and programs in, over one store."""

    def __init__(
        self,
        store: PeopleStore,
        clock: Clock,
        policy: SessionPolicy = SessionPolicy(),  # noqa: B008 - a frozen value
        passwords: Passwords | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self.policy = policy
        self._passwords = passwords or Passwords()

    def by_token(self, secret: str, origin: Origin = NOWHERE) -> Actor | Refusal:
        """Whose API token it is, with what its maker may do now. That it was used is written once a minute at most."""
        now = self._clock()
        with self._store.read_transaction() as tx:
            token = tx.tokens.find(hash_of_secret(secret))
            rights = rights_of(tx, token, now) if token else None
        if token is None or rights is None:
            return _NO_TOKEN
        if token.ended(now):
            return _TOKEN_ENDED
        if not rights:
            return _NO_RIGHTS
        if token.last_used_at is None or now - token.last_used_at >= _WRITTEN_EVERY:
            with self._store.transaction() as tx:
                tx.tokens.used(token.key, now)
        return Actor(f"token {token.name}", ActorKind.TOKEN, rights, origin=origin)

    def by_session(self, secret: str, origin: Origin = NOWHERE) -> Actor | Refusal:
        """Whose session it is. That it was used is written once a minute at most."""
        found = self.present(secret, origin)
        return found if isinstance(found, Refusal) else found.actor

    def present(self, secret: str, origin: Origin = NOWHERE, *, used: bool = True) -> Present | Refusal:
        """Whose session it is, and when it ends. With ``used`` false, a page asks by itself: that is no use."""
        now = self._clock()
        with self._store.read_transaction() as tx:
            session = tx.sessions.find(hash_of_secret(secret))
            account = tx.accounts.get(session.account) if session else None
        if session is None or account is None or session.ended(now, self.policy):
            return _NO_SESSION
        if account.locked:
            return _LOCKED
        if used and now - session.last_seen_at >= _WRITTEN_EVERY:
            with self._store.transaction() as tx:
                tx.sessions.seen(session.key, now)
        idle_end = (now if used else session.last_seen_at) + self.policy.idle
        return Present(actor_of(account, origin), session.key, min(idle_end, session.expires_at))

    def log_in(self, name: str, password: str, origin: Origin = NOWHERE) -> LoggedIn | Refusal:
        """Begin a session by name and password. Wrong ones are slowed down, by address and by name.

        An unknown name takes as long as a wrong password, and is answered with the same words.
        """
        account = self.proven(name, password, origin)
        if isinstance(account, Refusal):
            return account
        with self._store.transaction() as tx:
            if account.must_change:
                return login_refused(tx, account.name, _MUST_CHANGE, origin, self._clock())
            return open_session(tx, account, origin, self.policy, self._clock())

    def log_out(self, secret: str, origin: Origin = NOWHERE) -> bool:
        """End a session; False if it had ended."""
        now = self._clock()
        with self._store.transaction() as tx:
            session = tx.sessions.find(hash_of_secret(secret))
            if session is None or not tx.sessions.revoke(session.key, now):
                return False
            account = tx.accounts.get(session.account)
            note(tx, actor_of(account, origin), Act.LOGOUT, f"account {account.name}", now)
            return True

    def hashed(self, password: str) -> str:
        """The hash of a new password."""
        return self._passwords.hash(password)

    def proven(self, name: str, password: str, origin: Origin = NOWHERE) -> Account | Refusal:
        """The account, if the password is right; also one whose password must be changed."""
        name = name.strip().lower()[:_LONGEST_NAME]
        with self._store.transaction() as tx:
            wait = tx.tries.take(origin.place, name, self._clock())
            account = tx.accounts.named(name)
        if wait is not None:
            return too_many(wait)
        right = self._passwords.fits(password, account.password_hash if account else None)
        with self._store.transaction() as tx:
            return self._judged(tx, name, account if right else None, origin, password)

    def _judged(
        self, tx: PeopleTransaction, name: str, account: Account | None, origin: Origin, password: str
    ) -> Account | Refusal:
        now = self._clock()
        if account is not None and not (now_is := tx.accounts.get(account.key)).locked:
            tx.tries.right(origin.place, name, now)
            stored = now_is.password_hash or ""
            if self._passwords.is_old(stored):
                tx.accounts.rehash(account.key, stored, self._passwords.hash(password))
            return now_is if stored == account.password_hash else _WRONG
        return login_refused(tx, name, _WRONG if account is None else _LOCKED, origin, now)
