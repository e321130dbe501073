"""Which orders a meter's place speaks against, whatever was told in which order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from csire_bridge.domain.identifiers import MeteringPointCode, MeterNumber
from csire_bridge.domain.meter.installations import Installation, misplaced

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
A, B = MeteringPointCode("590243856287817706"), MeteringPointCode("590243856287817713")
M1, M2 = MeterNumber("M1"), MeterNumber("M2")


def at(
    point: MeteringPointCode, meter: MeterNumber, since: float, until: float | None = None, seen: float | None = None
) -> Installation:
    """Hours from now."""
    return Installation(
        meter=meter,
        metering_point=point,
        known_since=NOW + since * HOUR,
        known_until=None if until is None else NOW + until * HOUR,
        confirmed_at=None if seen is None else NOW + seen * HOUR,
    )


@pytest.mark.parametrize(
    ("known", "registered", "words"),
    [
        ([at(B, M1, -99)], 0, None),
        ([at(A, M1, -99), at(B, M1, 1)], 2, "more than one metering point"),
        ([at(A, M1, -99), at(B, M1, 1, seen=3)], 2, "more than one metering point"),
        ([at(A, M1, -99, 1), at(B, M1, 1)], 0, "was moved between"),
        ([at(A, M1, -99, 1), at(B, M1, 1)], 1.1, "was moved between"),  # within the difference of two clocks
        ([at(A, M1, -99, 1), at(B, M1, 1)], 2, None),
        ([at(A, M1, -99, 1), at(B, M1, 1, seen=2)], 0, None),
        ([at(A, M1, -99, 3), at(B, M1, 1, seen=2)], 0, "was moved between"),
        # the household's former meter stands elsewhere now
        ([at(B, M2, -99, 1), at(A, M2, 1), at(B, M1, 1)], 0, "meter M2 was moved between"),
        ([at(B, M2, -99, 1), at(A, M2, 1), at(B, M1, 1)], 2, None),
        # an ordinary exchange: the new meter was nowhere before, the old one is nowhere now
        ([at(B, M2, -99, 1), at(B, M1, 1)], 0, None),
        # the same meter in other letters
        ([at(A, MeterNumber("m1"), -99), at(B, M1, 1)], 2, "more than one metering point"),
        ([at(A, MeterNumber("m1"), -99, 1), at(B, M1, 1)], 0, "was moved between"),
        ([at(B, MeterNumber("m2"), -99, 1), at(A, M2, 1), at(B, M1, 1)], 0, "meter M2 was moved between"),
        # a used meter from the store
        ([at(A, M1, -99, -50), at(B, M2, -99, 1), at(B, M1, 1)], 0, None),
    ],
)
def test_given_where_meters_stood_when_an_order_of_a_point_is_due_then_only_a_certain_meter_may_be_switched(
    known: list[Installation], registered: float, words: str | None
) -> None:
    found = misplaced(B, M1, NOW + registered * HOUR, known)
    assert (found is None) if words is None else (found is not None and words in found)
