"""An order as a line of a list: with what it waits for, until when, and the last words about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from csire_bridge.domain.order.care import Care
from csire_bridge.domain.order.order import Order, OrderState
from csire_bridge.store.queries.order_waits import LastWord, last_words
from csire_bridge.store.repositories.orders.care import CareBook

__all__ = ["ListedOrder", "listed_orders"]


@dataclass(frozen=True, slots=True)
class ListedOrder:
    """An order with the last line of its history, at a moment (UTC), and who takes care of it."""

    order: Order
    last: LastWord | None
    now: datetime
    care: Care | None = None

    @property
    def waits_for(self) -> str | None:
        """What it waits for: its date, a guard, or people."""
        if self.order.state is OrderState.REGISTERED:
            return "date" if self.order.not_before > self.now else self.order.waits_for
        return {OrderState.PARKED: "decision", OrderState.FIELD_WORK: "people on site"}.get(self.order.state)

    @property
    def until(self) -> datetime | None:
        """Until when: its date, or when the guard is asked again."""
        if self.order.state is not OrderState.REGISTERED:
            return None
        return max(self.order.not_before, self.last.next_look) if self.last and self.last.next_look else None

    @property
    def next_try(self) -> datetime | None:
        """When its work is due by itself; None: it waits for a person, or has ended."""
        return self.last.next_look if self.last else None

    @property
    def words(self) -> str | None:
        """Why it stands as it does: the reason that it has, or the last words while it waits."""
        return self.order.detail or (self.last.text if self.last and self.waits_for else None)


def listed_orders(connection: Connection, orders: Sequence[Order], now: datetime) -> list[ListedOrder]:
    """These orders as lines of a list."""
    keys = [order.key for order in orders]
    said, care = last_words(connection, keys), CareBook(connection).of(keys)
    return [ListedOrder(order, said.get(order.key), now, care.get(order.key)) for order in orders]
