"""The pages about people, and their places in the menu."""

from __future__ import annotations

from fastapi import APIRouter

from csire_bridge.console.area import Area, Group, MenuEntry
from csire_bridge.console.pages.people.accounts import account_pages
from csire_bridge.console.pages.people.own import own_pages
from csire_bridge.console.pages.people.tokens import token_pages
from csire_bridge.domain.people.roles import Permission

__all__ = ["PEOPLE"]

_router = APIRouter()
for _pages in (account_pages, token_pages, own_pages):
    _router.include_router(_pages)

PEOPLE = Area(
    _router,
    (
        MenuEntry("/people", "People", Permission.PEOPLE, order=810, group=Group.ADMINISTRATION),
        MenuEntry("/tokens", "API tokens", Permission.PEOPLE, order=820, group=Group.ADMINISTRATION),
        MenuEntry("/me", "My account", None, order=890, group=Group.ADMINISTRATION),
    ),
)
