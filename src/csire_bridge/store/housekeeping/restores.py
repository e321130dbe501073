"""The last restore from a backup, and which orders a person has checked since, within one transaction."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, insert, select, update

from csire_bridge.domain.operations.restores import Restore
from csire_bridge.store.sql.row_mapper import from_row, to_row
from csire_bridge.store.tables import orders, restores

__all__ = ["Restores"]

_LAST = select(restores).order_by(restores.c.generation.desc()).limit(1)


class Restores:
    """Restores within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def last(self) -> Restore | None:
        """The last restore; None where there was none."""
        row = self._connection.execute(_LAST).one_or_none()
        return None if row is None else from_row(Restore, row)

    def add(self, restore: Restore) -> None:
        """Record a restore: all existing orders are uncertain from now on."""
        self._connection.execute(insert(restores).values(to_row(restore)))

    def vouch(self, keys: Sequence[int]) -> None:
        """Record that a person has checked these orders: they are no longer uncertain."""
        last = self.last()
        if last is not None and keys:
            known = update(orders).where(orders.c.key.in_(keys)).values(generation=last.generation)
            self._connection.execute(known)

    def told_before(self, key: int) -> None:
        """Record that the hub has the order's answer from before the restore, so none will be made."""
        self._connection.execute(update(orders).where(orders.c.key == key).values(told_before=True))
