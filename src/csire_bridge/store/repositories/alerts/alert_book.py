"""Alerts that are open or were, their acknowledgements, and what routes were told, within one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, and_, delete, func, insert, select, update

from csire_bridge.domain.operations.alert_records import Acknowledgement, AlertRecord, Telling
from csire_bridge.domain.operations.alerts import Alert, AlertKind
from csire_bridge.store.connection.dialects import upsert
from csire_bridge.store.sql.row_mapper import from_rows, to_row
from csire_bridge.store.tables import alert_acknowledgements, alert_tellings, alerts

__all__ = ["AlertBook"]

_A, _K, _T = alerts.c, alert_acknowledgements.c, alert_tellings.c
_RECORDS = select(
    _A.key,
    _A.kind,
    _A.opened_at,
    _A.closed_at,
    _A.text,
    func.coalesce(_A.subject, "").label("subject"),
    _A.count,
    _A.level,
    _A.newest,
)


class AlertBook:
    """Alerts. One that has closed stays in the history."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def open(self) -> list[AlertRecord]:
        """Every open alert, in the order in which they were opened."""
        query = _RECORDS.where(_A.closed_at.is_(None)).order_by(_A.key)
        return list(from_rows(AlertRecord, self._connection.execute(query)))

    def history(self, limit: int, kind: AlertKind | None = None, before: int | None = None) -> list[AlertRecord]:
        """The newest alerts first, open or closed, at most ``limit``, with keys below ``before``."""
        query = _RECORDS.order_by(_A.key.desc()).limit(limit)
        query = query if kind is None else query.where(_A.kind == kind.value)
        query = query if before is None else query.where(_A.key < before)
        return list(from_rows(AlertRecord, self._connection.execute(query)))

    def add(self, alert: Alert, now: datetime) -> int:
        """Open an alert at ``now`` (UTC); return its key."""
        facts = {"kind": alert.kind.value, "subject": alert.subject, "opened_at": now, **_extent(alert, now)}
        return int(self._connection.execute(insert(alerts).values(facts).returning(_A.key)).scalar_one())

    def update(self, key: int, alert: Alert, now: datetime) -> None:
        """Write down how bad it is at ``now`` (UTC)."""
        self._connection.execute(update(alerts).where(_A.key == key).values(_extent(alert, now)))

    def close(self, key: int, now: datetime) -> None:
        """It is over at ``now`` (UTC)."""
        self._connection.execute(update(alerts).where(_A.key == key).values(closed_at=now))

    # --- acknowledgements

    def acknowledgements(self, keys: Iterable[int]) -> dict[int, list[Acknowledgement]]:
        """The acknowledgements of these alerts, the last one last."""
        found: dict[int, list[Acknowledgement]] = {}
        query = select(alert_acknowledgements).where(_K.alert.in_(list(keys))).order_by(_K.key)
        for one in from_rows(Acknowledgement, self._connection.execute(query)):
            found.setdefault(one.alert, []).append(one)
        return found

    def acknowledge(self, new: Acknowledgement) -> int:
        """Add an acknowledgement, which ends those before it; return its key."""
        standing = and_(_K.alert == new.alert, _K.ended_at.is_(None))
        self._connection.execute(update(alert_acknowledgements).where(standing).values(ended_at=new.since))
        added = insert(alert_acknowledgements).values(to_row(new, "key")).returning(_K.key)
        return int(self._connection.execute(added).scalar_one())

    def end_acknowledgement(self, key: int, now: datetime) -> None:
        """It does not hold any more, as the condition became worse or has ended."""
        held = and_(_K.key == key, _K.ended_at.is_(None))
        self._connection.execute(update(alert_acknowledgements).where(held).values(ended_at=now))

    # --- what routes were told

    def tellings(self, keys: Sequence[int]) -> dict[tuple[int, str], Telling]:
        """What was told of these alerts last, by alert and route."""
        query = select(alert_tellings).where(_T.alert.in_(list(keys)))
        return {(one.alert, one.route): one for one in from_rows(Telling, self._connection.execute(query))}

    def told(self, telling: Telling) -> None:
        """Note what was told to a route."""
        upsert(self._connection, alert_tellings, to_row(telling))

    def forget_tellings(self, key: int) -> None:
        """A closed alert is told no more."""
        self._connection.execute(delete(alert_tellings).where(_T.alert == key))


def _extent(alert: Alert, now: datetime) -> dict[str, object]:
    return {"text": alert.text(now), "count": alert.count, "level": alert.level, "newest": alert.newest}
