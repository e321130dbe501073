"""What is told of orders and messages, for the description of the API; the answers may have further fields."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from csire_bridge.domain.message.message import Channel, MessageState
from csire_bridge.domain.order.order import OrderKind, OrderState, WaitsFor

__all__ = ["Facts", "MessageFacts", "OrderFacts", "OrderFile"]


class Facts(BaseModel):
    """Facts by name."""

    model_config = ConfigDict(extra="allow")


class OrderFacts(Facts):
    """An order. Moments are UTC. ``version`` grows with each change; ``metering_point`` may be masked."""

    key: int
    kind: OrderKind
    state: OrderState
    metering_point: str
    version: int
    registered_at: datetime
    not_before: datetime
    deadline: datetime | None = None
    waits_for: WaitsFor | None = None
    process_instance: str | None = None
    source_message: str | None = None
    supplier: str | None = None
    attempts: int
    executed_at: datetime | None = None
    detail: str | None = None


class OrderFile(Facts):
    """Everything about an order: facts, history, events, answers, open work, guards that it met, clocks."""

    order: OrderFacts
    history: list[dict[str, Any]]
    answers: list[dict[str, Any]]
    clocks: list[dict[str, Any]]


class MessageFacts(Facts):
    """A message without its bytes. ``proven``: its sender is known, not only claimed."""

    key: int
    received_at: datetime
    state: MessageState
    channel: Channel
    sender: str | None = None
    proven: bool
    number: str | None = None
    message_id: str | None = None
    metering_point: str | None = None
    code: str | None = None
    problem: str | None = None
