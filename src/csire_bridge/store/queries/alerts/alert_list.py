"""Conditions that hold now, with what is known of each: since when it was told, and who has acknowledged it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from csire_bridge.domain.operations.alert_areas import URGENT, area_of
from csire_bridge.domain.operations.alert_records import Acknowledgement, AlertRecord
from csire_bridge.domain.operations.alerts import Alert
from csire_bridge.store.repositories.alerts.alert_book import AlertBook

__all__ = ["ListedAlert", "PastAlert", "alert_history", "alert_list"]


@dataclass(frozen=True, slots=True)
class ListedAlert:
    """A condition that holds. ``opened_at`` (UTC) is when it was told; None: it was not noticed by the service yet."""

    alert: Alert
    opened_at: datetime | None
    acknowledgement: Acknowledgement | None

    @property
    def needs_a_person(self) -> bool:
        """Whether nobody has acknowledged it."""
        return self.acknowledgement is None

    def facts(self, now: datetime) -> dict[str, Any]:
        """The same for programs."""
        alert = self.alert
        return {
            "kind": alert.kind,
            "subject": alert.subject,
            "area": area_of(alert.kind),
            "urgent": alert.kind in URGENT,
            "count": alert.count,
            "oldest": alert.oldest,
            "text": alert.text(now),
            "told_at": self.opened_at,
            "needs_a_person": self.needs_a_person,
            "acknowledged": _acknowledged(self.acknowledgement),
        }


@dataclass(frozen=True, slots=True)
class PastAlert:
    """An alert that was opened, and who has acknowledged it."""

    record: AlertRecord
    acknowledgements: tuple[Acknowledgement, ...]

    def facts(self) -> dict[str, Any]:
        """The same for programs."""
        names = ("key", "kind", "subject", "opened_at", "closed_at", "text", "count")
        own = {name: getattr(self.record, name) for name in names}
        return {**own, "acknowledged": [_acknowledged(one) for one in self.acknowledgements]}


def _acknowledged(one: Acknowledgement | None) -> dict[str, Any] | None:
    return None if one is None else {"by": one.by, "why": one.why, "since": one.since, "until": one.over_at()}


def alert_list(connection: Connection, found: Iterable[Alert], now: datetime) -> list[ListedAlert]:
    """``found``, which hold at ``now`` (UTC), with their state."""
    book = AlertBook(connection)
    opened = {(one.kind, one.subject): one for one in book.open()}
    known = book.acknowledgements(one.key for one in opened.values())
    return [_listed(alert, opened.get((alert.kind, alert.subject)), known, now) for alert in found]


def _listed(
    alert: Alert, record: AlertRecord | None, known: dict[int, list[Acknowledgement]], now: datetime
) -> ListedAlert:
    if record is None:
        return ListedAlert(alert, None, None)
    held = next(reversed(known.get(record.key, [])), None)
    covers = held is not None and held.covers(alert, now, urgent=alert.kind in URGENT)
    return ListedAlert(alert, record.opened_at, held if covers else None)


def alert_history(connection: Connection, limit: int, before: int | None = None) -> list[PastAlert]:
    """Alerts that were opened, the newest first, at most ``limit``, with keys below ``before``."""
    book = AlertBook(connection)
    records = book.history(limit, before=before)
    known = book.acknowledgements(record.key for record in records)
    return [PastAlert(record, tuple(known.get(record.key, ()))) for record in records]
