"""What is to be sent of alerts, and what was, within one transaction."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, and_, delete, insert, select, update

from csire_bridge.domain.operations.alert_records import Notification, NotificationState, SendingChannel
from csire_bridge.store.sql.row_mapper import from_rows, to_row
from csire_bridge.store.tables import notifications

__all__ = ["Notifications"]

_N = notifications.c
_PENDING = _N.state == NotificationState.PENDING.value


class Notifications:
    """Mails and calls of the webhook."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, new: Notification) -> int:
        """Have it sent; return its key."""
        added = insert(notifications).values(to_row(new, "key")).returning(_N.key)
        return int(self._connection.execute(added).scalar_one())

    def due(self, now: datetime, limit: int) -> list[Notification]:
        """What is to be sent at ``now`` (UTC), the oldest first."""
        query = select(notifications).where(_PENDING, _N.due_at <= now).order_by(_N.due_at, _N.key).limit(limit)
        return list(from_rows(Notification, self._connection.execute(query)))

    def last(self, limit: int) -> list[Notification]:
        """The newest first."""
        query = select(notifications).order_by(_N.key.desc()).limit(limit)
        return list(from_rows(Notification, self._connection.execute(query)))

    def settle(self, key: int, state: NotificationState, now: datetime, why: str | None = None) -> None:
        """It was sent, or is given up."""
        values = {"state": state.value, "settled_at": now, "attempts": _N.attempts + 1, "last_error": why}
        self._connection.execute(update(notifications).where(_N.key == key, _PENDING).values(values))

    def failed(self, key: int, why: str, due_at: datetime) -> None:
        """It is tried again at ``due_at`` (UTC)."""
        values = {"due_at": due_at, "attempts": _N.attempts + 1, "last_error": why}
        self._connection.execute(update(notifications).where(_N.key == key, _PENDING).values(values))

    def hold(self, channel: SendingChannel, until: datetime) -> None:
        """The channel can't be reached: try nothing more on it before ``until`` (UTC)."""
        earlier = and_(_PENDING, _N.channel == channel.value, _N.due_at < until)
        self._connection.execute(update(notifications).where(earlier).values(due_at=until))

    def forget(self, before: datetime) -> int:
        """Delete what was settled before a moment (UTC); return how many."""
        settled = and_(_N.settled_at.is_not(None), _N.settled_at < before)
        return int(self._connection.execute(delete(notifications).where(settled)).rowcount)
