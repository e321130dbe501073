"""Lists of keys that people paste: which orders they mean; read only."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Select, literal, select

from csire_bridge.domain.order.order import FINAL_STATES
from csire_bridge.domain.pasted_key import KeyKind, PastedKey, recognise
from csire_bridge.store.sql.array_parameter import any_of
from csire_bridge.store.tables import orders, sid_orders

__all__ = ["MOST_KEYS", "KeyList", "orders_of", "split_keys"]

MOST_KEYS = 1000
_BETWEEN = re.compile(r"[\s,;]+")
_MOST_CANDIDATES = 11


@dataclass(frozen=True, slots=True)
class KeyList:
    """What was found, in the order of the list, each once.

    ``wrong`` and ``unknown`` say of each key what is the matter; ``ambiguous`` has the candidates of each. ``meant``
    says of each key of the list that led to one order, to which.
    """

    found: tuple[str, ...] = ()
    unknown: Mapping[str, str] = field(default_factory=dict)
    wrong: Mapping[str, str] = field(default_factory=dict)
    ambiguous: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    meant: Mapping[str, str] = field(default_factory=dict)


def split_keys(text: str) -> list[str]:
    """The keys in a text or a column of a sheet: separated by space, comma, semicolon or line; each once."""
    return list(dict.fromkeys(key.strip("\"'") for key in _BETWEEN.split(text) if key.strip("\"'")))


def orders_of(connection: Connection, keys: Sequence[str]) -> KeyList:
    """The orders that are meant by their keys, ids of messages or processes, numbers at SID, or codes of points.

    The code of a point, and a number that is neither a key nor one at SID but a meter's, mean the order there that has
    not ended. What leads to several orders is ambiguous.
    """
    pasted = {key: recognise(key) for key in keys}
    found = _found(connection, pasted)
    wrong = {key: one.wrong for key, one in pasted.items() if one.wrong and not found[key]}
    meant = {key: str(some[0]) for key, some in found.items() if len(some) == 1}
    unknown = {key: f"no order is known by {key}" for key, some in found.items() if not some and key not in wrong}
    several = {key: tuple(map(str, some[:_MOST_CANDIDATES])) for key, some in found.items() if len(some) > 1}
    return KeyList(tuple(dict.fromkeys(meant.values())), unknown, wrong, several, meant)


def _found(connection: Connection, pasted: Mapping[str, PastedKey]) -> dict[str, list[int]]:
    """The keys of the orders that each may mean: the meters only of those that mean nothing else."""
    found: dict[str, list[int]] = {key: [] for key in pasted}
    for kind, queries in _QUERIES.items():
        wanted = {key: text for key, one in pasted.items() if (text := one.of(kind))}
        if kind is KeyKind.METER:
            wanted = {key: text for key, text in wanted.items() if not found[key]}
        meant = _by_key(connection, queries, list(set(wanted.values())))
        for key, text in wanted.items():
            found[key] = sorted({*found[key], *meant[text]})
    return found


def _by_key(connection: Connection, queries: Sequence[Select[Any]], keys: list[str]) -> defaultdict[str, set[int]]:
    meant: defaultdict[str, set[int]] = defaultdict(set)
    for query in queries if keys else ():
        for key, order in connection.execute(query, {"keys": keys}):
            meant[str(key)].add(order)
    return meant


_OPEN = orders.c.state.not_in([literal(state.value) for state in sorted(FINAL_STATES)])
_BY_MESSAGE = select(orders.c.source_message, orders.c.key).where(any_of(orders.c.source_message, "keys"))
_BY_PROCESS = select(orders.c.process_instance, orders.c.key).where(any_of(orders.c.process_instance, "keys"))
_BY_NUMBER = select(sid_orders.c.number, sid_orders.c.order).where(any_of(sid_orders.c.number, "keys"))
_BY_POINT = select(orders.c.metering_point, orders.c.key).where(any_of(orders.c.metering_point, "keys"), _OPEN)
_BY_METER = select(orders.c.meter, orders.c.key).where(any_of(orders.c.meter, "keys"), _OPEN)
_BY_KEY = select(orders.c.key, orders.c.key).where(any_of(orders.c.key, "keys"))
_QUERIES: Mapping[KeyKind, Sequence[Select[Any]]] = {
    KeyKind.ORDER: (_BY_KEY,),
    KeyKind.POINT: (_BY_POINT,),
    KeyKind.ID: (_BY_MESSAGE, _BY_PROCESS),
    KeyKind.SID_NUMBER: (_BY_NUMBER,),
    KeyKind.METER: (_BY_METER,),
}
