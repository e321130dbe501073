"""Interlocks: when a contactor must not be moved, and why, in words that go to the hub."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csire_bridge.domain.identifiers import MessageId, MessageNumber, MeteringPointCode, MeterNumber, ProcessInstanceId
from csire_bridge.domain.metering_point.facts import MeteringPoint
from csire_bridge.domain.metering_point.interlocks import danger, interlock
from csire_bridge.domain.order.order import (
    DisconnectionKind,
    Order,
    OrderKind,
    OrderState,
    ReconnectionReason,
    RejectionReason,
)

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
CODE = MeteringPointCode("590243856287817706")
POINT = MeteringPoint(
    code=CODE,
    updated_at=NOW,
    meter=MeterNumber("DEMO00000001"),
    meter_kind="CK0201",
    has_contactor=True,
    can_be_suspended=True,
    danger_registered=False,
)
DISCONNECT = Order(
    key=1,
    kind=OrderKind.DISCONNECT,
    state=OrderState.REGISTERED,
    metering_point=CODE,
    process_instance=ProcessInstanceId("40f29226-57d2-43d4-8ed1-b2b2a1e308b9"),
    source_message=MessageId("825970f3-22cb-489c-ad3d-3d89cbba8f04"),
    source_number=MessageNumber("8.1.1.5"),
    registered_at=NOW,
    not_before=NOW,
    version=1,
    disconnection_kind=DisconnectionKind.DEBT,
)
RECONNECT = replace(
    DISCONNECT,
    kind=OrderKind.RECONNECT,
    disconnection_kind=None,
    reconnection_reason=ReconnectionReason.REASON_GONE,
)


@pytest.mark.parametrize("order", [DISCONNECT, RECONNECT], ids=["disconnect", "reconnect"])
def test_given_a_point_that_is_in_order_when_asked_then_nothing_stands_against_it(order: Order) -> None:
    assert interlock(order, POINT) is None


@pytest.mark.parametrize("order", [DISCONNECT, RECONNECT], ids=["disconnect", "reconnect"])
@pytest.mark.parametrize(
    ("point", "reason", "words"),
    [
        (None, RejectionReason.OTHER, "not known"),
        (replace(POINT, meter=None), RejectionReason.NOT_POSSIBLE, "no meter"),
        (replace(POINT, has_contactor=False), RejectionReason.NOT_POSSIBLE, "no contactor"),
        (replace(POINT, has_contactor=None), RejectionReason.NOT_POSSIBLE, "no contactor"),
    ],
)
def test_given_no_point_meter_or_contactor_when_asked_then_neither_order_moves_anything(
    order: Order, point: MeteringPoint | None, reason: RejectionReason, words: str
) -> None:
    against = interlock(order, point)
    assert against is not None
    assert against.reason is reason
    assert words in against.text


@pytest.mark.parametrize("kind", DisconnectionKind)
def test_given_registered_danger_when_any_disconnection_is_asked_for_then_it_never_stands_against_it(
    kind: DisconnectionKind,
) -> None:
    order, point = replace(DISCONNECT, disconnection_kind=kind), replace(POINT, danger_registered=True)
    assert (interlock(order, point), danger(order, point)) == (None, False)


@pytest.mark.parametrize("reason", ReconnectionReason)
@pytest.mark.parametrize("told", [True, False, None])
def test_given_registered_danger_when_any_connection_is_asked_for_then_it_waits_and_is_not_refused(
    reason: ReconnectionReason, told: bool | None
) -> None:
    order, point = replace(RECONNECT, reconnection_reason=reason), replace(POINT, danger_registered=told)
    assert (interlock(order, point), danger(order, point)) == (None, told is True)


def test_given_a_point_that_must_not_be_suspended_when_disconnected_for_debt_then_it_is_refused() -> None:
    against = interlock(DISCONNECT, replace(POINT, can_be_suspended=False))
    assert against is not None
    assert "must not be suspended for debt" in against.text


@pytest.mark.parametrize("kind", [DisconnectionKind.SHUT_DOWN, DisconnectionKind.PREPAID])
def test_given_a_point_that_must_not_be_suspended_when_disconnected_for_another_reason_then_it_may_be(
    kind: DisconnectionKind,
) -> None:
    assert interlock(replace(DISCONNECT, disconnection_kind=kind), replace(POINT, can_be_suspended=False)) is None


@given(
    suspended=st.sampled_from([True, False, None]),
    registered=st.sampled_from([True, False, None]),
    prepaid=st.sampled_from([True, False, None]),
    reason=st.sampled_from(ReconnectionReason),
)
def test_given_any_flags_when_supply_shall_come_back_then_no_protection_holds_it_up(
    suspended: bool | None, registered: bool | None, prepaid: bool | None, reason: ReconnectionReason
) -> None:
    point = replace(POINT, can_be_suspended=suspended, danger_registered=registered, prepaid=prepaid)
    assert interlock(replace(RECONNECT, reconnection_reason=reason), point) is None
