"""Which route is told what of the alerts; written in the transaction that opens and closes them."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from csire_bridge.domain.operations.alert_records import Acknowledgement, AlertRecord, Notification, Telling
from csire_bridge.domain.operations.alert_routes import AlertChange, AlertRoute
from csire_bridge.domain.operations.alerts import Alert, AlertKind
from csire_bridge.store.unit_of_work import UnitOfWork
from csire_bridge.worker.notifications.notice import Notice, NoticeLine

__all__ = ["Composer", "Settled"]


@dataclass(frozen=True, slots=True)
class Settled:
    """What a look has found: open alerts with their records, and those that have just closed."""

    open: Sequence[tuple[AlertRecord, Alert]]
    closed: Sequence[AlertRecord]


@dataclass(frozen=True)
class Composer:
    """Writes notifications. ``installation`` names this bridge; codes are masked unless ``whole_codes``."""

    routes: Sequence[AlertRoute] = ()
    installation: str = "csire-bridge"
    whole_codes: bool = False

    def write(self, tx: UnitOfWork, settled: Settled, now: datetime) -> None:
        """Have sent what each route is to be told at ``now`` (UTC), and note that it was told."""
        keys = [record.key for record, _ in settled.open] + [record.key for record in settled.closed]
        told, acknowledged = tx.alerts.tellings(keys), tx.alerts.acknowledgements(keys)
        for route in self.routes:
            lines = [*_closed(route, settled.closed, told), *_open(tx, route, settled.open, told, acknowledged, now)]
            for new in self._notifications(route, lines, now):
                tx.notifications.add(new)
        for record in settled.closed:
            tx.alerts.forget_tellings(record.key)

    def _notifications(self, route: AlertRoute, lines: Sequence[NoticeLine], now: datetime) -> Iterator[Notification]:
        """One for each channel and moment: what can wait for the end of a quiet time does."""
        by_moment: dict[datetime, list[NoticeLine]] = defaultdict(list)
        for line in lines:
            by_moment[route.due_at(line.kind, now)].append(line)
        for due_at, together in sorted(by_moment.items()):
            for channel in route.channels:
                sent = [line for line in together if not _about(channel, line)]
                if sent:
                    body = Notice.body_of(self.installation, route.name, now, sent, whole_codes=self.whole_codes)
                    yield Notification(0, str(uuid.uuid4()), route.name, channel, now, due_at, body)


def _about(channel: str, line: NoticeLine) -> bool:
    """Whether it tells that this very channel does not work: only the others can tell that."""
    return line.kind is AlertKind.ALERTS_UNSENT and line.subject == channel


def _open(
    tx: UnitOfWork,
    route: AlertRoute,
    found: Sequence[tuple[AlertRecord, Alert]],
    told: dict[tuple[int, str], Telling],
    acknowledged: dict[int, list[Acknowledgement]],
    now: datetime,
) -> Iterator[NoticeLine]:
    for record, alert in found:
        if not route.takes(alert.kind):
            continue
        held = next(reversed(acknowledged.get(record.key, [])), None)
        change = route.change(alert, told.get((record.key, route.name)), held, now)
        if change is not None:
            tx.alerts.told(Telling(record.key, route.name, now, alert.count, alert.level, alert.newest))
            yield _line(change, record, alert.text(now))


def _closed(
    route: AlertRoute, closed: Sequence[AlertRecord], told: dict[tuple[int, str], Telling]
) -> Iterator[NoticeLine]:
    for record in closed:
        if (record.key, route.name) in told:
            yield _line(AlertChange.CLOSED, record, record.text)


def _line(change: AlertChange, record: AlertRecord, text: str) -> NoticeLine:
    return NoticeLine(change, record.kind, record.subject, record.count, record.opened_at, text)
