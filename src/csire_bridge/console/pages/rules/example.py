"""An order that nobody has given, to show what a text becomes."""

from __future__ import annotations

from datetime import UTC, date, datetime

from csire_bridge.domain.identifiers import (
    Eic,
    MessageId,
    MessageNumber,
    MeteringPointCode,
    MeterNumber,
    ProcessInstanceId,
)
from csire_bridge.domain.order.command_text import OrderText
from csire_bridge.domain.order.order import DisconnectionKind, Order, OrderKind, OrderState

__all__ = ["example_of", "typed_text"]

_ORDER = Order(
    key=1,
    kind=OrderKind.DISCONNECT,
    state=OrderState.REGISTERED,
    metering_point=MeteringPointCode("590243856287817706"),
    process_instance=ProcessInstanceId("40f29226-57d2-43d4-8ed1-b2b2a1e308b9"),
    source_message=MessageId("825970f3-22cb-489c-ad3d-3d89cbba8f04"),
    source_number=MessageNumber("8.1.1.5"),
    registered_at=datetime(2026, 11, 23, 9, 0, tzinfo=UTC),
    not_before=datetime(2026, 11, 23, 9, 0, tzinfo=UTC),
    version=1,
    disconnection_kind=DisconnectionKind.DEBT,
    supplier=Eic("19XPL-RZE-SA---V"),
    requested_date=date(2026, 11, 24),
    description="dwa rachunki po terminie",
    meter=MeterNumber("30123456"),
)


def example_of(template: str) -> str | None:
    """What the text becomes for a made-up order; None where there is no text, or a wrong one."""
    return typed_text(template)["example"]


def typed_text(template: str) -> dict[str, str | None]:
    """What a page shows of a text: the ``example``, and what is wrong with it; neither where there is no text."""
    if not template.strip():
        return {"example": None, "wrong_text": None}
    try:
        return {"example": OrderText.parse(template).render(_ORDER), "wrong_text": None}
    except ValueError as error:
        return {"example": None, "wrong_text": str(error)}
