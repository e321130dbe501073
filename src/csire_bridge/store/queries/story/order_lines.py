"""The history of an order, each line by what it is about: told by the states around it, and by what else was written
at the same moment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from csire_bridge.domain.order.order import OrderState
from csire_bridge.store.queries.dossiers.stored_documents import DocumentKind
from csire_bridge.store.queries.story.entries import MOST, EntryKind, StoryEntry
from csire_bridge.store.tables import audit_entries, head_end_events, order_events, sid_reports

__all__ = ["Neighbourhood", "newest", "order_lines"]

_S = OrderState
_AFTER_THE_CALL = frozenset({_S.SUBMITTED, _S.UNKNOWN, _S.ARMED})


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """What was written about an order, by moment: events, reports to SID, and acts of people."""

    events: Mapping[datetime, Row[Any]]
    reports: Mapping[datetime, Row[Any]]
    acts: Mapping[datetime, Row[Any]]


def newest(connection: Connection, table: Any, condition: Any) -> tuple[list[Row[Any]], bool]:
    """The newest rows that meet a condition, the oldest first, at most ``MOST``; and whether there were more."""
    query = select(*(column for column in table.c if column.type.python_type is not bytes))
    rows = list(connection.execute(query.where(condition).order_by(table.c.key.desc()).limit(MOST + 1)))
    return rows[:MOST][::-1], len(rows) > MOST


def order_lines(connection: Connection, key: int) -> tuple[list[StoryEntry], bool]:
    """The lines of its history, and whether older ones were left out."""
    lines, cut = newest(connection, order_events, order_events.c.order == key)
    around = _neighbourhood(connection, key)
    return list(_told(lines, around)), cut


def _neighbourhood(connection: Connection, key: int) -> Neighbourhood:
    events, _ = newest(connection, head_end_events, head_end_events.c.order == key)
    reports, _ = newest(connection, sid_reports, sid_reports.c.order == key)
    acts, _ = newest(connection, audit_entries, audit_entries.c.subject == f"order {key}")
    return Neighbourhood(
        {event.received_at: event for event in events},
        {report.delivered_at: report for report in reports if report.delivered_at is not None},
        {act.at: act for act in acts},
    )


def _told(lines: Sequence[Row[Any]], around: Neighbourhood) -> Iterator[StoryEntry]:
    before = None
    for line in lines:
        yield _entry(line, before, around)
        before = line.state
    told = {line.at for line in lines}
    yield from (_event(at, event, None) for at, event in around.events.items() if at not in told)


def _entry(line: Row[Any], before: str | None, around: Neighbourhood) -> StoryEntry:
    state = OrderState(line.state) if line.state != before else None
    event, report, act = (found.get(line.at) for found in (around.events, around.reports, around.acts))
    if event is not None and state is None:
        return _event(line.at, event, line.text)
    if report is not None and state is None:
        return StoryEntry(
            at=line.at, kind=EntryKind.REPORT, text=line.text, document=DocumentKind.SID_REPORT, key=report.key
        )
    if act is not None and act.actor in line.text:
        facts = {"act": act.act, "why": act.why}
        return StoryEntry(at=line.at, kind=EntryKind.PERSON, text=line.text, who=act.actor, state=state, facts=facts)
    return StoryEntry(at=line.at, kind=_kind(before, state), text=line.text, state=state)


def _kind(before: str | None, state: OrderState | None) -> EntryKind:
    if _S.SUBMITTING in (before, state):
        return EntryKind.COMMAND if state is not None else EntryKind.ORDER
    if before in _AFTER_THE_CALL:
        return EntryKind.READING if state is not None else EntryKind.ORDER
    return EntryKind.GATE if before == _S.REGISTERED and state is None else EntryKind.ORDER


def _event(at: datetime, event: Row[Any], text: str | None) -> StoryEntry:
    facts = {"occurred_at": event.occurred_at, "code": event.code, "meter": event.meter, "event": event.kind}
    said = text or f"head-end system reports {event.kind} ({event.code})"
    return StoryEntry(at=at, kind=EntryKind.EVENT, text=said, document=DocumentKind.EVENT, key=event.key, facts=facts)
