"""Saved views of lists, within one transaction."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, insert, or_, select, update

from csire_bridge.domain.people.roles import Role
from csire_bridge.domain.people.saved_views import FOR_ALL, SavedView
from csire_bridge.store.sql.row_mapper import from_rows, to_row
from csire_bridge.store.tables import STANDING_VIEWS, saved_views

__all__ = ["SavedViews"]


class SavedViews:
    """Views that stand; a removed one is kept, and found no more."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, view: SavedView) -> int:
        """Write a new view (its ``key`` is ignored); return its key."""
        new = insert(saved_views).values(to_row(view, "key")).returning(saved_views.c.key)
        return int(self._connection.execute(new).scalar_one())

    def get(self, key: int) -> SavedView | None:
        """The view that stands under that key; None if there is none."""
        found = from_rows(SavedView, self._connection.execute(_STANDING.where(saved_views.c.key == key)))
        return next(found, None)

    def all_for(self, name: str, role: Role | None) -> list[SavedView]:
        """The views that somebody of that name and role has, by name."""
        v = saved_views.c
        his = or_(v.owner == name, v.shared_with == FOR_ALL, v.shared_with == (role.value if role else ""))
        return list(from_rows(SavedView, self._connection.execute(_STANDING.where(his).order_by(v.name, v.key))))

    def remove(self, key: int, at: datetime) -> None:
        """End a view."""
        change = update(saved_views).where(saved_views.c.key == key, STANDING_VIEWS)
        self._connection.execute(change.values(removed_at=at))


_STANDING = select(saved_views).where(STANDING_VIEWS)
