"""What a request is to its process: every pair of what is asked and what was done before."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from csire_bridge.domain.identifiers import MessageId, MessageNumber, MeteringPointCode, ProcessInstanceId
from csire_bridge.domain.message.processes import Process, Standing, standing
from csire_bridge.domain.order.order import FINAL_STATES, Order, OrderKind, OrderState

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
POINT = MeteringPointCode("590243856287817706")
INSTANCE = ProcessInstanceId.new()
MONDAY, FRIDAY = date(2026, 11, 23), date(2026, 11, 27)
MOVEMENTS = (OrderKind.DISCONNECT, OrderKind.RECONNECT)
OF_STEPS = tuple(kind for kind in OrderKind if kind not in MOVEMENTS)
OPEN = tuple(state for state in OrderState if state not in FINAL_STATES)


def order(kind: OrderKind, state: OrderState = OrderState.REGISTERED, **changes: object) -> Order:
    base = Order(
        key=1,
        kind=kind,
        state=state,
        metering_point=POINT,
        process_instance=INSTANCE,
        source_message=MessageId.new(),
        source_number=MessageNumber("8.1.1.5"),
        registered_at=NOW,
        not_before=NOW,
        version=1,
        requested_date=MONDAY,
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def process(**changes: object) -> Process:
    return replace(Process(process_instance=INSTANCE), **changes)  # type: ignore[arg-type]


def what(asked: Order, known: list[Order], **facts: object) -> Standing:
    return standing(asked, process(**facts), known).standing


@pytest.mark.parametrize("kind", OrderKind)
def test_given_a_process_that_nobody_knows_then_it_is_new_even_if_it_was_ended(kind: OrderKind) -> None:
    assert what(order(kind), []) is Standing.NEW
    assert what(order(kind), [], ended_at=NOW) is Standing.NEW


@pytest.mark.parametrize("kind", OrderKind)
def test_given_an_archived_order_then_its_process_was_answered(kind: OrderKind) -> None:
    known = {"kind": kind, "metering_point": POINT, "archive": "kept.zip"}
    assert what(order(kind), [], **known) is Standing.ANSWERED


@pytest.mark.parametrize("kind", OrderKind)
@pytest.mark.parametrize("state", OrderState)
def test_given_the_same_again_then_never_a_second_order(kind: OrderKind, state: OrderState) -> None:
    ended = state in FINAL_STATES
    for later in (-HOUR, timedelta(), HOUR):
        asked = order(kind, registered_at=NOW + later)
        assert what(asked, [order(kind, state)]) is (Standing.ANSWERED if ended else Standing.REPEATED)


@pytest.mark.parametrize("kind", MOVEMENTS)
@pytest.mark.parametrize("state", sorted(FINAL_STATES))
def test_given_a_movement_that_has_ended_when_asked_for_another_date_then_it_was_answered(
    kind: OrderKind, state: OrderState
) -> None:
    asked = order(kind, requested_date=FRIDAY, registered_at=NOW + HOUR)
    assert what(asked, [order(kind, state)]) is Standing.ANSWERED


@pytest.mark.parametrize("kind", OrderKind)
@pytest.mark.parametrize("state", OPEN)
def test_given_another_date_when_the_order_is_open_then_the_newest_message_counts(
    kind: OrderKind, state: OrderState
) -> None:
    known = order(kind, state)
    older = order(kind, requested_date=FRIDAY, registered_at=NOW - HOUR)
    newer = order(kind, requested_date=FRIDAY, registered_at=NOW + HOUR)
    assert what(older, [known]) is Standing.OUTDATED
    assert what(replace(newer, registered_at=NOW), [known]) is Standing.OUTDATED, "the first of two at once stays"
    waits = state in (OrderState.REGISTERED, OrderState.PARKED, OrderState.FIELD_WORK)
    assert what(newer, [known]) is (Standing.MOVED if waits or kind in OF_STEPS else Standing.UNDER_WAY)
    moved = replace(known, requested_date=FRIDAY, dated_at=NOW + HOUR)
    assert what(order(kind, registered_at=NOW + HOUR / 2), [moved]) is Standing.OUTDATED


@pytest.mark.parametrize("kind", MOVEMENTS)
def test_given_a_movement_that_is_recalled_then_its_date_is_not_moved(kind: OrderKind) -> None:
    asked = order(kind, requested_date=FRIDAY, registered_at=NOW + HOUR)
    assert what(asked, [order(kind, recalled_at=NOW)]) is Standing.UNDER_WAY


@pytest.mark.parametrize("kind", OF_STEPS)
def test_given_an_agreement_or_tariff_that_has_ended_then_a_newer_date_is_new_and_an_older_one_is_not(
    kind: OrderKind,
) -> None:
    known = [order(kind, OrderState.DONE)]
    newer = order(kind, requested_date=FRIDAY, registered_at=NOW + HOUR)
    assert what(newer, known) is Standing.NEW
    assert what(replace(newer, registered_at=NOW - HOUR), known) is Standing.OUTDATED
    assert what(newer, known, ended_at=NOW) is Standing.ANSWERED, "the hub ended the process"


@pytest.mark.parametrize("state", OrderState)
@pytest.mark.parametrize(
    "other", [{"kind": OrderKind.RECONNECT}, {"metering_point": MeteringPointCode("590015710563817868")}]
)
def test_given_another_kind_or_point_then_it_is_never_carried_out(state: OrderState, other: dict[str, object]) -> None:
    asked = order(OrderKind.DISCONNECT)
    known = replace(order(OrderKind.DISCONNECT, state), **other)  # type: ignore[arg-type]
    assert what(asked, [known]) is Standing.OTHER
    assert what(asked, [], kind=known.kind, metering_point=known.metering_point) is Standing.OTHER


@pytest.mark.parametrize("kind", OrderKind)
@pytest.mark.parametrize("state", OrderState)
def test_given_only_sid_named_the_process_then_the_hubs_message_joins_or_changes_nothing(
    kind: OrderKind, state: OrderState
) -> None:
    known = order(kind, state, source_message=None)
    assert what(order(kind), [known]) is (Standing.REPEATED if state in FINAL_STATES else Standing.JOINS)
