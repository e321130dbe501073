"""Which alerts are open."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from csire_bridge.domain.operations.alerts import AlertKind
from csire_bridge.store.repositories.alerts.alert_book import AlertBook


def open_alerts(connection: Connection) -> dict[AlertKind, datetime]:
    """The kinds of the open alerts, with the moment (UTC) they were opened."""
    return {record.kind: record.opened_at for record in AlertBook(connection).open()}
