"""What the page of an order shows, asked of the same queries and use cases as the API's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from csire_bridge.console.http.refusals import Missing
from csire_bridge.console.http.visit import Visit
from csire_bridge.console.pages.orders.care import people_for_care
from csire_bridge.domain.law.clock_counts import ClockFate
from csire_bridge.domain.message.documents import DocumentState
from csire_bridge.domain.order.care import Care
from csire_bridge.domain.order.order import Order
from csire_bridge.domain.people.acts import Act
from csire_bridge.pipeline.execute.gates.explain import Explanation
from csire_bridge.pipeline.operator.orders.explanations import explained
from csire_bridge.store.queries.story.order_story import Story, order_story
from csire_bridge.store.queries.story.related import RelatedOrder, related_orders
from csire_bridge.store.repositories.orders.orders import OrderBook
from csire_bridge.store.tables import outbox, sid_orders
from csire_bridge.store.unit_of_work import UnitOfWork

__all__ = ["AnswerLine", "OrderPage", "order_page", "the_order"]


@dataclass(frozen=True, slots=True)
class AnswerLine:
    """An answer of the order. Moments are UTC."""

    key: int
    number: str
    state: DocumentState
    created_at: datetime
    delivered_at: datetime | None
    result_code: str | None
    result_text: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPage:
    """Everything on the page. ``explanation`` is None for whoever may not read personal data; ``people`` are those to
    whom the order can be given.
    """

    order: Order
    story: Story
    explanation: Explanation | None
    related: Sequence[RelatedOrder]
    answers: Sequence[AnswerLine]
    sid_numbers: Sequence[str]
    care: Care | None
    people: Sequence[str]

    @property
    def running(self) -> list[dict[str, Any]]:
        """The clocks that run, the one that ends first at the head."""
        clocks = [one for one in self.story.clocks if one["fate"] is ClockFate.RUNNING]
        return sorted(clocks, key=lambda one: one["until"])

    @property
    def last(self) -> str | None:
        """The newest line of the order's own history."""
        told = [one.text for one in self.story.entries if not one.to_come and one.thing is None and one.text]
        return told[-1] if told else None


def the_order(visit: Visit, key: int) -> Order:
    """The order of that key; raises Missing."""
    with visit.reading() as connection:
        found = OrderBook(connection).get_many([key]).get(key)
    if found is None:
        raise Missing(f"order {key}")
    return found


def order_page(visit: Visit, key: int) -> OrderPage:
    """Everything about an order; raises Missing."""
    order, policy = the_order(visit, key), visit.api.policy
    with visit.reading() as connection:
        story = order_story(connection, order, policy.deadlines, policy.law, visit.now)
        related, answers = related_orders(connection, order), _answers(connection, key)
        numbers = select(sid_orders.c.number).where(sid_orders.c.order == key).order_by(sid_orders.c.key)
        sid_numbers = list(connection.execute(numbers).scalars())
        tx = UnitOfWork(connection)
        care, people = tx.care.of([key]).get(key), people_for_care(tx) if visit.may(Act.ORDER_CARE) else []
    reasoning = None
    if visit.may_read_personal:
        reasoning, _ = explained(visit.api.database, key, visit.api.gates(), policy, visit.now)
    return OrderPage(
        order=order,
        story=story,
        explanation=reasoning,
        related=related,
        answers=answers,
        sid_numbers=sid_numbers,
        care=care,
        people=people,
    )


def _answers(connection: Connection, key: int) -> list[AnswerLine]:
    o = outbox.c
    columns = (o.key, o.number, o.state, o.created_at, o.delivered_at, o.result_code, o.result_text)
    rows = connection.execute(select(*columns).where(o.order == key).order_by(o.key))
    return [AnswerLine(row.key, row.number, DocumentState(row.state), *list(row)[3:]) for row in rows]
