"""Until when orders that have not begun wait, and the last words about them; read only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, or_, select

from csire_bridge.domain.work import WorkStep
from csire_bridge.store.sql.array_parameter import any_of
from csire_bridge.store.tables import order_events, work

__all__ = ["LastWord", "last_words"]


@dataclass(frozen=True, slots=True)
class LastWord:
    """``text``: the last line of the order's history. ``next_look`` (UTC): when its work is due; None: it has none, or
    it is parked."""

    text: str
    next_look: datetime | None


_OF_ORDERS = any_of(order_events.c.order, "keys")
_NEWEST = select(func.max(order_events.c.key)).where(_OF_ORDERS).group_by(order_events.c.order)
_TEXTS = select(order_events.c.order, order_events.c.text).where(order_events.c.key.in_(_NEWEST))
_STEPS = or_(*(work.c.step == step.value for step in (WorkStep.EXECUTE, WorkStep.PERFORM)))
_DUE = select(work.c.subject, work.c.due_at).where(_STEPS, any_of(work.c.subject, "keys"), work.c.parked.is_(False))


def last_words(connection: Connection, keys: Sequence[int]) -> Mapping[int, LastWord]:
    """Of each order with one of these keys."""
    wanted = {"keys": list(keys)}
    due = {row.subject: row.due_at for row in connection.execute(_DUE, wanted)}
    return {row.order: LastWord(row.text, due.get(row.order)) for row in connection.execute(_TEXTS, wanted)}
