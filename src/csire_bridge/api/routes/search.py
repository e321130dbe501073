"""``/search``: anything that was pasted, and what it leads to."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from csire_bridge.api.http.answers import answer
from csire_bridge.api.http.call import Reading
from csire_bridge.api.routes.shapes import Facts
from csire_bridge.domain.pasted_key import LONGEST_PASTED, KeyKind, recognise
from csire_bridge.domain.people.acts import Act
from csire_bridge.store.queries.find.hits import PERSONAL_KEYS, Hit, hits_of
from csire_bridge.store.sql.row_mapper import to_row

__all__ = ["search_router"]

search_router = APIRouter(prefix="/search", tags=["search"])


class Found(Facts):
    """What a text may be, and what it leads to. ``wrong``: why nothing was found, such as a wrong check digit."""

    meanings: list[dict[str, Any]]
    wrong: str | None
    hits: list[dict[str, Any]]
    more: bool


@search_router.get("", response_model=Found, summary="Anything pasted, and what it leads to")
def search(
    call: Reading,
    q: Annotated[
        str,
        Query(
            min_length=1,
            max_length=LONGEST_PASTED,
            description="A point, a meter, an order's key, an id of a message, process, answer or command, a supplier,"
            " a number at SID; spaces, dashes and invisible characters do not matter.",
            examples=["5902 4385 6287 817706"],
        ),
    ],
) -> Response:
    """What the text may be, and the orders, points, messages or the supplier that it leads to.

    Whoever has no ``read-personal`` finds nothing by points, meters and numbers at SID.
    """
    pasted = recognise(q)
    kinds = frozenset(KeyKind) - (frozenset() if call.may_read_personal else PERSONAL_KEYS)
    with call.reading() as connection:
        found = hits_of(connection, pasted, kinds)
    body = {
        "meanings": [{"kind": one.kind, "key": one.text} for one in pasted.meanings if one.kind in kinds],
        "wrong": found.wrong,
        "hits": [_facts(hit) for hit in found.hits],
        "more": found.more,
    }
    return answer(call, body, (Act.ORDER_READ, f"search: {pasted.text[:100]}"))


def _facts(hit: Hit) -> dict[str, Any]:
    own = {"kind": hit.kind, "key": hit.key, "by": hit.by}
    if hit.order is not None:
        return own | {"order": to_row(hit.order)}
    return own | ({"message": asdict(hit.message)} if hit.message is not None else {})
