"""A pasted list of keys: which orders they mean, what is unknown, and what is ambiguous; also as a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Response

from csire_bridge.console.http.answers import page
from csire_bridge.console.http.visit import Personal, Visit, acting
from csire_bridge.console.lists.sheets import file_of
from csire_bridge.domain.errors import ActionRefused
from csire_bridge.domain.order.order import Order
from csire_bridge.domain.people.acts import Act
from csire_bridge.domain.people.roles import Permission
from csire_bridge.sheets.cells import PlainColumn
from csire_bridge.store.queries.search.key_lists import MOST_KEYS, KeyList, orders_of, split_keys
from csire_bridge.store.repositories.orders.orders import OrderBook

__all__ = ["key_list_router"]

key_list_router = APIRouter()
_PATH = "/orders/keys"
_LONGEST = 64 * 1024
_PersonalForm = Annotated[Visit, Depends(acting(Permission.READ_PERSONAL))]
_Keys = Annotated[str, Form(max_length=_LONGEST)]


@dataclass(frozen=True, slots=True)
class _Line:
    """A key of the list, and what became of it."""

    key: str
    outcome: str
    order: Order | None = None
    words: str | None = None


_COLUMNS = (
    PlainColumn[_Line]("key", lambda line: line.key),
    PlainColumn[_Line]("outcome", lambda line: line.outcome),
    PlainColumn[_Line]("order", lambda line: line.order.key if line.order else None),
    PlainColumn[_Line]("point", lambda line: str(line.order.metering_point) if line.order else None),
    PlainColumn[_Line]("kind", lambda line: line.order.kind if line.order else None),
    PlainColumn[_Line]("state", lambda line: line.order.state if line.order else None),
    PlainColumn[_Line]("words", lambda line: line.words),
)


@key_list_router.get(_PATH)
def ask(visit: Personal, keys: Annotated[str, Query(max_length=8000)] = "") -> Response:
    """The form; with a short list in the address, what it means."""
    return _answer(visit, keys) if keys else page(visit, "find/keys.html", {"keys": "", "lines": None})


@key_list_router.post(_PATH)
def tell(visit: _PersonalForm, keys: _Keys = "", file: Annotated[str, Form(max_length=4)] = "") -> Response:
    """What the list means."""
    if file in ("csv", "xlsx"):
        lines = _lines(visit, split_keys(keys))
        return file_of(visit, file, "keys", _COLUMNS, lines, f"{len(lines)} pasted keys")
    return _answer(visit, keys)


def _answer(visit: Visit, text: str) -> Response:
    keys = split_keys(text)
    lines = _lines(visit, keys)
    facts = {"keys": "\n".join(keys), "lines": lines, "counts": _counts(lines)}
    return page(visit, "find/keys.html", facts, reads=(Act.ORDER_READ, f"orders: a list of {len(keys)} keys"))


def _lines(visit: Visit, keys: list[str]) -> list[_Line]:
    if len(keys) > MOST_KEYS:
        raise ActionRefused(f"the list has {len(keys)} keys, at most {MOST_KEYS} are taken", "paste it in parts")
    with visit.reading() as connection:
        found = orders_of(connection, keys)
        orders = OrderBook(connection).get_many([int(key) for key in found.found])
    return [_line(key, found, orders) for key in keys]


def _line(key: str, found: KeyList, orders: Mapping[int, Order]) -> _Line:
    if key in found.meant:
        return _Line(key, "found", orders.get(int(found.meant[key])))
    if key in found.ambiguous:
        return _Line(key, "ambiguous", words=", ".join(found.ambiguous[key]))
    if key in found.wrong:
        return _Line(key, "wrong", words=found.wrong[key])
    return _Line(key, "unknown")


def _counts(lines: list[_Line]) -> dict[str, int]:
    return {name: sum(one.outcome == name for one in lines) for name in ("found", "ambiguous", "unknown", "wrong")}
