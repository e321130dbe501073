"""Counts of what needs a person; each has the search that finds exactly what it counts. Read only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, bindparam, func, select

from csire_bridge.domain.message.documents import DocumentState
from csire_bridge.domain.order.clock_stage import ClockAt, ClockStage
from csire_bridge.domain.order.order import OrderState
from csire_bridge.store.queries.lists.counted import MOST_COUNTED, Counted
from csire_bridge.store.queries.lists.message_pages import count_messages
from csire_bridge.store.queries.lists.order_pages import count_orders
from csire_bridge.store.queries.search.message_search import MessageSearch
from csire_bridge.store.queries.search.order_search import OrderSearch
from csire_bridge.store.tables import UNSETTLED, outbox

__all__ = ["Tally", "TallyName", "tallies"]


class TallyName(StrEnum):
    """What is counted, in the order in which people look at it."""

    PARKED = "parked"
    FIELD_WORK = "field-work"
    UNKNOWN = "unknown"
    FAILING = "failing"
    CONTESTED = "contested"
    ANSWERS_PARKED = "answers-parked"
    UNCONFIRMED = "unconfirmed"
    JUDGED_AGAIN = "judged-again"
    PAST = "past"
    TODAY = "today"
    FOUR_FIFTHS = "four-fifths"
    HALF = "half"


@dataclass(frozen=True, slots=True)
class Tally:
    """How many there are of something, and what finds them."""

    name: TallyName
    count: Counted
    search: OrderSearch | MessageSearch


def tallies(connection: Connection, now: datetime) -> Iterator[Tally]:
    """Every count at ``now`` (UTC)."""
    for name, search in _searches(now).items():
        yield Tally(name, _count(connection, search), search)


def _count(connection: Connection, search: OrderSearch | MessageSearch) -> Counted:
    if isinstance(search, MessageSearch):
        return count_messages(connection, search)
    if search.answer:
        return Counted.up_to(connection.execute(_WITH_ANSWER, {"state": search.answer.value}).scalar_one())
    return count_orders(connection, search)


_ORDERS = select(outbox.c.order).where(UNSETTLED, outbox.c.state == bindparam("state")).distinct()
_WITH_ANSWER = select(func.count()).select_from(_ORDERS.limit(MOST_COUNTED + 1).subquery())
"""The index of answers alone; to find their orders as well takes ten times as long."""


def _searches(now: datetime) -> dict[TallyName, OrderSearch | MessageSearch]:
    name = TallyName
    return {
        name.PARKED: OrderSearch(states=(OrderState.PARKED,)),
        name.FIELD_WORK: OrderSearch(states=(OrderState.FIELD_WORK,)),
        name.UNKNOWN: OrderSearch(states=(OrderState.UNKNOWN,)),
        name.FAILING: OrderSearch(failing=True),
        name.CONTESTED: OrderSearch(answer=DocumentState.CONTESTED),
        name.ANSWERS_PARKED: OrderSearch(answer=DocumentState.PARKED),
        name.UNCONFIRMED: OrderSearch(answer=DocumentState.DELIVERED),
        name.JUDGED_AGAIN: MessageSearch(again=True),
        name.PAST: OrderSearch(clock=ClockAt(ClockStage.PAST, now)),
        name.TODAY: OrderSearch(clock=ClockAt(ClockStage.TODAY, now)),
        name.FOUR_FIFTHS: OrderSearch(clock=ClockAt(ClockStage.FOUR_FIFTHS, now)),
        name.HALF: OrderSearch(clock=ClockAt(ClockStage.HALF, now)),
    }
