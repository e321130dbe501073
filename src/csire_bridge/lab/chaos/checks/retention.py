"""What must hold after retention, whenever it was killed: each record is in the database or in exactly one archive."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Row, select

from csire_bridge.store.database import Database
from csire_bridge.store.tables import accepted_ids, messages, orders, outbox

__all__ = ["Kept", "retention_violations"]


@dataclass(frozen=True)
class Kept:
    """The content of the database before the run."""

    messages: dict[int, Row[Any]]
    orders: frozenset[int]
    documents: frozenset[bytes]
    ids: frozenset[tuple[object, ...]]

    @classmethod
    def of(cls, database: Database) -> Kept:
        """The content of the database now."""
        with database.reading() as connection:
            return cls(
                {row.key: row for row in connection.execute(select(messages))},
                frozenset(connection.execute(select(orders.c.key)).scalars()),
                frozenset(connection.execute(select(outbox.c.document)).scalars()),
                frozenset(tuple(row) for row in connection.execute(select(accepted_ids))),
            )


@dataclass
class _Archived:
    times: Counter[tuple[str, int]]
    contents: set[bytes]
    broken: list[str]


def retention_violations(before: Kept, database: Database, folder: Path) -> Iterator[str]:
    """A sentence for each thing that is wrong."""
    now, archived = Kept.of(database), _read(folder)
    yield from archived.broken
    yield from (
        f"{kind} {key} was archived {times} times" for (kind, key), times in archived.times.items() if times > 1
    )
    if not archived.times:
        yield "nothing was archived"
    if now.ids != before.ids:
        yield "ids that were taken are not the same as before"
    for key, row in before.messages.items():
        here = now.messages.get(key)
        if (here is None or here.raw != row.raw) and row.raw not in archived.contents:
            yield f"the bytes of message {key} are neither here nor in an archive"
        if here is not None and (here.state, here.receipt, here.sha256) != (row.state, row.receipt, row.sha256):
            yield f"message {key} is another one now"
    for key in before.orders - now.orders:
        if ("orders", key) not in archived.times:
            yield f"order {key} is neither here nor in an archive"
    for document in before.documents - now.documents - archived.contents:
        yield f"an answer of {len(document)} bytes is neither here nor in an archive"
    if len(now.orders) > 1:
        yield f"{len(now.orders)} orders were left, of which only the newest has to stay"
    yield from database.check()


def _read(folder: Path) -> _Archived:
    found = _Archived(Counter(), set(), [f"{part.name} was left" for part in folder.glob(".*.part")])
    for file in folder.glob("*.zip"):
        with zipfile.ZipFile(file) as archive:
            manifest = json.loads(archive.read("manifest.json"))
            for name, digest in manifest["sha256"].items():
                content = archive.read(name)
                found.contents.add(content)
                if hashlib.sha256(content).hexdigest() != digest:
                    found.broken.append(f"{name} in {file.name} is another one")
        found.times.update((manifest["kind"], key) for key in manifest["keys"])
    return found
