"""Which of a command's events tells its outcome."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from csire_bridge.domain.identifiers import CorrelationId, MeterNumber
from csire_bridge.domain.meter.contactor import ControlState, HeadEndEvent, HeadEndEventKind, most_telling

KIND = HeadEndEventKind
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def event(
    kind: HeadEndEventKind, seconds: float = 0, permanent: bool = False, state: int | None = None
) -> HeadEndEvent:
    contactor = None if state is None else ControlState(state)
    at = NOON + timedelta(seconds=seconds)
    return HeadEndEvent(
        CorrelationId("c"), MeterNumber("M-1"), kind, f"code of {kind}", at, contactor, permanent=permanent
    )


@pytest.mark.parametrize(
    ("telling", "others"),
    [
        (event(KIND.DISCONNECTED), [event(KIND.PROCESSED, 5)]),
        (event(KIND.DISCONNECTED), [event(KIND.PROCESSED, 5, state=0), event(KIND.DISCONNECTED, 9)]),
        (event(KIND.DISCONNECTED), [event(KIND.DISCONNECT_FAILED, 60), event(KIND.PROCESSING_FAILED, 61)]),
        (event(KIND.DISCONNECT_FAILED), [event(KIND.PROCESSED, 5)]),
        (event(KIND.CONNECTED, 30), [event(KIND.ARMED)]),
        (event(KIND.PROCESSED, state=0), [event(KIND.PROCESSED, 5)]),
        (event(KIND.PROCESSING_FAILED, 5), [event(KIND.PROCESSED)]),
        (event(KIND.CONNECT_FAILED, permanent=True), [event(KIND.CONNECT_FAILED, 9), event(KIND.CANCELLED, 9)]),
    ],
)
def test_given_several_events_of_one_command_when_they_come_in_any_order_then_the_telling_one_counts(
    telling: HeadEndEvent, others: list[HeadEndEvent]
) -> None:
    for arrived in permutations([telling, *others]):
        assert most_telling(arrived) is telling


def test_given_no_events_when_asked_then_a_value_error() -> None:
    with pytest.raises(ValueError, match=r".+"):
        most_telling([])
