"""The whole story of an order in order, with the clocks of the law that run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from csire_bridge.domain.law.clocks import Deadlines
from csire_bridge.domain.law.policy import LawPolicy
from csire_bridge.domain.order.order import FINAL_STATES, Order
from csire_bridge.store.queries.clock_facts import clock_facts
from csire_bridge.store.queries.order_waits import last_words
from csire_bridge.store.queries.story import around
from csire_bridge.store.queries.story.entries import EntryKind, StoryEntry, in_order
from csire_bridge.store.queries.story.order_lines import newest, order_lines
from csire_bridge.store.tables import audit_entries, orders, outbox

__all__ = ["Story", "order_story"]

_TOLD_ELSEWHERE = ("order.read", "order.note", "order.care")


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """``entries`` come oldest first; those ``to_come`` last. ``cut``: older entries were left out.

    ``next_look`` (UTC) is when the order is looked at again, None if it is not.
    """

    order: int
    entries: tuple[StoryEntry, ...]
    cut: bool
    next_look: datetime | None
    clocks: Sequence[dict[str, Any]]


def order_story(connection: Connection, order: Order, deadlines: Deadlines, law: LawPolicy, now: datetime) -> Story:
    """The story of an order as it is known at ``now`` (UTC)."""
    row = connection.execute(select(orders).where(orders.c.key == order.key)).one()
    answers, _ = newest(connection, outbox, outbox.c.order == order.key)
    lines, cut = order_lines(connection, order.key)
    notes, more = around.note_entries(connection, order.key)
    clocks = clock_facts(order, deadlines, law, now)
    word = last_words(connection, [order.key]).get(order.key)
    next_look = word.next_look if word is not None else None
    entries = [
        *around.message_entries(connection, row, answers),
        *lines,
        *around.guard_entries(connection, row),
        *notes,
        *around.care_entries(connection, order.key),
        *_acts(connection, order.key, {line.at for line in lines}),
        *around.reading_entries(connection, order.key),
        *around.answer_entries(connection, answers),
        *around.untold_reports(connection, order.key),
        *_clocks(order, clocks, now),
        *_looks(order, next_look, now),
    ]
    told = in_order([entry for entry in entries if not _told_twice(entry, entries, answers)])
    return Story(order=order.key, entries=tuple(told), cut=cut or more, next_look=next_look, clocks=clocks)


def _told_twice(entry: StoryEntry, entries: Sequence[StoryEntry], answers: Sequence[Row[Any]]) -> bool:
    """Whether a line of the order repeats what the history of its answer says: that it was made, or its result."""
    if entry.kind is not EntryKind.ORDER or entry.state is not None:
        return False
    made = any(entry.text == f"answered with message {answer.number}" for answer in answers)
    return made or any(other.kind is EntryKind.RESULT and other.at == entry.at for other in entries)


def _acts(connection: Connection, key: int, told: set[datetime]) -> Iterator[StoryEntry]:
    """Acts of people that have no line in its history, such as an export; readings are left to the audit."""
    a = audit_entries.c
    acts, _ = newest(connection, audit_entries, (a.subject == f"order {key}") & a.act.not_in(_TOLD_ELSEWHERE))
    for act in acts:
        if act.at not in told:
            facts = {"act": act.act, "why": act.why}
            yield StoryEntry(at=act.at, kind=EntryKind.PERSON, text=act.act, who=act.actor, facts=facts)


def _clocks(order: Order, clocks: Sequence[dict[str, Any]], now: datetime) -> Iterator[StoryEntry]:
    """The ends of its clocks: those to come, and those that it missed."""
    for clock in clocks:
        if clock["until"] is None:
            continue
        ended = order.state in FINAL_STATES
        if clock["until"] > now and ended:
            continue
        facts = {"rule": clock["rule"], "fate": clock["fate"], "since": clock["since"]}
        yield StoryEntry(
            at=clock["until"],
            kind=EntryKind.CLOCK,
            text=clock["words"],
            facts=facts,
            to_come=clock["until"] > now,
        )


def _looks(order: Order, next_look: datetime | None, now: datetime) -> Iterator[StoryEntry]:
    if next_look is not None and next_look > now and order.state not in FINAL_STATES:
        text = "the order is looked at again"
        yield StoryEntry(at=next_look, kind=EntryKind.GATE, text=text, to_come=True)
