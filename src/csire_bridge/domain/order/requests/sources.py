"""One order, several sources: who asked for an order, and when two requests share one order.

The hub is a source of an order at most once, because each of its processes gets an answer of its own. SID may be a
source any number of times, once for each of its order numbers.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from csire_bridge.domain.identifiers import MessageId
from csire_bridge.domain.order.facts import OrderSource
from csire_bridge.domain.order.order import (
    COMMAND_IN_FLIGHT,
    DisconnectionKind,
    Order,
    OrderKind,
    OrderState,
    ReconnectionReason,
)
from csire_bridge.domain.order.requests.operators_own import is_operators_own

__all__ = ["JOINABLE", "is_the_same", "source_of"]


JOINABLE = frozenset(COMMAND_IN_FLIGHT | {OrderState.REGISTERED, OrderState.IN_STEPS})
"""Nothing is merged into an order that has ended or waits for a person: a new request is tried again."""

_SAME = (
    "kind",
    "metering_point",
    "disconnection_kind",
    "reconnection_reason",
    "effective_date",
    "tariff_group",
    "contracted_power",
    "end_reason",
)


class _Asked(Protocol):
    @property
    def source_message(self) -> MessageId | None: ...
    @property
    def parent(self) -> int | None: ...
    @property
    def disconnection_kind(self) -> DisconnectionKind | None: ...
    @property
    def reconnection_reason(self) -> ReconnectionReason | None: ...


def source_of(order: _Asked) -> OrderSource:
    """The source of an order: a person where it is the operator's own, else SID if no message of the hub asked for it.

    A child order counts as the hub's, because nobody asked for it by itself.
    """
    if is_operators_own(order):
        return OrderSource.PERSON
    return OrderSource.SID if order.source_message is None and order.parent is None else OrderSource.HUB


def is_the_same(new: Order, known: Order, newest_connection: datetime | None, now: datetime) -> bool:
    """Whether ``new`` asks for what ``known`` does anyway, so that one execution answers both.

    They are the same if they have the same process; or the same movement, reason and time, with one process at most. A
    disconnection before a connection and one after it are never the same: ``newest_connection`` is when (UTC) a
    connection was last asked for. Nothing is merged into a child order.
    """
    if known.state not in JOINABLE or known.recalled_at is not None or known.parent is not None:
        return False
    if new.process_instance and new.process_instance == known.process_instance:
        return new.kind is known.kind and new.metering_point == known.metering_point
    if any(getattr(new, name) != getattr(known, name) for name in _SAME):
        return False
    if max(new.not_before, now) != max(known.not_before, now):
        return False
    if new.process_instance and known.process_instance and new.process_instance != known.process_instance:
        return False
    between = newest_connection is not None and newest_connection >= min(new.registered_at, known.registered_at)
    return not (new.kind is OrderKind.DISCONNECT and between)
