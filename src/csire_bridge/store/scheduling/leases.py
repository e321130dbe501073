"""Named leases, for work that only one process may do at a time; within one transaction.

A lease has a term (a fencing number), which grows each time another holder takes it. A holder that hung and comes back
has an old term, and ``check`` refuses it: so nothing of that transaction is written.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection, select, update

from csire_bridge.domain.errors import StaleWrite
from csire_bridge.domain.work import Lease
from csire_bridge.store.connection.dialects import insert_new
from csire_bridge.store.tables import leases

__all__ = ["Leases"]

_NOBODY = {"owner": "", "until": datetime(1970, 1, 1, tzinfo=UTC), "term": 0}


class Leases:
    """A lease is held until its time runs out, or until its owner gives it back."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def acquire(self, name: str, lease: Lease, now: datetime) -> int | None:
        """Acquire or extend the lease; return its term (from 1), or None if somebody else has it.

        A lease that ends later than a lease taken now could end was written by a clock that was ahead: it is void.
        """
        owner, until, term = self._locked(name) or self._made(name)
        if owner != lease.owner and now < until <= lease.latest:
            return None
        term += owner != lease.owner
        values = {"owner": lease.owner, "until": lease.until, "term": term}
        self._connection.execute(update(leases).where(leases.c.name == name).values(values))
        return term

    def check(self, name: str, owner: str, term: int) -> None:
        """Raise StaleWrite if the term is over.

        Otherwise the row stays locked, so no other holder can start a term until this transaction ends.
        """
        held = self._locked(name)
        if held is None or (held[0], held[2]) != (owner, term):
            raise StaleWrite(f"{owner} no longer leads {name!r}: its term {term} is over")

    def until(self, name: str) -> datetime | None:
        """Until when (UTC, by its holder's clock) the lease is held; None if nobody ever held it."""
        return self._connection.execute(select(leases.c.until).where(leases.c.name == name)).scalar_one_or_none()

    def release(self, name: str, owner: str, now: datetime) -> None:
        """Release the lease, if it is still ours; this ends our term."""
        mine = update(leases).where(leases.c.name == name, leases.c.owner == owner)
        self._connection.execute(mine.values(owner=_NOBODY["owner"], until=now))

    def _locked(self, name: str) -> tuple[str, datetime, int] | None:
        query = select(leases.c.owner, leases.c.until, leases.c.term).where(leases.c.name == name)
        row = self._connection.execute(query.with_for_update()).one_or_none()
        return (row.owner, row.until, row.term) if row else None

    def _made(self, name: str) -> tuple[str, datetime, int]:
        """Insert a lease that nobody has held yet; a second process in this race finds the first one's row."""
        insert_new(self._connection, leases, {"name": name, **_NOBODY})
        found = self._locked(name)
        if found is None:
            raise StaleWrite(f"the lease {name!r} was removed while it was taken")
        return found
