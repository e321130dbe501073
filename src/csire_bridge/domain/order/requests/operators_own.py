"""Orders of the operator's own: to cut the supply because of danger, and to bring it back when the danger is gone.

A named person gives them (Energy Law art. 6b(4) and (5); process 8.3 of the hub's standard, then 8.4). No message of
the hub and no order of SID can be one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from csire_bridge.domain.order.order import DisconnectionKind, OrderKind, ReconnectionReason

__all__ = ["OPERATORS_OWN", "forbidden_to_others", "is_danger_cut", "is_danger_end", "is_operators_own"]

_CUT, _END = DisconnectionKind.DANGER, ReconnectionReason.DANGER_GONE
OPERATORS_OWN = {f"{OrderKind.DISCONNECT}-{_CUT}", f"{OrderKind.RECONNECT}-{_END}"}
"""The classes of such orders, as ``order_class`` names them."""


class _Asked(Protocol):
    @property
    def disconnection_kind(self) -> DisconnectionKind | None: ...
    @property
    def reconnection_reason(self) -> ReconnectionReason | None: ...


def is_danger_cut(order: _Asked) -> bool:
    """Whether the order cuts the supply because of danger."""
    return order.disconnection_kind is _CUT


def is_danger_end(order: _Asked) -> bool:
    """Whether the order brings the supply back after such a cut."""
    return order.reconnection_reason is _END


def is_operators_own(order: _Asked) -> bool:
    """Whether a named person of the operator gave the order, and nobody outside asked for it."""
    return is_danger_cut(order) or is_danger_end(order)


def forbidden_to_others(asked: _Asked) -> Iterator[tuple[str, str]]:
    """The fields by which a request from outside would be such an order, each with what is wrong with it."""
    if is_danger_cut(asked):
        yield "disconnection_kind", "only a named person of the operator cuts the supply because of danger"
    if is_danger_end(asked):
        yield "reconnection_reason", "only a named person of the operator ends a cut because of danger"
