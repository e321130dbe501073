"""What an R_1 is worth: every state of the answer, sent or not, and everything that may not fit."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from csire_bridge.domain.identifiers import MessageId, MessageNumber, MeteringPointCode, ProcessInstanceId
from csire_bridge.domain.message.documents import DocumentState, OutgoingDocument
from csire_bridge.domain.message.results import HubResult, Weight, weigh
from csire_bridge.domain.order.order import Order, OrderKind, OrderState

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
ORDER = Order(
    key=1,
    kind=OrderKind.DISCONNECT,
    state=OrderState.DONE,
    metering_point=MeteringPointCode("590243856287817706"),
    process_instance=ProcessInstanceId.new(),
    source_message=MessageId.new(),
    source_number=MessageNumber("8.1.1.5"),
    registered_at=NOW,
    not_before=NOW,
    version=1,
)
SIGNED = OutgoingDocument(
    1, 1, MessageNumber("8.1.1.11"), MessageId.new(), b"", "", DocumentState.PENDING, NOW, delivered_at=NOW
)
RESULT = HubResult(
    message_id=MessageId.new(),
    answers=SIGNED.message_id,
    process_instance=ORDER.process_instance or ProcessInstanceId.new(),
    metering_point=ORDER.metering_point,
    result_code="CA0001",
    accepted=True,
    description=None,
    heard_at=NOW,
)
LEFT = [{"delivered_at": NOW}, {"delivered_at": None, "sent_at": NOW}]


@pytest.mark.parametrize("accepted", [True, False])
@pytest.mark.parametrize("state", DocumentState)
@pytest.mark.parametrize("left", [*LEFT, {"delivered_at": None}])
def test_given_an_answer_then_a_result_counts_only_once_it_has_left_and_is_not_contested(
    accepted: bool, state: DocumentState, left: dict[str, object]
) -> None:
    document = replace(SIGNED, state=state, **left)  # type: ignore[arg-type]
    expected = Weight.COUNTS if left in LEFT else Weight.EARLY
    if state is DocumentState.CONTESTED:
        expected = Weight.CONTESTED
    assert weigh(replace(RESULT, accepted=accepted), document, ORDER) is expected


@pytest.mark.parametrize("state", DocumentState)
@pytest.mark.parametrize(
    "other",
    [{"process_instance": ProcessInstanceId.new()}, {"metering_point": MeteringPointCode("590015710563817868")}],
)
def test_given_another_process_or_point_then_it_never_counts(state: DocumentState, other: dict[str, object]) -> None:
    result = replace(RESULT, **other)  # type: ignore[arg-type]
    assert weigh(result, replace(SIGNED, state=state), ORDER) is Weight.OTHER


def test_given_no_point_in_the_result_then_the_process_is_enough() -> None:
    assert weigh(replace(RESULT, metering_point=None), SIGNED, ORDER) is Weight.COUNTS


def test_given_an_answer_that_nobody_knows_then_the_result_is_early() -> None:
    assert weigh(RESULT, None, None) is Weight.EARLY
