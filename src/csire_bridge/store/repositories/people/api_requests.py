"""Requests to the API that are done once, within one transaction.

A request is claimed first. Its answer is written in the same transaction as what it does, so a claim without an answer
proves that nothing was done.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, delete, select, update

from csire_bridge.store.connection.dialects import insert_new
from csire_bridge.store.sql.row_mapper import from_row
from csire_bridge.store.tables import api_requests

__all__ = ["KEPT", "ApiRequest", "ApiRequests"]

KEPT = timedelta(hours=24)
"""How long an answer is kept."""


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """A request of ``actor`` by the ``name`` that he gave it. Without ``status`` it has no answer yet."""

    actor: str
    name: str
    fingerprint: str
    claimed_at: datetime
    status: int | None = None
    body: bytes | None = field(default=None, repr=False)


class ApiRequests:
    """The requests."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def claim(self, wanted: ApiRequest, abandoned: timedelta) -> ApiRequest | None:
        """Claim a name. None: it is ours; else the request that has it, which was answered or is under way.

        A claim older than ``abandoned`` that has no answer is of a process that died, and is taken over.
        """
        a = api_requests.c
        self._connection.execute(delete(api_requests).where(a.claimed_at < wanted.claimed_at - KEPT))
        values: dict[str, object] = {"actor": wanted.actor, "name": wanted.name, "fingerprint": wanted.fingerprint}
        values |= {"claimed_at": wanted.claimed_at}
        if insert_new(self._connection, api_requests, values):
            return None
        mine = (a.actor == wanted.actor, a.name == wanted.name)
        late = update(api_requests).where(*mine, a.status.is_(None), a.claimed_at <= wanted.claimed_at - abandoned)
        same = late.where(a.fingerprint == wanted.fingerprint).values(claimed_at=wanted.claimed_at)
        if self._connection.execute(same).rowcount:
            return None
        row = self._connection.execute(select(api_requests).where(*mine)).first()
        return from_row(ApiRequest, row) if row else None

    def answered(self, claim: ApiRequest, status: int, body: bytes) -> bool:
        """Write the answer; False if the claim was taken over, so that the caller must undo what he did."""
        mine = self._mine(claim)
        return bool(
            self._connection.execute(update(api_requests).where(*mine).values(status=status, body=body)).rowcount
        )

    def give_up(self, claim: ApiRequest) -> None:
        """Nothing was done: the name is free again."""
        self._connection.execute(delete(api_requests).where(*self._mine(claim)))

    def _mine(self, claim: ApiRequest) -> tuple[ColumnElement[bool], ...]:
        a = api_requests.c
        return (a.actor == claim.actor, a.name == claim.name, a.claimed_at == claim.claimed_at, a.status.is_(None))
