"""Saved views: filters of a list under a name, for oneself or for others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from csire_bridge.domain.people.roles import Role

__all__ = ["FOR_ALL", "SavedView"]

FOR_ALL = "all"


@dataclass(frozen=True, slots=True)
class SavedView:
    """A view of the list of orders. ``query`` are its filters as they stand in its address.

    ``shared_with`` is a role, ``all``, or None: only ``owner`` has it. ``in_menu``: it stands in the menu with its
    count, which is marked from ``threshold`` on. Moments are UTC.
    """

    key: int
    name: str
    query: str
    owner: str
    shared_with: str | None
    in_menu: bool
    threshold: int | None
    created_at: datetime
    removed_at: datetime | None = None

    def is_for(self, name: str, role: Role | None) -> bool:
        """Whether somebody of that name and role has it."""
        return self.owner == name or self.shared_with == FOR_ALL or (role is not None and self.shared_with == role)
