"""What was said about an order that has not come yet: ends of processes by the hub, withdrawals of SID.

It is kept for ever and counts when the order comes; if none comes, an order may have been lost on its way here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, exists, select

from csire_bridge.domain.operations.alerts import Alert, AlertKind
from csire_bridge.store.tables import ENDED_EARLY, messages, processes, sid_orders, sid_withdrawals

__all__ = ["EarlyKind", "SaidEarly", "said_early", "said_early_alert"]


class EarlyKind(StrEnum):
    """What was said before its order came."""

    PROCESS_END = "process-end"
    WITHDRAWAL = "withdrawal"


@dataclass(frozen=True, slots=True)
class SaidEarly:
    """One thing that was said before its order came. ``at`` (UTC) is when we heard it.

    ``about`` is the process instance that the hub ended, or the number of SID's order. ``message`` is the key of the
    message that said so; None if retention has archived it.
    """

    kind: EarlyKind
    about: str
    at: datetime
    message: int | None


def said_early(connection: Connection, since: datetime | None, until: datetime) -> list[SaidEarly]:
    """What was said after ``since`` and before ``until`` (UTC), and whose order has not come; the oldest first."""
    p, w = processes.c, sid_withdrawals.c
    by = select(messages.c.key).where(
        messages.c.message_id == p.ended_by, messages.c.process_instance == p.process_instance
    )
    ends = select(p.process_instance, p.ended_at, by.order_by(messages.c.key).limit(1).scalar_subquery()).where(
        ENDED_EARLY, p.ended_at < until
    )
    unasked = ~exists().where(sid_orders.c.number == w.number)
    withdrawals = select(w.number, w.at, w.message).where(unasked, w.at < until)
    if since is not None:
        ends, withdrawals = ends.where(p.ended_at > since), withdrawals.where(w.at > since)
    found = [
        SaidEarly(kind, about, at, message)
        for kind, query in ((EarlyKind.PROCESS_END, ends), (EarlyKind.WITHDRAWAL, withdrawals))
        for about, at, message in connection.execute(query)
    ]
    return sorted(found, key=lambda one: (one.at, one.about))


def said_early_alert(connection: Connection, since: datetime, until: datetime) -> Iterator[Alert]:
    """One alert about all of them, if there are any."""
    found = said_early(connection, since, until)
    if found:
        counts = Counter(one.kind for one in found)
        detail = ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items()))
        yield Alert(AlertKind.SAID_EARLY, len(found), found[0].at, f"{detail}; see `messages early`")
