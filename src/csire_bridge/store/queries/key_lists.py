"""Lists of keys that people paste: which orders they mean; read only."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, Connection, select

from csire_bridge.domain.identifiers import MeteringPointCode, ProcessInstanceId
from csire_bridge.domain.order.order import FINAL_STATES
from csire_bridge.store.tables import orders, sid_orders

__all__ = ["MOST_KEYS", "KeyList", "orders_of", "split_keys"]

MOST_KEYS = 1000
_BETWEEN = re.compile(r"[\s,;]+")
_POINT = re.compile(r"[0-9]{17,19}")
_UUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_MOST_DIGITS = 15


@dataclass(frozen=True, slots=True)
class KeyList:
    """What was found, in the order of the list, each once.

    ``wrong`` and ``unknown`` say of each key what is the matter; ``ambiguous`` has the candidates of each.
    """

    found: tuple[str, ...] = ()
    unknown: Mapping[str, str] = field(default_factory=dict)
    wrong: Mapping[str, str] = field(default_factory=dict)
    ambiguous: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def split_keys(text: str) -> list[str]:
    """The keys in a text or a column of a sheet: separated by space, comma, semicolon or line; each once."""
    return list(dict.fromkeys(key.strip("\"'") for key in _BETWEEN.split(text) if key.strip("\"'")))


def orders_of(connection: Connection, keys: Sequence[str]) -> KeyList:
    """The orders that are meant by their keys, ids of messages or processes, numbers at SID, or codes of points.

    The code of a point means the order there that has not ended; several of them are ambiguous.
    """
    found: dict[str, tuple[str, ...]] = {}
    wrong: dict[str, str] = {}
    for key in keys:
        condition = _meant(key)
        if isinstance(condition, str):
            wrong[key] = condition
        else:
            rows = connection.execute(select(orders.c.key).where(condition).order_by(orders.c.key).limit(11))
            found[key] = tuple(str(row.key) for row in rows)
    one = dict.fromkeys(some[0] for some in found.values() if len(some) == 1)
    unknown = {key: f"no order is known by {key}" for key, some in found.items() if not some}
    return KeyList(tuple(one), unknown, wrong, {key: some for key, some in found.items() if len(some) > 1})


def _meant(key: str) -> ColumnElement[bool] | str:
    """The condition of the orders that a key means; a text says what is wrong with it."""
    if _UUID.fullmatch(key):
        same = str(ProcessInstanceId.parse(key))
        return (orders.c.source_message == same) | (orders.c.process_instance == same)
    if _POINT.fullmatch(key):
        try:
            code = MeteringPointCode.parse(key)
        except ValueError as error:
            return str(error)
        open_ones = orders.c.state.not_in([state.value for state in FINAL_STATES])
        return (orders.c.metering_point == str(code)) & open_ones
    if key.isascii() and key.isdigit() and len(key) <= _MOST_DIGITS:
        return orders.c.key == int(key)
    if len(key) <= 40 and key.isprintable():
        return orders.c.key.in_(select(sid_orders.c.order).where(sid_orders.c.number == key))
    return f"{key[:40]!r} is no key of an order"
