"""Accounts, within one transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, exists, insert, select, update

from csire_bridge.domain.people.accounts import Account
from csire_bridge.domain.people.roles import Role
from csire_bridge.store.connection.dialects import take_turns
from csire_bridge.store.sql.row_mapper import from_row, from_rows, to_row
from csire_bridge.store.tables import accounts

__all__ = ["Accounts"]


class Accounts:
    """Accounts. They are locked, never deleted."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def any(self) -> bool:
        """Whether there is an account."""
        return bool(self._connection.execute(select(exists().select_from(accounts))).scalar())

    def all(self) -> list[Account]:
        """Every account, by name."""
        return list(from_rows(Account, self._connection.execute(select(accounts).order_by(accounts.c.name))))

    def get(self, key: int) -> Account:
        """The account of that key; raise KeyError."""
        found = self._find(accounts.c.key == key)
        if found is None:
            raise KeyError(key)
        return found

    def named(self, name: str) -> Account | None:
        """The account of that name; None if there is none."""
        return self._find(accounts.c.name == name)

    def by_subject(self, subject: str) -> Account | None:
        """The account whose name at the identity provider is ``subject``."""
        return self._find(accounts.c.subject == subject)

    def add(self, account: Account) -> int:
        """Write a new account (its ``key`` is ignored); return its key. Raises StaleWrite if the name is taken."""
        new = insert(accounts).values(to_row(account, "key")).returning(accounts.c.key)
        return int(self._connection.execute(new).scalar_one())

    def set_password(self, key: int, password_hash: str, *, must_change: bool) -> None:
        """Give the account another password."""
        self._change(key, password_hash=password_hash, must_change=must_change)

    def rehash(self, key: int, before: str, after: str) -> bool:
        """Write the same password's hash of newer parameters; False if the password was changed meanwhile."""
        same = update(accounts).where(accounts.c.key == key, accounts.c.password_hash == before)
        return bool(self._connection.execute(same.values(password_hash=after)).rowcount)

    def set_role(self, key: int, role: Role) -> None:
        """Give the account another role."""
        self._change(key, role=role.value)

    def lock(self, key: int, at: datetime) -> None:
        """Lock the account."""
        self._change(key, locked_at=at)

    def unlock(self, key: int) -> None:
        """Unlock the account."""
        self._change(key, locked_at=None)

    def one_at_a_time(self) -> None:
        """Lock changes of accounts for all nodes until this transaction ends."""
        take_turns(self._connection, "accounts")

    def _change(self, key: int, **values: object) -> None:
        self._connection.execute(update(accounts).where(accounts.c.key == key).values(values))

    def _find(self, condition: ColumnElement[Any]) -> Account | None:
        row = self._connection.execute(select(accounts).where(condition)).first()
        return from_row(Account, row) if row else None
