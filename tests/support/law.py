"""Orders of which the law says something."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from csire_bridge.domain.identifiers import MeteringPointCode
from csire_bridge.domain.order.order import DisconnectionKind, Order, OrderKind, OrderState

__all__ = ["suspension"]

_AT = datetime(2026, 1, 1, tzinfo=UTC)
_SUSPENSION = Order(
    key=1,
    kind=OrderKind.DISCONNECT,
    state=OrderState.REGISTERED,
    metering_point=MeteringPointCode("590243856287817706"),
    process_instance=None,
    source_message=None,
    source_number=None,
    registered_at=_AT,
    not_before=_AT,
    version=1,
    disconnection_kind=DisconnectionKind.DEBT,
)


def suspension(**facts: object) -> Order:
    """A suspension for debt, or what ``facts`` make of it."""
    return replace(_SUSPENSION, **facts)  # type: ignore[arg-type]
