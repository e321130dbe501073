"""Leases by name, for what only one process may do at a time; within one transaction."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, insert, or_, update

from csire_bridge.domain.work import Lease
from csire_bridge.store.tables import leases

__all__ = ["Leases"]


class Leases:
    """A lease is held until its time runs out, or until its owner gives it back."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def hold(self, name: str, lease: Lease, now: datetime) -> bool:
        """Take or prolong the lease; False when somebody else has it. Raises StaleWrite in the very first race."""
        mine_or_free = or_(leases.c.owner == lease.owner, leases.c.until <= now)
        values = {"owner": lease.owner, "until": lease.until}
        if self._connection.execute(update(leases).where(leases.c.name == name, mine_or_free).values(values)).rowcount:
            return True
        if self._connection.execute(leases.select().where(leases.c.name == name)).first():
            return False
        self._connection.execute(insert(leases).values(name=name, **values))
        return True

    def release(self, name: str, owner: str, now: datetime) -> None:
        """Give the lease back, if it is still ours."""
        self._connection.execute(update(leases).where(leases.c.name == name, leases.c.owner == owner).values(until=now))
