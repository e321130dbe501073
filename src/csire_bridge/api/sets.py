"""Which items people mean: by a pasted or uploaded list, a selection, or all that match a search."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from csire_bridge.domain.errors import ActionRefused
from csire_bridge.domain.identifiers import MeteringPointCode
from csire_bridge.domain.jobs.kinds import ABOUT, JobKind, Subject
from csire_bridge.pipeline.operator.points.point_picks import listed_words, pick_points
from csire_bridge.store.queries.search.job_list import order_keys
from csire_bridge.store.queries.search.key_lists import MOST_KEYS, KeyList, orders_of, split_keys
from csire_bridge.store.queries.search.message_search import MessageSearch, keys_of
from csire_bridge.store.queries.search.order_search import OrderSearch
from csire_bridge.store.unit_of_work import UnitOfWork

__all__ = ["ItemSet", "of_list", "of_messages", "of_orders", "of_stop", "resolved", "text_of"]

_STOP = "stop"
_MOST_DIGITS = 15


@dataclass(frozen=True, slots=True)
class ItemSet:
    """The items, and in words how they were found; of a list, what else was in it."""

    items: tuple[str, ...]
    chosen: str
    unknown: Mapping[str, str] = field(default_factory=dict)
    wrong: Mapping[str, str] = field(default_factory=dict)
    ambiguous: Mapping[str, Sequence[str]] = field(default_factory=dict)


def of_stop() -> ItemSet:
    """The stop switch."""
    return ItemSet((_STOP,), "the stop switch")


def of_orders(tx: UnitOfWork, kind: JobKind, wanted: OrderSearch, words: str, most: int) -> ItemSet:
    """All orders that meet a search; one more than ``most`` is enough to be too many. Raises ActionRefused."""
    _about(kind, Subject.ORDERS)
    return _of_keys(order_keys(tx.connection, wanted, most + 1), f"all orders that match: {words}")


def of_messages(tx: UnitOfWork, kind: JobKind, wanted: MessageSearch, words: str, most: int) -> ItemSet:
    """All messages that meet a search, as for orders. Raises ActionRefused."""
    _about(kind, Subject.MESSAGES)
    return _of_keys(keys_of(tx.connection, wanted, most + 1), f"all messages that match: {words}")


def _about(kind: JobKind, subject: Subject) -> None:
    if ABOUT[kind].subject is not subject:
        raise ActionRefused(f"{kind} is for {ABOUT[kind].subject}, not for {subject}", "choose another act, or set")


def _of_keys(keys: Iterable[int], chosen: str) -> ItemSet:
    return ItemSet(tuple(map(str, keys)), chosen)


def text_of(raw: bytes) -> str:
    """The text of an uploaded list: UTF-8, or what a Polish spreadsheet writes. Raises ActionRefused for no text."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp1250", errors="replace")
    return checked_text(text)


def checked_text(text: str) -> str:
    """The list without a byte order mark; raises ActionRefused where it has control characters."""
    text = text.removeprefix("\ufeff")
    if any(ord(one) < 32 and one not in "\r\n\t" for one in text):
        raise ActionRefused("the list has control characters: it is no text", "save it as text or CSV")
    return text


def of_list(tx: UnitOfWork, subject: Subject, text: str, now: datetime) -> ItemSet:
    """What a pasted or uploaded list means. Raises ActionRefused for one without keys, or with too many."""
    keys = listed_words(text) if subject in (Subject.POINTS, Subject.HOLDS) else split_keys(text)
    if not keys:
        raise ActionRefused("there is no key in the list", "give codes of metering points, or keys")
    if len(keys) > MOST_KEYS:
        raise ActionRefused(f"the list has {len(keys)} keys, more than {MOST_KEYS}", "split it")
    found = resolved(tx, subject, keys, now)
    return ItemSet(found.found, f"a list of {len(keys)} {subject}", found.unknown, found.wrong, found.ambiguous)


def resolved(tx: UnitOfWork, subject: Subject, keys: Sequence[str], now: datetime) -> KeyList:
    """What each key means: found, unknown, wrong or ambiguous."""
    return _RESOLVED[subject](tx, keys, now)


def _points(tx: UnitOfWork, keys: Sequence[str], now: datetime) -> KeyList:
    points = pick_points(tx, keys, now)
    ambiguous = {word: tuple(map(str, some)) for word, some in points.ambiguous.items()}
    return KeyList(tuple(map(str, points.found)), points.unknown, points.wrong, ambiguous)


def _holds(tx: UnitOfWork, keys: Sequence[str], now: datetime) -> KeyList:
    """Keys of holds; the code of a point, or the number of its meter, means every hold that stands there."""
    numbers = [key for key in keys if _is_key(key)]
    known = {key for key in numbers if tx.guards.find_hold(int(key)) is not None}
    there = _points(tx, [key for key in keys if key not in numbers], now)
    at = tx.guards.holds_of([MeteringPointCode(code) for code in there.found], now)
    of_points = [str(hold.key) for some in at.values() for hold in some]
    unknown = dict(there.unknown)
    unknown |= {key: f"there is no hold {key}" for key in numbers if key not in known}
    unknown |= {code: "no hold stands at this point" for code in there.found if not at.get(MeteringPointCode(code))}
    found = dict.fromkeys([*(key for key in numbers if key in known), *of_points])
    return KeyList(tuple(found), unknown, there.wrong, there.ambiguous)


def _numbers(tx: UnitOfWork, keys: Sequence[str], now: datetime) -> KeyList:
    """Keys that are numbers; whether there is such a thing, the preview says."""
    wrong = {key: "it is no key: keys are numbers" for key in keys if not _is_key(key)}
    return KeyList(tuple(str(int(key)) for key in keys if key not in wrong), {}, wrong)


def _is_key(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS


def _orders(tx: UnitOfWork, keys: Sequence[str], now: datetime) -> KeyList:
    return orders_of(tx.connection, keys)


def _the_switch(tx: UnitOfWork, keys: Sequence[str], now: datetime) -> KeyList:
    return KeyList((_STOP,))


_RESOLVED: Mapping[Subject, Callable[[UnitOfWork, Sequence[str], datetime], KeyList]] = {
    Subject.ORDERS: _orders,
    Subject.POINTS: _points,
    Subject.HOLDS: _holds,
    Subject.MESSAGES: _numbers,
    Subject.WORK: _numbers,
    Subject.MOVEMENTS: _numbers,
    Subject.STOP: _the_switch,
}
