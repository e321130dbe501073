"""What stands around an order: the messages that asked for it and answered it, our answers, guards, notes, readings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, select, union

from csire_bridge.domain.message.documents import DocumentState
from csire_bridge.store.queries.dossiers.order_dossier import guards_met
from csire_bridge.store.queries.dossiers.stored_documents import DocumentKind
from csire_bridge.store.queries.story.entries import EntryKind, StoryEntry
from csire_bridge.store.queries.story.order_lines import newest
from csire_bridge.store.sql.plain_values import Facts, rows_of
from csire_bridge.store.tables import (
    message_events,
    messages,
    order_care,
    order_notes,
    outbox_events,
    register_readings,
    sid_orders,
    sid_reports,
)

__all__ = [
    "answer_entries",
    "care_entries",
    "guard_entries",
    "message_entries",
    "note_entries",
    "reading_entries",
    "untold_reports",
]

_ARRIVED = "receive"
_ANSWER_KINDS = {
    DocumentState.DELIVERED.value: EntryKind.DELIVERY,
    DocumentState.CONFIRMED.value: EntryKind.RESULT,
    DocumentState.CONTESTED.value: EntryKind.RESULT,
}


def message_entries(connection: Connection, order: Row[Any], answers: Sequence[Row[Any]]) -> Iterator[StoryEntry]:
    """The messages that asked for the order, their repeats, and the hub's results of its answers; with verdicts."""
    found, _ = newest(connection, messages, _concerning(order, answers))
    known = {message.key: message for message in found}
    lines, _ = newest(connection, message_events, message_events.c.message.in_(list(known)))
    for message in found:
        yield _arrival(message)
    for line in lines:
        if line.step != _ARRIVED:
            message = known[line.message]
            yield StoryEntry(
                at=line.at,
                kind=EntryKind.VERDICT,
                text=line.text,
                thing="message",
                key=line.message,
                facts={"step": line.step, "number": message.number or message.claimed_number},
            )


def _concerning(order: Row[Any], answers: Sequence[Row[Any]]) -> ColumnElement[bool]:
    """By their keys, each kind found by its own index: PostgreSQL would go through all messages for one OR another."""
    m = messages.c
    keys = [select(sid_orders.c.message).where(sid_orders.c.order == order.key)]
    if order.source_message is not None:
        keys.append(select(m.key).where(m.message_id == order.source_message))
    if answers:
        keys.append(select(m.key).where(m.answers.in_([answer.message_id for answer in answers])))
    return m.key.in_(union(*keys))


def _arrival(message: Row[Any]) -> StoryEntry:
    proven = "" if message.sender else ", its sender not proven"
    facts = {name: getattr(message, name) for name in ("channel", "origin", "sha256", "state", "code", "archive")}
    return StoryEntry(
        at=message.received_at,
        kind=EntryKind.MESSAGE,
        text=f"received by {message.channel}{proven}",
        who=message.sender or message.claimed_sender,
        thing="message",
        key=message.key,
        document=DocumentKind.MESSAGE,
        facts=facts | {"proven": message.sender is not None, "number": message.number or message.claimed_number},
    )


def answer_entries(connection: Connection, answers: Sequence[Row[Any]]) -> Iterator[StoryEntry]:
    """What became of each answer: signed, delivered, sent again, confirmed or contested."""
    numbers = {answer.key: answer for answer in answers}
    lines, _ = newest(connection, outbox_events, outbox_events.c.document.in_(list(numbers)))
    for line in lines:
        answer = numbers[line.document]
        yield StoryEntry(
            at=line.at,
            kind=_ANSWER_KINDS.get(line.state, EntryKind.ANSWER),
            text=line.text,
            thing="answer",
            key=answer.key,
            document=DocumentKind.ANSWER,
            facts={"state": line.state, "number": answer.number, "sha256": answer.sha256},
        )


