"""Orders: which way they may go, and which answer they owe at the end."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csire_bridge.domain.identifiers import MessageId, MessageNumber, MeteringPointCode, MeterNumber, ProcessInstanceId
from csire_bridge.domain.message.answers import AnswerKind, answer_of
from csire_bridge.domain.meter.contactor import ContactorAction
from csire_bridge.domain.order.order import (
    FINAL_STATES,
    TRANSITIONS,
    DisconnectionKind,
    Order,
    OrderKind,
    OrderState,
    Outcome,
    RejectionReason,
    check_transition,
)
from csire_bridge.domain.work import PRIORITIES

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
ORDER = Order(
    key=7,
    kind=OrderKind.DISCONNECT,
    state=OrderState.REGISTERED,
    metering_point=MeteringPointCode("590243856287817706"),
    process_instance=ProcessInstanceId("40f29226-57d2-43d4-8ed1-b2b2a1e308b9"),
    source_message=MessageId("825970f3-22cb-489c-ad3d-3d89cbba8f04"),
    source_number=MessageNumber("8.1.1.5"),
    registered_at=NOW,
    not_before=NOW,
    version=1,
)
DONE = replace(
    ORDER,
    state=OrderState.DONE,
    outcome=Outcome.DISCONNECTED,
    executed_at=NOW + timedelta(minutes=3),
    verified_at=NOW + timedelta(minutes=4),
    meter=MeterNumber("DEMO00000001"),
)
FORBIDDEN = [(a, b) for a, b in product(OrderState, OrderState) if b not in TRANSITIONS[a]]
BEFORE_THE_COMMAND = (OrderState.REGISTERED, OrderState.SUBMITTING)


# --- the way of an order


def test_given_every_state_when_looked_up_then_it_stands_in_the_table() -> None:
    assert set(TRANSITIONS) == set(OrderState)


def test_given_the_final_states_when_listed_then_they_are_the_four_ends_of_an_order() -> None:
    assert {
        OrderState.DONE,
        OrderState.REJECTED,
        OrderState.SUPERSEDED,
        OrderState.WITHDRAWN,
    } == FINAL_STATES


@pytest.mark.parametrize(("before", "after"), list(product(sorted(FINAL_STATES), OrderState)))
def test_given_a_final_state_when_any_move_is_tried_then_it_is_refused(before: OrderState, after: OrderState) -> None:
    with pytest.raises(ValueError, match=f"can't go from {before} to {after}"):
        check_transition(before, after)


@pytest.mark.parametrize(("before", "after"), FORBIDDEN)
def test_given_a_forbidden_move_when_tried_then_it_is_refused(before: OrderState, after: OrderState) -> None:
    with pytest.raises(ValueError, match="can't go from"):
        check_transition(before, after)


@pytest.mark.parametrize(("before", "after"), [(a, b) for a, onward in TRANSITIONS.items() for b in sorted(onward)])
def test_given_an_allowed_move_when_tried_then_it_passes(before: OrderState, after: OrderState) -> None:
    check_transition(before, after)


@pytest.mark.parametrize("state", BEFORE_THE_COMMAND)
def test_given_an_order_before_its_command_was_accepted_when_moved_then_it_can_not_be_done(state: OrderState) -> None:
    assert OrderState.DONE not in TRANSITIONS[state]


@pytest.mark.parametrize("state", sorted(set(OrderState) - FINAL_STATES))
def test_given_an_open_order_when_followed_then_an_end_can_be_reached_and_a_person_can_be_asked(
    state: OrderState,
) -> None:
    reached = {state}
    while (further := reached.union(*(TRANSITIONS[s] for s in reached))) != reached:
        reached = further
    assert reached >= {OrderState.DONE, OrderState.REJECTED, OrderState.PARKED}


def test_given_a_command_that_is_being_given_when_moved_then_it_can_not_just_be_superseded_or_withdrawn() -> None:
    assert not TRANSITIONS[OrderState.SUBMITTING] & {OrderState.SUPERSEDED, OrderState.WITHDRAWN, OrderState.DONE}


# --- kinds


def test_given_the_kinds_when_asked_for_a_movement_then_only_two_move_the_contactor() -> None:
    assert {k: k.contactor_action for k in OrderKind if k.contactor_action} == {
        OrderKind.DISCONNECT: ContactorAction.DISCONNECT,
        OrderKind.RECONNECT: ContactorAction.CONNECT,
    }


def test_given_orders_when_ranked_then_danger_goes_first_then_supply_comes_back_then_prepaid_accounts() -> None:
    ranks = {kind: replace(ORDER, kind=kind, disconnection_kind=None).priority for kind in OrderKind}
    prepaid = replace(ORDER, kind=OrderKind.DISCONNECT, disconnection_kind=DisconnectionKind.PREPAID).priority
    danger = replace(ORDER, kind=OrderKind.DISCONNECT, disconnection_kind=DisconnectionKind.DANGER).priority
    assert min(ranks, key=lambda kind: ranks[kind]) is OrderKind.RECONNECT
    assert danger < ranks[OrderKind.RECONNECT] < prepaid < ranks[OrderKind.DISCONNECT]
    assert {*ranks.values(), prepaid, danger} == set(PRIORITIES)


def test_given_an_executed_order_when_measured_then_time_counts_from_registration() -> None:
    assert DONE.execution_seconds == 180
    assert ORDER.execution_seconds is None


# --- answers


def test_given_a_done_order_when_answered_then_time_and_meter_are_told() -> None:
    answer = answer_of(DONE)
    assert answer is not None
    assert answer.kind is AnswerKind.DONE
    assert (answer.executed_at, answer.outcome, answer.meter) == (DONE.executed_at, DONE.outcome, DONE.meter)
    assert (answer.process_instance, answer.metering_point) == (DONE.process_instance, DONE.metering_point)


@pytest.mark.parametrize("missing", ["executed_at", "verified_at", "outcome"])
def test_given_a_done_order_without_proof_when_answered_then_it_is_refused(missing: str) -> None:
    unproven = replace(DONE, **{missing: None})  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="without a time of execution and a verification"):
        answer_of(unproven)


@pytest.mark.parametrize("state", [OrderState.REJECTED, OrderState.SUPERSEDED])
@pytest.mark.parametrize(("known", "told"), [(r, r) for r in RejectionReason] + [(None, RejectionReason.OTHER)])
def test_given_an_order_that_could_not_be_when_answered_then_there_is_always_a_reason(
    state: OrderState, known: RejectionReason | None, told: RejectionReason
) -> None:
    answer = answer_of(replace(ORDER, state=state, cannot_reason=known, detail="why", submitted_at=NOW))
    assert answer is not None
    assert (answer.kind, answer.reason, answer.description) == (AnswerKind.REJECTED, told, "why")
    assert answer.attempted_at == NOW
    assert answer.executed_at is None


@pytest.mark.parametrize(
    "state",
    sorted(set(OrderState) - {OrderState.DONE, OrderState.REJECTED, OrderState.SUPERSEDED, OrderState.WITHDRAWN}),
)
def test_given_an_order_that_is_open_when_asked_then_it_owes_no_answer(state: OrderState) -> None:
    assert answer_of(replace(DONE, state=state)) is None


@given(
    state=st.sampled_from(OrderState),
    outcome=st.none() | st.sampled_from(Outcome),
    executed=st.booleans(),
    verified=st.booleans(),
)
def test_given_any_order_when_answered_then_done_is_never_said_without_verification(
    state: OrderState, outcome: Outcome | None, executed: bool, verified: bool
) -> None:
    order = replace(
        ORDER,
        state=state,
        outcome=outcome,
        executed_at=NOW if executed else None,
        verified_at=NOW if verified else None,
    )
    try:
        answer = answer_of(order)
    except ValueError:
        assert not (outcome and executed and verified)
        return
    if answer is not None and answer.kind is AnswerKind.DONE:
        assert executed
        assert verified
        assert outcome
