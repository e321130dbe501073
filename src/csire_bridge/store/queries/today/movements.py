"""How many contactors stand in a state that no order explains; read only."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from csire_bridge.store.queries.lists.counted import MOST_COUNTED, Counted
from csire_bridge.store.tables import OPEN_MOVEMENTS, movements

__all__ = ["count_open_movements"]


def count_open_movements(connection: Connection) -> Counted:
    """Those that nobody has explained yet."""
    rows = select(movements.c.key).where(OPEN_MOVEMENTS).limit(MOST_COUNTED + 1).subquery()
    number = connection.execute(select(func.count()).select_from(rows)).scalar_one()
    return Counted(min(number, MOST_COUNTED), exact=number <= MOST_COUNTED)
