"""Sessions of accounts, within one transaction."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from csire_bridge.domain.people.accounts import Session
from csire_bridge.store.sql.row_mapper import from_row, from_rows, to_row
from csire_bridge.store.tables import sessions

__all__ = ["Sessions"]


class Sessions:
    """Sessions. Only the hash of a secret is stored."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, session: Session) -> int:
        """Write a new session (its ``key`` is ignored); return its key."""
        new = insert(sessions).values(to_row(session, "key")).returning(sessions.c.key)
        return int(self._connection.execute(new).scalar_one())

    def find(self, secret_hash: str) -> Session | None:
        """The session of that secret, also one that has ended; None if there is none."""
        row = self._connection.execute(select(sessions).where(sessions.c.secret_hash == secret_hash)).first()
        return from_row(Session, row) if row else None

    def seen(self, key: int, at: datetime) -> None:
        """The session was used at ``at`` (UTC)."""
        self._connection.execute(update(sessions).where(sessions.c.key == key).values(last_seen_at=at))

    def of(self, account: int) -> list[Session]:
        """The sessions of an account that nobody has revoked, the newest first."""
        theirs = select(sessions).where(sessions.c.account == account, sessions.c.revoked_at.is_(None))
        return list(from_rows(Session, self._connection.execute(theirs.order_by(sessions.c.key.desc()))))

    def revoke(self, key: int, at: datetime) -> bool:
        """End a session; False if it was revoked before, or there is none."""
        change = update(sessions).where(sessions.c.key == key, sessions.c.revoked_at.is_(None))
        return bool(self._connection.execute(change.values(revoked_at=at)).rowcount)

    def revoke_all(self, account: int, at: datetime) -> int:
        """End every session of an account; return how many."""
        change = update(sessions).where(sessions.c.account == account, sessions.c.revoked_at.is_(None))
        return self._connection.execute(change.values(revoked_at=at)).rowcount