def note_entries(connection: Connection, key: int) -> tuple[list[StoryEntry], bool]:
    """What people wrote on it."""
    notes, cut = newest(connection, order_notes, order_notes.c.order == key)
    return [
        StoryEntry(at=note.at, kind=EntryKind.NOTE, text=note.text, who=note.by, thing="note", key=note.key)
        for note in notes
    ], cut


def care_entries(connection: Connection, key: int) -> Iterator[StoryEntry]:
    """Who took care of it, and until when."""
    cares, _ = newest(connection, order_care, order_care.c.order == key)
    begun = {care.since for care in cares}
    for care in cares:
        yield _care(care.since, f"{care.person} takes care of it", care.by)
        if care.ended_at is not None and care.ended_at not in begun:
            yield _care(care.ended_at, "nobody takes care of it", care.ended_by)


def _care(at: datetime, text: str, who: str) -> StoryEntry:
    return StoryEntry(at=at, kind=EntryKind.PERSON, text=text, who=who, thing="care")


def reading_entries(connection: Connection, key: int) -> Iterator[StoryEntry]:
    """Registers as they were read for it, those of one moment together."""
    rows = sorted(rows_of(connection, register_readings, register_readings.c.order == key), key=attrgetter("read_at"))
    for at, read in groupby(rows, key=attrgetter("read_at")):
        registers = [f"{one.register} {one.value.normalize():f} {one.unit}" for one in read]
        yield StoryEntry(at=at, kind=EntryKind.READING, text=f"registers read: {', '.join(registers)}")


def untold_reports(connection: Connection, key: int) -> Iterator[StoryEntry]:
    """Reports that SID has not got yet."""
    waiting = (sid_reports.c.order == key) & sid_reports.c.delivered_at.is_(None)
    for report in rows_of(connection, sid_reports, waiting):
        yield StoryEntry(
            at=report.at,
            kind=EntryKind.REPORT,
            text=f"report to SID, not delivered yet: {report.status}",
            key=report.key,
            document=DocumentKind.SID_REPORT if report.document is not None else None,
        )


def guard_entries(connection: Connection, order: Row[Any]) -> Iterator[StoryEntry]:
    """Guards that touched its time: who held, stopped, asked, approved, lifted and released what, and why."""
    met = guards_met(connection, order)
    for hold in met["holds"]:
        yield _guard(hold, "since", "by", "why", f"{hold['kind']} hold at the metering point", "hold")
        yield from _if(hold, "released", "hold released", "hold")
    for stop in met["stops"]:
        yield _guard(stop, "since", "by", "why", f"stop switch thrown ({stop['scope']})", "stop")
        yield from _if(stop, "lifted", "stop switch lifted", "stop")
    for cut in met["danger_cuts"]:
        yield _guard(cut, "since", "by", "why", "cut because of danger", "danger")
        yield from _if(cut, "lifted", "danger lifted", "danger")
    for complaint in met["complaints"]:
        yield from _if(complaint, "decided", f"complaint decided: {complaint['decision']}", "hold")
        yield from _if(complaint, "disputed", "complaint disputed", "hold")
    for asked in met["allowances"]:
        yield _guard(asked, "asked_at", "asked_by", "why", f"{asked['count']} more than the cap asked for", "allowance")
        yield from _if(asked, "approved", f"{asked['count']} more than the cap approved", "allowance")


def _if(facts: Facts, done: str, text: str, thing: str) -> Iterator[StoryEntry]:
    if facts[f"{done}_at"] is not None:
        yield _guard(facts, f"{done}_at", f"{done}_by", f"{done}_why", text, thing)


def _guard(facts: Facts, at: str, by: str, why: str, text: str, thing: str) -> StoryEntry:
    return StoryEntry(
        at=facts[at],
        kind=EntryKind.GUARD,
        text=text,
        who=facts[by],
        thing=thing,
        key=facts["key"],
        facts={"why": facts[why]},
    )
