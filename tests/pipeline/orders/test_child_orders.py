"""What a step of an agreement becomes once its movement of the contactor has ended: every combination, as a table."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from csire_bridge.domain.order.order import FINAL_STATES, Order, OrderKind, OrderState
from csire_bridge.domain.order.steps import OrderStep, StepKind, StepState
from csire_bridge.pipeline.orders.child_orders import step_after_child
from tests.domain.metering_point.test_interlocks import DISCONNECT

NOW = datetime(2026, 11, 28, 9, tzinfo=UTC)
EARLIER, LATER = NOW - timedelta(hours=1), NOW + timedelta(days=3)
EXECUTED = NOW - timedelta(minutes=5)

D, R = OrderKind.DISCONNECT, OrderKind.RECONNECT
DONE, REJECTED, SUPERSEDED, WITHDRAWN = (
    OrderState.DONE,
    OrderState.REJECTED,
    OrderState.SUPERSEDED,
    OrderState.WITHDRAWN,
)
ENDED = {
    DONE: StepState.DONE,
    REJECTED: StepState.FAILED,
    SUPERSEDED: StepState.SKIPPED,
    WITHDRAWN: StepState.SKIPPED,
}
REOPENED, FAILED = StepState.WAITING, StepState.FAILED

DISCONNECT_STEP: dict[tuple[OrderKind, OrderState, bool, bool], StepState | OrderKind] = {
    # child, its end, recalled, date moved on
    (D, DONE, False, False): StepState.DONE,
    (D, DONE, False, True): R,
    (D, DONE, True, False): R,
    (D, DONE, True, True): R,
    (D, REJECTED, False, False): StepState.FAILED,
    (D, REJECTED, False, True): REOPENED,
    (D, REJECTED, True, False): REOPENED,
    (D, REJECTED, True, True): REOPENED,
    (D, SUPERSEDED, False, False): StepState.SKIPPED,
    (D, SUPERSEDED, False, True): REOPENED,
    (D, SUPERSEDED, True, False): REOPENED,
    (D, SUPERSEDED, True, True): REOPENED,
    (D, WITHDRAWN, False, False): StepState.SKIPPED,
    (D, WITHDRAWN, False, True): REOPENED,
    (D, WITHDRAWN, True, False): REOPENED,
    (D, WITHDRAWN, True, True): REOPENED,
    (R, DONE, False, False): REOPENED,
    (R, DONE, False, True): REOPENED,
    (R, DONE, True, False): REOPENED,
    (R, DONE, True, True): REOPENED,
    (R, REJECTED, False, False): FAILED,
    (R, REJECTED, False, True): FAILED,
    (R, REJECTED, True, False): FAILED,
    (R, REJECTED, True, True): FAILED,
    (R, SUPERSEDED, False, False): FAILED,
    (R, SUPERSEDED, False, True): FAILED,
    (R, SUPERSEDED, True, False): FAILED,
    (R, SUPERSEDED, True, True): FAILED,
    (R, WITHDRAWN, False, False): FAILED,
    (R, WITHDRAWN, False, True): FAILED,
    (R, WITHDRAWN, True, False): FAILED,
    (R, WITHDRAWN, True, True): FAILED,
}


def child_order(kind: OrderKind, state: OrderState, detail: str | None = None) -> Order:
    executed_at = EXECUTED if state is DONE else None
    return replace(DISCONNECT, key=7, kind=kind, state=state, executed_at=executed_at, detail=detail, parent=1)


def step(kind: StepKind, *, moved: bool) -> OrderStep:
    begin = LATER if moved else EARLIER
    return OrderStep(
        key=3, order=1, position=1, kind=kind, state=StepState.UNDER_WAY, not_before=begin, child=7, ended_at=EARLIER
    )


def everything() -> list[tuple[OrderKind, OrderState, bool, bool]]:
    return list(product((D, R), sorted(FINAL_STATES), (False, True), (False, True)))


def test_given_the_table_then_it_holds_every_combination() -> None:
    assert set(DISCONNECT_STEP) == set(everything())
    assert set(ENDED) == FINAL_STATES


@pytest.mark.parametrize(("child_kind", "state", "recalled", "moved"), everything())
def test_given_a_disconnection_in_an_agreement_when_its_child_has_ended_then_the_step_is_as_in_the_table(
    child_kind: OrderKind, state: OrderState, recalled: bool, moved: bool
) -> None:
    before, child = step(StepKind.DISCONNECT, moved=moved), child_order(child_kind, state)
    after = step_after_child(before, child, NOW, recalled=recalled)
    expected = DISCONNECT_STEP[child_kind, state, recalled, moved]
    if isinstance(expected, OrderKind):
        assert after is expected
        return
    text = f"order 7: {state}"
    if expected is REOPENED:
        assert after == replace(before, state=REOPENED, child=None, ended_at=None, text=text)
    elif child_kind is R:
        assert after == replace(
            before, state=FAILED, ended_at=NOW, text=f"the supply could not be brought back: {text}"
        )
    else:
        assert after == replace(before, state=expected, ended_at=child.executed_at or NOW, text=text)


@pytest.mark.parametrize("kind", [kind for kind in StepKind if kind is not StepKind.DISCONNECT])
@pytest.mark.parametrize(("child_kind", "state", "recalled", "moved"), everything())
def test_given_any_other_step_when_its_child_has_ended_then_the_step_ends_as_the_child_did(
    kind: StepKind, child_kind: OrderKind, state: OrderState, recalled: bool, moved: bool
) -> None:
    before, child = step(kind, moved=moved), child_order(child_kind, state)
    assert step_after_child(before, child, NOW, recalled=recalled) == replace(
        before, state=ENDED[state], ended_at=child.executed_at or NOW, text=f"order 7: {state}"
    )


def test_given_a_child_whose_history_says_more_then_the_step_repeats_it() -> None:
    child = child_order(R, REJECTED, "the meter is not there")
    failed = step_after_child(step(StepKind.DISCONNECT, moved=False), child, NOW)
    assert isinstance(failed, OrderStep)
    assert failed.text == "the supply could not be brought back: the meter is not there"
