"""Alerts as lines for people."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from csire_bridge.cli.shared.moments import local
from csire_bridge.domain.operations.alert_records import Notification
from csire_bridge.domain.words import counted
from csire_bridge.store.queries.alerts.alert_list import ListedAlert, PastAlert
from csire_bridge.store.sql.row_mapper import to_row

__all__ = ["alert_line", "past_lines", "sent_facts", "sent_line"]


def alert_line(listed: ListedAlert, now: datetime) -> str:
    """A condition that holds."""
    alert, held = listed.alert, listed.acknowledgement
    known = f" [acknowledged until {local(held.until)} by {held.by}: {held.why}]" if held else ""
    return f"{alert.kind}: {alert.text(now)}{known}"


def past_lines(past: PastAlert) -> list[str]:
    """An alert that was opened."""
    record = past.record
    subject = f" {record.subject}" if record.subject else ""
    end = local(record.closed_at) if record.closed_at else "still open"
    lines = [f"{local(record.opened_at)} - {end}  {record.kind}{subject}: {record.text}"]
    for one in past.acknowledgements:
        lines.append(f"    acknowledged {local(one.since)} until {local(one.over_at())} by {one.by}: {one.why}")
    return lines


def sent_facts(one: Notification) -> dict[str, Any]:
    """A mail, or a call of the webhook; without its text."""
    return to_row(one, "body")


def sent_line(one: Notification) -> str:
    """The same for people."""
    became = {"pending": f"due {local(one.due_at)}"}.get(one.state, f"{one.state} {local(one.settled_at)}")
    why = f": {one.last_error}" if one.last_error else ""
    return f"{local(one.created_at)}  {one.route} by {one.channel}, {counted(one.attempts, 'attempt')}, {became}{why}"
