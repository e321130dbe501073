"""A transaction that writes nothing: what would be done is asked of the very use cases that do it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from csire_bridge.pipeline.ports.store import Store, Transaction

__all__ = ["Undo", "undo", "undone"]


class Undo(Exception):
    """Ends a transaction, or an attempt within one, without writing."""


def undo() -> NoReturn:
    """Raise Undo."""
    raise Undo


@contextmanager
def undone(store: Store) -> Iterator[Transaction]:
    """A transaction that writes nothing."""
    try:
        with store.transaction() as tx:
            yield tx
            undo()
    except Undo:
        return
