"""Kills the process from inside at a crash point, by wrapping public methods of the product in this process only.

The product itself has no hooks. The kind of a commit is recognised by what was written in its transaction.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event

from csire_bridge.channels.hes.client import HeadEndConnector
from csire_bridge.channels.hub.client import HubClient
from csire_bridge.channels.hub.hub_delivery import HubChannel
from csire_bridge.domain.order.order import OrderState
from csire_bridge.lab.chaos.crash_points import Crash, CrashPoint
from csire_bridge.pipeline.answer.acknowledge import Acknowledger
from csire_bridge.store.database import Database
from csire_bridge.store.housekeeping.retention import RetentionBook
from csire_bridge.store.unit_of_work import UnitOfWork

__all__ = ["Countdown", "Gate", "wrap_migration", "wrap_rooms"]

Reach = Callable[[str], None]
Around = Callable[[Callable[..., Any]], Callable[..., Any]]
KindsOf = Callable[[Sequence[Any], Any], Sequence[str]]

_CALLS: tuple[tuple[type, str, str], ...] = (
    (HeadEndConnector, "submit", "call"),
    (HeadEndConnector, "read_contactor", "reading"),
    (HeadEndConnector, "cancel", "cancel"),
    (Acknowledger, "perform", "signing"),
    (HubChannel, "deliver", "sending"),
    (HubClient, "dequeue", "dequeue"),
)
_here = threading.local()
_WRITES = (
    ("archives", "written", "archived"),
    ("messages", "add", "journal"),
    ("messages", "settle", "settled"),
    ("head_end", "add", "event"),
    ("orders", "recall", "recall"),
    ("outbox", "add_all", "outbox"),
    ("outbox", "delivered_all", "delivered"),
    ("outbox", "result", "result"),
)
_STATES = {OrderState.SUBMITTING: "intent", OrderState.SUBMITTED: "submitted", OrderState.DONE: "done"}


class Countdown:
    """Counts how often the crash point is reached, and kills at the planned time. Safe in several threads."""

    def __init__(self, crash: Crash, strike: Callable[[], None]) -> None:
        self._crash = crash
        self._strike = strike
        self._left = crash.nth
        self._lock = threading.Lock()

    def reach(self, name: str) -> None:
        """Note that the process has reached the point of that name; not every name is a crash point."""
        if name != self._crash.point:
            return
        with self._lock:
            self._left -= 1
            last = self._left == 0
        if last:
            self._strike()


class Gate:
    """Counts open transactions, so that a process can be stopped while it has none, and so holds no locks."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._inside = 0

    @contextmanager
    def inside(self) -> Iterator[None]:
        """One transaction."""
        with self._changed:
            self._inside += 1
        try:
            yield
        finally:
            with self._changed:
                self._inside -= 1
                self._changed.notify_all()

    @contextmanager
    def empty(self) -> Iterator[None]:
        """Wait until no transaction is open, and block new ones."""
        with self._changed:
            self._changed.wait_for(lambda: not self._inside)
            yield


def wrap_rooms(reach: Reach, gate: Gate) -> None:
    """Call ``reach`` for every call and every commit of this process; use it before a bridge is built."""
    for owner, method, name in _CALLS:
        _wrap(owner, method, _told(reach, name))
    _wrap(RetentionBook, "prune", _pruned)
    _replace(Database, "transaction", _telling(Database.transaction, reach, gate))


def _told(reach: Reach, name: str) -> Around:
    def around(original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def wrapped(*args: Any, **named: Any) -> Any:
            reach(f"before-{name}")
            result = original(*args, **named)
            reach(f"after-{name}")
            return result

        return wrapped

    return around


def _telling(original: Callable[[Database], Any], reach: Reach, gate: Gate) -> Callable[[Database], Any]:
    """``Database.transaction`` that reports its commit, with the kinds of what was written."""

    @contextmanager
    def transaction(self: Database) -> Iterator[UnitOfWork]:
        kinds: dict[str, None] = {}
        with gate.inside(), original(self) as tx:
            _watch(tx, kinds)
            _here.kinds = kinds
            yield tx
            for kind in kinds:
                reach(f"before-{kind}")
        for kind in kinds:
            reach(f"after-{kind}")

    return transaction


def _pruned(original: Callable[..., int]) -> Callable[..., int]:
    """Retention is no part of a transaction: it notes its kind with the one that this thread is in."""

    def wrapped(*args: Any) -> int:
        count = original(*args)
        if count:
            _here.kinds["pruned"] = None
        return count

    return wrapped


def _watch(tx: UnitOfWork, kinds: dict[str, None]) -> None:
    """Have each write of ``tx`` that tells what kind of commit it is note that kind."""
    for part, method, kind in _WRITES:
        _wrap(getattr(tx, part), method, _noting(kinds, _when_something(kind)))
    _wrap(tx.orders, "move_all", _noting(kinds, _states_of))
    _wrap(tx.work, "lease", _noting(kinds, _when_leased))


def _noting(kinds: dict[str, None], kinds_of: KindsOf) -> Around:
    def around(original: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*args: Any, **named: Any) -> Any:
            result = original(*args, **named)
            kinds.update(dict.fromkeys(kinds_of(args, result)))
            return result

        return wrapped

    return around


def _when_something(kind: str) -> KindsOf:
    """Report only calls with rows: an empty list writes nothing."""
    return lambda args, _: [kind] if all(len(arg) for arg in args if isinstance(arg, list | tuple)) else []


def _when_leased(_args: Sequence[Any], items: Any) -> list[str]:
    return ["leased"] if items else []


def _states_of(args: Sequence[Any], _result: Any) -> list[str]:
    return [_STATES[after.state] for _, after, *_ in args[0] if after.state in _STATES]


def _wrap(owner: Any, method: str, around: Around) -> None:
    _replace(owner, method, around(getattr(owner, method)))


def _replace(owner: Any, name: str, value: object) -> None:
    setattr(owner, name, value)


def wrap_migration(reach: Reach) -> None:
    """Call ``reach`` for each statement of an upgrade, and for its commit."""
    migration = CrashPoint.IN_MIGRATION.value

    def statement(_connection: Any, _cursor: Any, text: str, *_rest: Any) -> None:
        if not text.lstrip().upper().startswith(("PRAGMA", "SELECT", "BEGIN")):
            reach(migration)

    event.listen(Engine, "after_cursor_execute", statement)
    event.listen(Engine, "commit", lambda _connection: reach("before-migrated"))
    _wrap(Database, "upgrade", _then(lambda: reach("after-migrated")))


def _then(tell: Callable[[], None]) -> Around:
    def around(original: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*args: Any) -> None:
            original(*args)
            tell()

        return wrapped

    return around
