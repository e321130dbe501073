"""Tokens of the API, within one transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, insert, select, update

from csire_bridge.domain.people.accounts import ApiToken
from csire_bridge.store.sql.row_mapper import from_row, from_rows, to_row
from csire_bridge.store.tables import api_tokens

__all__ = ["Tokens"]


class Tokens:
    """API tokens. Only the hash of a secret is stored; a token is revoked, never deleted."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, token: ApiToken) -> int:
        """Write a new token (its ``key`` is ignored); return its key. Raises StaleWrite if the name is taken."""
        new = insert(api_tokens).values(to_row(token, "key")).returning(api_tokens.c.key)
        return int(self._connection.execute(new).scalar_one())

    def find(self, secret_hash: str) -> ApiToken | None:
        """The token of that secret, also one that has ended; None if there is none."""
        return self._find(api_tokens.c.secret_hash == secret_hash)

    def named(self, name: str) -> ApiToken | None:
        """The token of that name; None if there is none."""
        return self._find(api_tokens.c.name == name)

    def all(self) -> list[ApiToken]:
        """Every token, by name."""
        return list(from_rows(ApiToken, self._connection.execute(select(api_tokens).order_by(api_tokens.c.name))))

    def used(self, key: int, at: datetime) -> None:
        """The token was used at ``at`` (UTC)."""
        self._connection.execute(update(api_tokens).where(api_tokens.c.key == key).values(last_used_at=at))

    def revoke(self, key: int, at: datetime) -> bool:
        """End a token; False if it was revoked before."""
        change = update(api_tokens).where(api_tokens.c.key == key, api_tokens.c.revoked_at.is_(None))
        return bool(self._connection.execute(change.values(revoked_at=at)).rowcount)

    def _find(self, condition: ColumnElement[Any]) -> ApiToken | None:
        row = self._connection.execute(select(api_tokens).where(condition)).first()
        return from_row(ApiToken, row) if row else None
