"""What stands of a complaint at every moment, and that only a rejection in time ends its protection by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csire_bridge.domain.identifiers import MeteringPointCode
from csire_bridge.domain.metering_point.complaints import Complaint, ComplaintStanding, Decision
from csire_bridge.domain.metering_point.holds import Hold, HoldKind

LODGED = datetime(2026, 6, 1, 22, tzinfo=UTC)
END = LODGED + timedelta(days=14)
SECOND = timedelta(seconds=1)
OPEN = Complaint(lodged=LODGED, after_cut=False, decide_by=END)
STANDING = ComplaintStanding


def decided(decision: Decision, at: datetime) -> Complaint:
    return replace(OPEN, decision=decision, decided_at=at, decided_by="Jan", decided_why="a letter")


def disputed(complaint: Complaint, at: datetime) -> Complaint:
    return replace(complaint, disputed_at=at, disputed_by="Anna", disputed_why="case 88")


def held(complaint: Complaint | None, **facts: object) -> Hold:
    point = MeteringPointCode("590243856287817706")
    values = {"since": LODGED, "until": None, "by": "Anna", "why": "x"} | facts
    return Hold(key=1, metering_point=point, kind=HoldKind.COMPLAINT, complaint=complaint, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("complaint", "now", "standing"),
    [
        (OPEN, LODGED, STANDING.OPEN),
        (OPEN, END - SECOND, STANDING.OPEN),
        (OPEN, END, STANDING.COUNTS_AS_UPHELD),
        (OPEN, END + timedelta(days=3650), STANDING.COUNTS_AS_UPHELD),
        (replace(OPEN, decide_by=None), END + timedelta(days=3650), STANDING.OPEN),
        (decided(Decision.UPHELD, END - SECOND), END - SECOND, STANDING.UPHELD),
        (decided(Decision.UPHELD, END + SECOND), END + SECOND, STANDING.UPHELD),
        (decided(Decision.REJECTED, END - SECOND), END - SECOND, STANDING.REJECTED),
        (decided(Decision.REJECTED, END - SECOND), END + timedelta(days=3650), STANDING.REJECTED),
        (decided(Decision.REJECTED, END), END, STANDING.COUNTS_AS_UPHELD),
        (decided(Decision.REJECTED, END + SECOND), END + timedelta(days=1), STANDING.COUNTS_AS_UPHELD),
        (disputed(OPEN, LODGED + SECOND), LODGED + SECOND, STANDING.DISPUTED),
        (disputed(OPEN, LODGED + SECOND), END + SECOND, STANDING.DISPUTED),
        (disputed(decided(Decision.REJECTED, END - SECOND), END + SECOND), END + SECOND, STANDING.DISPUTED),
        (disputed(decided(Decision.UPHELD, END - SECOND), END + SECOND), END + SECOND, STANDING.DISPUTED),
    ],
)
@pytest.mark.parametrize("after_cut", [False, True], ids=["before the cut", "after the cut"])
def test_given_a_complaint_then_what_stands_of_it_follows_from_time_decision_and_dispute(
    complaint: Complaint, now: datetime, standing: ComplaintStanding, after_cut: bool
) -> None:
    complaint = replace(complaint, after_cut=after_cut)
    assert complaint.standing(now) is standing
    assert complaint.blocks(now) is (standing is not STANDING.REJECTED)
    assert held(complaint).holds(now) is complaint.blocks(now)


@given(st.integers(0, 10_000_000), st.sampled_from([OPEN, replace(OPEN, decide_by=None), None]))
def test_given_a_complaint_that_nobody_decided_then_no_time_ends_its_hold(minutes: int, complaint: Complaint) -> None:
    now = LODGED + timedelta(minutes=minutes)
    assert held(complaint).holds(now)
    assert held(complaint, until=LODGED + timedelta(days=1)).holds(now)


def test_given_a_complaint_hold_when_a_person_has_released_it_then_it_holds_no_more() -> None:
    assert not held(OPEN, released_at=END, released_by="Jan").holds(END)


@pytest.mark.parametrize(
    ("complaint", "said"),
    [
        (OPEN, "the complaint of 2026-06-02 was not decided in time and counts as upheld"),
        (replace(OPEN, after_cut=True), "the complaint of 2026-06-02 after the cut was not decided in time"),
        (replace(OPEN, decide_by=None), "the complaint of 2026-06-02 is not decided"),
        (decided(Decision.UPHELD, END), "the complaint of 2026-06-02 was upheld"),
        (disputed(OPEN, END), "is disputed before the coordinator"),
    ],
)
def test_given_a_complaint_then_its_words_say_what_stands_and_nothing_of_who_said_it(
    complaint: Complaint, said: str
) -> None:
    words = complaint.words(END)
    assert said in words
    assert not any(name in words for name in ("Jan", "Anna", "letter", "case 88"))


@pytest.mark.parametrize("kind", HoldKind)
def test_given_a_hold_that_was_set_by_a_clock_ahead_of_ours_then_it_holds_at_once(kind: HoldKind) -> None:
    assert replace(held(None), kind=kind).holds(LODGED - SECOND)
