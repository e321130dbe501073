"""An area of the console: its routes, and its places in the menu."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from fastapi import APIRouter

from csire_bridge.domain.people.actor import Actor
from csire_bridge.domain.people.roles import Permission

__all__ = ["Area", "Group", "MenuEntry", "menu_for"]


class Group(StrEnum):
    """The headings of the menu; English, as in the catalogs."""

    WORK = "Work"
    RULES = "Rules and figures"
    ADMINISTRATION = "Administration"


@dataclass(frozen=True)
class MenuEntry:
    """A place in the menu for whoever has the permission. ``text`` is English, as in the catalogs.

    ``order`` sorts the menu; ``key`` is the letter that leads there after ``g``; ``group`` is the heading above it.
    """

    path: str
    text: str
    permission: Permission | None
    order: int
    key: str | None = None
    group: Group = Group.WORK

    def shown_to(self, actor: Actor) -> bool:
        """Whether the actor may open it."""
        return self.permission is None or actor.may(self.permission)

    def leads_to(self, path: str) -> bool:
        """Whether a page at ``path`` belongs to it."""
        return path == self.path or (self.path != "/" and path.startswith(f"{self.path}/"))


@dataclass(frozen=True)
class Area:
    """The routes of a room under ``pages``, and its places in the menu."""

    router: APIRouter
    menu: tuple[MenuEntry, ...] = ()


def menu_for(areas: tuple[Area, ...], actor: Actor) -> list[MenuEntry]:
    """The menu as an actor sees it."""
    entries = [entry for area in areas for entry in area.menu if entry.shown_to(actor)]
    return sorted(entries, key=lambda entry: entry.order)
