"""Routes: which changes of which alerts are told to whom, and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from csire_bridge.domain.calendar.windows import ANY_TIME, OpenTimes, Window
from csire_bridge.domain.calendar.working_days import LAW
from csire_bridge.domain.operations.alert_areas import URGENT, AlertArea, area_of
from csire_bridge.domain.operations.alert_records import Acknowledgement, SendingChannel, Telling
from csire_bridge.domain.operations.alerts import Alert, AlertKind

__all__ = ["AlertChange", "AlertRoute"]


class AlertChange(StrEnum):
    """What is told of an alert."""

    OPENED = "opened"
    WORSENED = "worsened"
    REPEATED = "repeated"
    CLOSED = "closed"


@dataclass(frozen=True)
class AlertRoute:
    """Alerts of some kinds or areas (none given: all) go to these channels.

    Outside ``hours`` (Polish clocks) it is quiet, but for the kinds in ``always``. ``repeat`` is after how long an
    alert that is still open is told again; None: never.
    """

    name: str
    channels: tuple[SendingChannel, ...]
    recipients: tuple[str, ...] = ()
    kinds: frozenset[AlertKind] = frozenset()
    areas: frozenset[AlertArea] = frozenset()
    hours: Window = ANY_TIME
    always: frozenset[AlertKind] = URGENT
    repeat: timedelta | None = None

    def takes(self, kind: AlertKind) -> bool:
        """Whether alerts of that kind go this way."""
        if not self.kinds and not self.areas:
            return True
        return kind in self.kinds or area_of(kind) in self.areas

    def change(
        self, alert: Alert, told: Telling | None, acknowledged: Acknowledgement | None, now: datetime
    ) -> AlertChange | None:
        """What is to be told at ``now`` (UTC) of an open alert, after what was told last; None: nothing.

        ``acknowledged`` is the last acknowledgement of the alert.
        """
        urgent = alert.kind in URGENT
        if acknowledged and acknowledged.covers(alert, now, urgent=urgent):
            return None
        if told is None:
            return AlertChange.OPENED
        if alert.extent.exceeds(told.extent, urgent=urgent):
            return AlertChange.WORSENED
        speaks_again = acknowledged is not None and told.at < acknowledged.over_at() <= now
        repeats = self.repeat is not None and now >= told.at + self.repeat
        return AlertChange.REPEATED if speaks_again or repeats else None

    def due_at(self, kind: AlertKind, now: datetime) -> datetime:
        """When (UTC) something of that kind is sent: now, or when the quiet time ends."""
        if kind in self.always:
            return now
        return OpenTimes(self.hours, LAW).next_open(now) or now
