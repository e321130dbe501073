"""Accounts, sessions and API tokens as facts, and why a login is refused. Secrets are kept as hashes only."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from csire_bridge.domain.people.roles import Permission, Role

__all__ = ["Account", "ApiToken", "Refusal", "RefusalReason", "Session", "SessionPolicy", "checked_name"]

_NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,63}")


def checked_name(text: str) -> str:
    """The name of an account or a token, in small letters; raises ValueError for one that can't be a name."""
    name = text.strip().lower()
    if not _NAME.fullmatch(name):
        raise ValueError(f"{text!r} is no name: give 1 to 64 letters a-z, digits or . _ @ + -, first a letter or digit")
    return name


@dataclass(frozen=True, slots=True)
class Account:
    """An account. It is locked, never deleted, so that its name stands for the same person for ever.

    Without ``password_hash`` it logs in at the identity provider only; ``subject`` is its name there. With
    ``must_change`` the password is good for nothing but for choosing another one.
    """

    key: int
    name: str
    role: Role
    created_at: datetime
    password_hash: str | None = field(default=None, repr=False)
    must_change: bool = False
    locked_at: datetime | None = None
    subject: str | None = None

    @property
    def locked(self) -> bool:
        """Whether it was locked by an administrator."""
        return self.locked_at is not None


@dataclass(frozen=True, slots=True)
class SessionPolicy:
    """A session ends ``idle`` after it was last used, and ``absolute`` after the login in any case."""

    idle: timedelta = timedelta(minutes=30)
    absolute: timedelta = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Session:
    """A login of an account. ``expires_at`` is its absolute end."""

    key: int
    account: int
    secret_hash: str = field(repr=False)
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    address: str | None = None
    host: str | None = None
    revoked_at: datetime | None = None

    def ended(self, now: datetime, policy: SessionPolicy) -> bool:
        """Whether it counts no more: revoked, idle for too long, or past its end."""
        return self.revoked_at is not None or now >= self.expires_at or now - self.last_seen_at >= policy.idle


@dataclass(frozen=True, slots=True)
class ApiToken:
    """A token by which a program uses the API. It is revoked, never deleted. ``scopes`` are names of permissions."""

    key: int
    name: str
    secret_hash: str = field(repr=False)
    scopes: str
    created_at: datetime
    created_by: str
    expires_at: datetime
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None

    @property
    def permissions(self) -> frozenset[Permission]:
        """The permissions that it gives."""
        return frozenset(map(Permission, self.scopes.split()))

    def ended(self, now: datetime) -> bool:
        """Whether it counts no more: revoked, or past its end."""
        return self.revoked_at is not None or now >= self.expires_at


class RefusalReason(StrEnum):
    """Why nobody is let in."""

    WRONG = "wrong"
    ENDED = "ended"
    LOCKED = "locked"
    MUST_CHANGE = "must-change"
    TOO_MANY = "too-many"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why nobody is let in, in words, and how many seconds to wait before the next try."""

    reason: RefusalReason
    text: str
    wait_seconds: int | None = None
