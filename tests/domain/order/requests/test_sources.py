"""When two who ask for the same share one order, and when they don't."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csire_bridge.domain.identifiers import MessageId, MessageNumber, MeteringPointCode, ProcessInstanceId
from csire_bridge.domain.order.facts import OrderSource
from csire_bridge.domain.order.order import DisconnectionKind, Order, OrderKind, OrderState, ReconnectionReason
from csire_bridge.domain.order.requests.sources import JOINABLE, is_the_same, source_of

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
PROCESS, OTHER = ProcessInstanceId.new(), ProcessInstanceId.new()
POINT = MeteringPointCode.parse("590243856287817706")
KNOWN = Order(
    key=1,
    kind=OrderKind.DISCONNECT,
    state=OrderState.REGISTERED,
    metering_point=POINT,
    process_instance=PROCESS,
    source_message=MessageId.new(),
    source_number=MessageNumber("8.1.1.5"),
    registered_at=NOW - 10 * MINUTE,
    not_before=NOW - 5 * MINUTE,
    version=1,
    disconnection_kind=DisconnectionKind.DEBT,
)
NEW = replace(
    KNOWN,
    key=0,
    process_instance=None,
    source_message=None,
    source_number=None,
    registered_at=NOW - MINUTE,
    not_before=NOW,
)
RECONNECT = {"kind": OrderKind.RECONNECT, "disconnection_kind": None}


def test_given_the_same_movement_for_the_same_reason_when_it_may_run_now_then_it_is_the_same() -> None:
    assert is_the_same(NEW, KNOWN, None, NOW)
    assert source_of(KNOWN) is OrderSource.HUB
    assert source_of(NEW) is OrderSource.SID


@pytest.mark.parametrize(
    "changes",
    [
        {"metering_point": MeteringPointCode.parse("590015710563817868")},
        {"disconnection_kind": DisconnectionKind.SHUT_DOWN},
        RECONNECT,
        {"not_before": NOW + timedelta(days=2)},
        {"process_instance": OTHER},
    ],
)
def test_given_something_else_when_compared_then_it_is_an_order_of_its_own(changes: dict[str, object]) -> None:
    assert not is_the_same(replace(NEW, **changes), KNOWN, None, NOW)  # type: ignore[arg-type]


def test_given_both_wait_for_the_same_day_when_compared_then_they_are_the_same() -> None:
    day = NOW + timedelta(days=3)
    assert is_the_same(replace(NEW, not_before=day), replace(KNOWN, not_before=day), None, NOW)


def test_given_the_same_process_when_compared_then_it_is_the_same_whatever_its_date() -> None:
    mirrored = replace(NEW, process_instance=PROCESS, not_before=NOW + timedelta(days=2), disconnection_kind=None)
    assert is_the_same(mirrored, KNOWN, None, NOW)
    assert not is_the_same(replace(mirrored, **RECONNECT), KNOWN, None, NOW)  # type: ignore[arg-type]


@pytest.mark.parametrize("state", OrderState)
def test_given_an_order_that_ended_or_waits_for_a_person_then_nobody_joins_it(state: OrderState) -> None:
    assert is_the_same(NEW, replace(KNOWN, state=state), None, NOW) is (state in JOINABLE)


def test_given_an_order_that_is_not_wanted_any_more_then_nobody_joins_it() -> None:
    assert not is_the_same(NEW, replace(KNOWN, recalled_at=NOW), None, NOW)


@given(minutes=st.integers(-30, 5))
def test_given_a_connection_between_two_disconnections_then_they_are_never_the_same(minutes: int) -> None:
    asked = NOW + minutes * MINUTE
    between_or_after = asked >= KNOWN.registered_at
    assert is_the_same(NEW, KNOWN, asked, NOW) is not between_or_after


def test_given_connections_when_another_connection_was_asked_for_then_they_are_the_same_all_the_same() -> None:
    reason = {**RECONNECT, "reconnection_reason": ReconnectionReason.REASON_GONE}
    known, new = replace(KNOWN, **reason), replace(NEW, **reason)  # type: ignore[arg-type]
    assert is_the_same(new, known, KNOWN.registered_at, NOW)
