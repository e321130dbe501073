"""What is written down after a contactor was read back, case by case; nothing is open for ever."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from csire_bridge.domain.errors import HeadEndRefused, HeadEndUnreachable
from csire_bridge.domain.identifiers import CorrelationId, MeterNumber
from csire_bridge.domain.meter.contactor import ContactorReading, ControlState, HeadEndEvent, HeadEndEventKind
from csire_bridge.domain.order.order import Order, OrderState
from csire_bridge.domain.work import WorkItem, WorkStep
from csire_bridge.pipeline.batch_step import Completed
from csire_bridge.pipeline.execute.read_back import CommandQueueState, NotRead, ReadBack, ReadBackOutcome, ReadFailure
from csire_bridge.pipeline.execute.record_read_back import record_read_back
from csire_bridge.pipeline.orders.order_changes import OrderChanges
from tests.domain.metering_point.test_interlocks import DISCONNECT, RECONNECT
from tests.support.defaults import EXECUTION

NOW = datetime(2026, 11, 28, 9, tzinfo=UTC)
METER = MeterNumber("DEMO00000001")
MINUTE = timedelta(minutes=1)
POLICY = EXECUTION
LAST_TRY = POLICY.retry.attempts - 1

OFF = ContactorReading(METER, False, ControlState.DISCONNECTED, NOW)
ON = ContactorReading(METER, True, ControlState.CONNECTED, NOW)
ARMED = ContactorReading(METER, False, ControlState.READY_FOR_RECONNECTION, NOW)
UNCLEAR = ContactorReading(METER, True, ControlState.READY_FOR_RECONNECTION, NOW)
GONE = HeadEndUnreachable("the meter is out of reach", "wait")
UNKNOWN_METER = HeadEndRefused("UNKNOWN", "no such meter")

IN_FLIGHT, PAST_ITS_END = NOW + 10 * MINUTE, NOW - 10 * MINUTE


def given(order: Order, **facts: object) -> Order:
    usual: dict[str, object] = {
        "state": OrderState.SUBMITTED,
        "meter": METER,
        "correlation_id": CorrelationId("c"),
        "submitted_at": NOW - 10 * MINUTE,
        "expires_at": PAST_ITS_END,
        "attempts": 1,
    }
    return replace(order, **{**usual, **facts})  # type: ignore[arg-type]  # a table of facts


def event(kind: HeadEndEventKind, *, permanent: bool = False) -> HeadEndEvent:
    return HeadEndEvent(CorrelationId("c"), METER, kind, "1", NOW - MINUTE, permanent=permanent)


DISCONNECTED, FAILED = event(HeadEndEventKind.DISCONNECTED), event(HeadEndEventKind.DISCONNECT_FAILED)


def recorded(
    order: Order,
    result: ContactorReading | ReadFailure | NotRead,
    told: HeadEndEvent | None = None,
    *,
    queue: CommandQueueState = CommandQueueState.UNKNOWN,
    tries: int = 0,
) -> OrderChanges:
    changes = OrderChanges(NOW)
    item = WorkItem(1, WorkStep.EXECUTE, order.key, 10, tries)
    outcome = ReadBackOutcome(result, NOW, NOW, queue)
    record_read_back([Completed(item, ReadBack(order, told, NOW), outcome)], POLICY, changes, random.Random(1))  # noqa: S311
    return changes


@dataclass(frozen=True)
class Case:
    """``becomes`` is None where the order stays as it is; ``again`` is when it is read again, None: not any more."""

    order: Order
    result: ContactorReading | ReadFailure
    told: HeadEndEvent | None
    becomes: OrderState | None
    says: str
    again: timedelta | None = None
    queue: CommandQueueState = CommandQueueState.UNKNOWN


CASES = {
    "done": Case(given(DISCONNECT), OFF, DISCONNECTED, OrderState.DONE, "contactor read: disconnected"),
    "done, its command may still run": Case(
        given(DISCONNECT, expires_at=IN_FLIGHT),
        OFF,
        None,
        OrderState.DONE,
        "its command may still arrive",
        queue=CommandQueueState.ABSENT,
    ),
    "armed": Case(given(RECONNECT), ARMED, None, OrderState.ARMED, "the supply is still off", again=POLICY.response),
    "in flight": Case(
        given(DISCONNECT, expires_at=IN_FLIGHT),
        ON,
        None,
        OrderState.UNKNOWN,
        "no event in time; contactor read: not in the wanted state",
        again=POLICY.read_back_interval,
    ),
    "expired": Case(
        given(DISCONNECT),
        ON,
        None,
        OrderState.REGISTERED,
        "the command has expired without effect",
        again=POLICY.retry_pause,
    ),
    "failed for good": Case(
        given(DISCONNECT),
        ON,
        event(HeadEndEventKind.DISCONNECT_FAILED, permanent=True),
        OrderState.REJECTED,
        "head-end system reports disconnect-failed",
    ),
    "tries used up": Case(
        given(DISCONNECT, attempts=POLICY.attempts),
        ON,
        FAILED,
        OrderState.FIELD_WORK,
        "3 commands had no effect; head-end system reports disconnect-failed",
    ),
    "taken back": Case(given(DISCONNECT, recalled_at=NOW), ON, None, OrderState.WITHDRAWN, "the order was taken back"),
    "superseded": Case(
        given(DISCONNECT, recalled_at=NOW, superseded_by=9), ON, None, OrderState.SUPERSEDED, "a newer order"
    ),
    "disconnected after it was armed": Case(
        given(RECONNECT, state=OrderState.ARMED), OFF, None, OrderState.PARKED, "somebody has disconnected it since"
    ),
    "refused and unreadable": Case(
        given(RECONNECT, refused="no such meter"),
        UNKNOWN_METER,
        None,
        OrderState.REJECTED,
        "no such meter; nor can its contactor be read: no such meter",
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_given_what_was_read_back_when_recorded_then_the_order_and_its_work_are_as_in_the_table(case: Case) -> None:
    changes = recorded(case.order, case.result, case.told, queue=case.queue)
    ((before, after, text),) = changes.moves
    assert before == case.order
    assert after.state is case.becomes
    assert case.says in text
    assert [due_at for _, due_at, _ in changes.postponed] == ([] if case.again is None else [NOW + case.again])
    assert len(changes.finished) == (case.again is None)


def test_given_done_while_the_command_may_still_run_then_its_meter_is_reserved_until_its_end() -> None:
    order = given(DISCONNECT, expires_at=IN_FLIGHT)
    ((_, after, _),) = recorded(order, OFF, queue=CommandQueueState.ABSENT).moves
    assert after.may_run_until == IN_FLIGHT


def test_given_no_time_to_read_then_the_order_stays_and_its_work_is_due_at_once() -> None:
    changes = recorded(given(DISCONNECT), NotRead())
    assert changes.moves == []
    assert [(due_at, failed) for _, due_at, failed in changes.postponed] == [(NOW, None)]


def test_given_a_command_that_was_cancelled_then_that_is_remembered_once() -> None:
    order = given(DISCONNECT, key=5)
    assert recorded(order, ON, queue=CommandQueueState.CANCELLED).cancelled == [5]
    assert recorded(replace(order, cancelled_at=NOW), ON, queue=CommandQueueState.CANCELLED).cancelled == []


def test_given_a_contactor_that_can_not_be_read_then_each_try_counts_and_the_last_one_gives_it_to_people() -> None:
    order = given(DISCONNECT)
    first, last = recorded(order, GONE), recorded(order, GONE, tries=LAST_TRY)
    assert [failed for _, _, failed in first.postponed] == [
        "the contactor's state can't be read: the meter is out of reach"
    ]
    assert [after.state for _, after, _ in first.moves] == [OrderState.UNKNOWN]
    assert [after.state for _, after, _ in last.moves] == [OrderState.FIELD_WORK]
    assert last.postponed == []


def test_given_a_command_that_may_still_run_when_the_tries_to_read_are_used_up_then_it_is_read_after_its_end() -> None:
    changes = recorded(given(DISCONNECT, expires_at=IN_FLIGHT), GONE, tries=LAST_TRY)
    assert [after.state for _, after, _ in changes.moves] == [OrderState.UNKNOWN]
    assert [due for _, due, _ in changes.postponed] == [IN_FLIGHT + POLICY.expiry_margin + POLICY.read_back_interval]


def test_given_a_meter_that_was_armed_and_shows_something_unclear_then_it_is_read_again_and_each_try_counts() -> None:
    changes = recorded(given(RECONNECT, state=OrderState.ARMED), UNCLEAR)
    assert changes.moves == []
    assert [(due, failed) for _, due, failed in changes.postponed] == [
        (NOW + POLICY.read_back_interval, "no event in time; contactor read: not in the wanted state")
    ]


def test_given_a_meter_that_was_armed_and_stays_unclear_when_the_tries_are_used_up_then_a_person_gets_it() -> None:
    changes = recorded(given(RECONNECT, state=OrderState.ARMED), UNCLEAR, tries=LAST_TRY)
    ((_, after, text),) = changes.moves
    assert after.state is OrderState.PARKED
    assert text.startswith("the contactor was ready for reconnection, and what it is now stays unclear")
    assert changes.postponed == []


def test_given_a_command_that_may_still_run_when_its_contactor_is_read_then_no_try_to_read_is_used_up() -> None:
    changes = recorded(given(DISCONNECT, expires_at=IN_FLIGHT), ON, tries=LAST_TRY)
    assert [failed for _, _, failed in changes.postponed] == [None]
