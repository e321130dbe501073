"""What is kept about alerts: which are open, who has acknowledged one, who was told, and what is still to be sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from csire_bridge.domain.operations.alerts import Alert, AlertKind, Extent

__all__ = ["Acknowledgement", "AlertRecord", "Notification", "NotificationState", "SendingChannel", "Telling"]


@dataclass(frozen=True, slots=True)
class AlertRecord:
    """An alert since it was opened; open while ``closed_at`` is None. ``text`` is that of its last change.

    All moments are UTC. ``count``, ``level`` and ``newest`` are its extent when it was looked for last.
    """

    key: int
    kind: AlertKind
    opened_at: datetime
    closed_at: datetime | None
    text: str
    subject: str
    count: int
    level: int
    newest: datetime | None

    @property
    def extent(self) -> Extent:
        """How bad it is."""
        return Extent(self.count, self.level, self.newest)


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """Somebody knows of the alert with the key ``alert``, and until ``until`` (UTC) nobody else needs to be told.

    It ends by itself then, when the alert closes, and when the condition becomes worse (``ended_at``) than the extent
    that was acknowledged.
    """

    key: int
    alert: int
    since: datetime
    until: datetime
    by: str
    why: str
    count: int
    level: int
    newest: datetime | None
    ended_at: datetime | None = None

    @property
    def extent(self) -> Extent:
        """How bad it was when it was acknowledged."""
        return Extent(self.count, self.level, self.newest)

    def over_at(self) -> datetime:
        """When it ends, or has ended (UTC)."""
        return self.until if self.ended_at is None else min(self.until, self.ended_at)

    def covers(self, alert: Alert, now: datetime, *, urgent: bool) -> bool:
        """Whether nobody needs to be told of ``alert`` at ``now`` (UTC)."""
        return now < self.over_at() and not alert.extent.exceeds(self.extent, urgent=urgent)


@dataclass(frozen=True, slots=True)
class Telling:
    """The last time (UTC) that an alert was told to a route, and how bad it was then."""

    alert: int
    route: str
    at: datetime
    count: int
    level: int
    newest: datetime | None

    @property
    def extent(self) -> Extent:
        """How bad it was."""
        return Extent(self.count, self.level, self.newest)


class SendingChannel(StrEnum):
    """How alerts go out."""

    MAIL = "mail"
    WEBHOOK = "webhook"


class NotificationState(StrEnum):
    """What became of a notification."""

    PENDING = "pending"
    SENT = "sent"
    GIVEN_UP = "given-up"


@dataclass(frozen=True, slots=True)
class Notification:
    """One mail or call of the webhook, written together with the changes of alerts that it tells.

    ``delivery`` identifies it at each attempt. ``body`` is JSON. ``due_at`` (UTC) is when it is sent, or tried again.
    """

    key: int
    delivery: str
    route: str
    channel: SendingChannel
    created_at: datetime
    due_at: datetime
    body: str
    attempts: int = 0
    state: NotificationState = NotificationState.PENDING
    settled_at: datetime | None = None
    last_error: str | None = None
