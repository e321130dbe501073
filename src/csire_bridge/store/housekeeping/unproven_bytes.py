"""Counts the stored bytes of unproven senders by day, against a budget; within one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection, select, update

from csire_bridge.domain.message.strangers import Share
from csire_bridge.store.connection.dialects import insert_new
from csire_bridge.store.tables import stranger_bytes

__all__ = ["StrangerBytes"]

_NONE = {"kept": 0, "trimmed": 0, "trimmed_bytes": 0, "trimmed_since": None}


class StrangerBytes:
    """One row for each day (UTC) and share, locked while counting, so that all processes share one count."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def room(self, share: Share, sizes: Sequence[int], most: int, now: datetime) -> list[bool]:
        """Count messages of these sizes in bytes; return for each whether it fits into ``most`` bytes of the day."""
        t = stranger_bytes.c
        day = now.astimezone(UTC).date().isoformat()
        mine = (t.day == day, t.share == share.value)
        insert_new(self._connection, stranger_bytes, {"day": day, "share": share.value, **_NONE})
        query = select(t.kept, t.trimmed, t.trimmed_bytes, t.trimmed_since).where(*mine).with_for_update()
        kept, trimmed, trimmed_bytes, since = self._connection.execute(query).one()
        fits = []
        for size in sizes:
            fits.append(kept + size <= most)
            kept += size * fits[-1]
        over = [size for size, fit in zip(sizes, fits, strict=True) if not fit]
        change = {
            "kept": kept,
            "trimmed": trimmed + len(over),
            "trimmed_bytes": trimmed_bytes + sum(over),
            "trimmed_since": since or (now if over else None),
        }
        self._connection.execute(update(stranger_bytes).where(*mine).values(change))
        return fits
