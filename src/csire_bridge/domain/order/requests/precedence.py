"""Precedence of older and newer requests for one metering point: which is sent, which waits, which is superseded.

The newest request wins; while not all of them have ended, supply on is preferred to supply off. Times of the hub and of
SID are compared as they are: those of messages and registrations, not of arrival.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from csire_bridge.domain.clock import start_of
from csire_bridge.domain.order.order import Order, OrderKind, ReconnectionReason
from csire_bridge.domain.order.requests.operators_own import is_danger_cut
from csire_bridge.domain.order.requests.related import Reconnections

__all__ = ["Disconnected", "Ruling", "asked_at", "gives_way", "precedence", "undone_by"]


class Ruling(StrEnum):
    """What an order does because of other requests at its point."""

    GOES = "goes"
    WAITS = "waits"
    GIVES_WAY = "gives way"


@dataclass(frozen=True, slots=True)
class Disconnected:
    """A disconnection that was asked for by itself, and done. Moments are UTC."""

    key: int
    asked_at: datetime
    executed_at: datetime


def asked_at(order: Order) -> datetime:
    """The moment (UTC) by which ``order`` is older or newer than another one.

    It is that of the message, or of the registration in SID. Where several asked for one order, a disconnection counts
    from the first of them and a connection from the last.
    """
    if order.kind is OrderKind.RECONNECT and order.renewed_at is not None:
        return order.renewed_at
    return order.registered_at


def gives_way(disconnection: datetime, connection: datetime) -> bool:
    """Whether a connection supersedes a disconnection, by the moments of both; at the same moment, it does."""
    return connection >= disconnection


def precedence(
    order: Order,
    connections: Reconnections | None,
    disconnections: Sequence[Disconnected] = (),
    *,
    protected: bool = False,
) -> Ruling:
    """What ``order`` does at a point with these ``connections``, and those ``disconnections`` that were done.

    ``protected``: a complaint or a person keeps the household from being disconnected. A cut because of danger waits
    for no connection: connections wait for it.
    """
    if is_danger_cut(order):
        return Ruling.GOES
    if order.kind is OrderKind.DISCONNECT:
        return _of_disconnection(order, connections)
    newer = undone_by(order, connections, disconnections)
    return Ruling.GIVES_WAY if newer is not None and not protected else Ruling.GOES


def _of_disconnection(order: Order, connections: Reconnections | None) -> Ruling:
    if connections is None:
        return Ruling.GOES
    if connections.newest is not None and gives_way(asked_at(order), connections.newest):
        return Ruling.GIVES_WAY
    return Ruling.WAITS if connections.open else Ruling.GOES


def undone_by(
    order: Order, connections: Reconnections | None, disconnections: Sequence[Disconnected]
) -> Disconnected | None:
    """The disconnection that ``order``, a connection, would undo although it is the newer one; None: there is none.

    A connection for a complaint, and one that is a step of an agreement, are never superseded. Neither is one for a
    later day than the disconnection was done on, nor any while a still newer connection was asked for.
    """
    if order.parent is not None or order.reconnection_reason is ReconnectionReason.COMPLAINT:
        return None
    day = order.requested_date or order.effective_date
    newer = [one for one in disconnections if not gives_way(one.asked_at, asked_at(order))]
    newest = connections.newest if connections else None
    standing = [one for one in newer if newest is None or not gives_way(one.asked_at, newest)]
    before = [one for one in standing if day is None or one.executed_at >= start_of(day)]
    return max(before, key=lambda one: one.asked_at, default=None)
