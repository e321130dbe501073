"""The facts about an order that rules and deadlines need; ``Order`` satisfies this protocol."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from csire_bridge.domain.clock import start_of
from csire_bridge.domain.identifiers import Eic
from csire_bridge.domain.order.order import DisconnectionKind, OrderKind, ReconnectionReason

__all__ = ["OrderFacts", "OrderSource", "start_date"]


class OrderSource(StrEnum):
    """Whose order it is: one of the market hub, one of the customer system, or a named person's own."""

    HUB = "hub"
    SID = "sid"
    PERSON = "person"


class OrderFacts(Protocol):
    """One order. ``registered_at`` is UTC; dates are Polish calendar dates."""

    @property
    def kind(self) -> OrderKind: ...
    @property
    def registered_at(self) -> datetime: ...
    @property
    def disconnection_kind(self) -> DisconnectionKind | None: ...
    @property
    def reconnection_reason(self) -> ReconnectionReason | None: ...
    @property
    def supplier(self) -> Eic | None: ...
    @property
    def requested_date(self) -> date | None: ...
    @property
    def effective_date(self) -> date | None: ...


def start_date(order: OrderFacts) -> datetime | None:
    """The start (UTC) of the Polish day that the order asks for; None when it asks for none."""
    day = order.effective_date or order.requested_date
    return start_of(day) if day else None
