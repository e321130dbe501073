"""Orders and rules for the tests of the configurator."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from csire_bridge.domain.clock import WARSAW
from csire_bridge.domain.identifiers import (
    Eic,
    MessageId,
    MessageNumber,
    MeteringPointCode,
    ProcessInstanceId,
)
from csire_bridge.domain.order.order import DisconnectionKind, Order, OrderKind, OrderState, ReconnectionReason

__all__ = ["DEBT", "NOW", "PREPAID", "SUPPLIER", "TOPPED_UP", "order", "polish"]

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
"""A Monday, 10:00 in Poland."""
SUPPLIER = Eic.parse("19XPL-RZE-SA---V")


def polish(text: str) -> datetime:
    """A moment by the Polish clock, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=WARSAW).astimezone(UTC)


DEBT = Order(
    key=1,
    kind=OrderKind.DISCONNECT,
    state=OrderState.REGISTERED,
    metering_point=MeteringPointCode("590243856287817706"),
    process_instance=ProcessInstanceId("40f29226-57d2-43d4-8ed1-b2b2a1e308b9"),
    source_message=MessageId("825970f3-22cb-489c-ad3d-3d89cbba8f04"),
    source_number=MessageNumber("8.1.1.5"),
    registered_at=NOW,
    not_before=NOW,
    version=1,
    disconnection_kind=DisconnectionKind.DEBT,
    supplier=SUPPLIER,
)
PREPAID = replace(DEBT, disconnection_kind=DisconnectionKind.PREPAID)
TOPPED_UP = replace(
    DEBT,
    kind=OrderKind.RECONNECT,
    disconnection_kind=None,
    reconnection_reason=ReconnectionReason.PREPAID_TOPPED_UP,
)


def order(base: Order = DEBT, /, **changes: object) -> Order:
    """A disconnection for debt with changes."""
    return replace(base, **changes)  # type: ignore[arg-type]
