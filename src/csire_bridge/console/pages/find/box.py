"""The one box: leads straight to the one hit; else shows what was found, or what is wrong with the key."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Response

from csire_bridge.console.http.answers import page, redirect
from csire_bridge.console.http.visit import Reading
from csire_bridge.domain.pasted_key import LONGEST_PASTED, KeyKind, recognise
from csire_bridge.domain.people.acts import Act
from csire_bridge.store.queries.find.hits import PERSONAL_KEYS, Hit, HitKind, hits_of
from csire_bridge.store.queries.search.key_lists import split_keys

__all__ = ["box_router", "leads_to"]

box_router = APIRouter()
_PATHS = {
    HitKind.ORDER: "/orders/{}",
    HitKind.ARCHIVED: "/orders/{}",
    HitKind.POINT: "/points/{}",
    HitKind.MESSAGE: "/messages/{}",
    HitKind.SUPPLIER: "/orders?supplier={}",
}


def leads_to(hit: Hit) -> str:
    """The address of what was found."""
    return _PATHS[hit.kind].format(quote(hit.key, safe=""))


@box_router.get("/find")
def find(visit: Reading, q: Annotated[str, Query(max_length=10 * LONGEST_PASTED)] = "") -> Response:
    """What the text leads to."""
    pasted = recognise(q)
    if len(keys := split_keys(q)) > 1 and _are_several(keys):
        return redirect(visit, f"/orders/keys?keys={quote(' '.join(keys))}")
    allowed = frozenset(KeyKind) - (frozenset() if visit.may_read_personal else PERSONAL_KEYS)
    with visit.reading() as connection:
        found = hits_of(connection, pasted, allowed)
    if found.only:
        return redirect(visit, leads_to(found.only))
    kept_back = sorted({one.kind for one in pasted.meanings} - allowed)
    facts = {"asked": q, "found": found, "leads_to": leads_to, "kept_back": kept_back}
    return page(visit, "find/found.html", facts, reads=(Act.ORDER_READ, f"search: {pasted.text[:100]}"))


def _are_several(keys: list[str]) -> bool:
    """Whether these are keys of their own, and not one that was written with spaces."""
    shaped = (KeyKind.POINT, KeyKind.ID, KeyKind.SUPPLIER)
    return sum(any(recognise(key).of(kind) for kind in shaped) for key in keys) > 1
