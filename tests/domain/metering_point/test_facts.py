"""What counts of everything that is told of a point: the newest effective date, then what was heard last."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csire_bridge.domain.identifiers import MeteringPointCode, MeterNumber
from csire_bridge.domain.message.message import RegistryUpdate
from csire_bridge.domain.metering_point.facts import (
    MeteringPoint,
    PointRecord,
    Since,
    Source,
    Telling,
    after,
    as_update,
)

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TODAY = NOW.date()
CODE = MeteringPointCode("590243856287817706")
FLAG = st.none() | st.booleans()


def told(days: int, heard: int, source: Source = Source.MESSAGE, **facts: object) -> Telling:
    """Effective so many days from today, heard so many minutes from now."""
    base = RegistryUpdate(process_instance=None, metering_point=CODE, effective_date=TODAY + timedelta(days=days))
    update = replace(base, **facts)  # type: ignore[arg-type]
    return Telling(source, NOW + timedelta(minutes=heard), NOW, None, update)


def known_after(*tellings: Telling) -> PointRecord:
    record: PointRecord | None = None
    for telling in tellings:
        record = after(record, telling, NOW)
    assert record is not None
    return record


def facts(record: PointRecord) -> MeteringPoint:
    return replace(record.point, updated_at=NOW)


TELLINGS = st.lists(
    st.builds(
        told,
        days=st.integers(-20, 0),
        heard=st.integers(0, 10_000),
        source=st.sampled_from(Source),
        meter_number=st.none() | st.sampled_from("AB").map(MeterNumber),
        no_meter=st.sampled_from([None, None, True]),
        tariff_group=st.none() | st.sampled_from(["G11", "G12"]),
        can_be_suspended=FLAG,
        danger_registered=FLAG,
        connected=FLAG,
    ),
    min_size=1,
    max_size=8,
    unique_by=lambda telling: telling.told_at,
)


@given(TELLINGS, st.randoms(use_true_random=False))
def test_given_tellings_from_anybody_in_any_order_then_each_fact_is_that_of_the_newest_date_and_hearing(
    tellings: list[Telling], chance: object
) -> None:
    mixed = list(tellings)
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    found = known_after(*mixed)
    inorder = sorted(tellings, key=lambda t: (t.update.effective_date, t.told_at))
    for fact, name in (("tariff_group",) * 2, ("can_be_suspended",) * 2, ("connected",) * 2):
        words = [getattr(t.update, name) for t in inorder if getattr(t.update, name) is not None]
        assert getattr(found.point, fact) == (words[-1] if words else None)
    meters = [t.update.meter_number for t in inorder if t.update.meter_number or t.update.no_meter]
    assert found.point.meter == (meters[-1] if meters else None)
    danger = [t for t in inorder if t.update.danger_registered or (t.source is Source.PERSON and _lifts(t))]
    assert (found.point.danger_registered is True) == bool(danger and danger[-1].update.danger_registered)


def _lifts(telling: Telling) -> bool:
    return telling.update.danger_registered is False


def test_given_a_newer_word_when_an_older_one_comes_late_then_it_only_fills_gaps() -> None:
    newer = told(-1, 0, meter_number=MeterNumber("M2"), can_be_suspended=False)
    late = told(-10, 60, meter_number=MeterNumber("M1"), can_be_suspended=True, tariff_group="G11")
    point = known_after(newer, late).point
    assert (point.meter, point.can_be_suspended, point.tariff_group) == ("M2", False, "G11")


@pytest.mark.parametrize("source", [Source.MESSAGE, Source.SID, Source.IMPORT, Source.METER])
def test_given_registered_danger_when_anybody_but_a_person_says_no_then_it_stands(source: Source) -> None:
    danger, no = told(-5, 0, danger_registered=True), told(0, 5, source, danger_registered=False)
    assert known_after(danger, no).point.danger_registered is True
    assert known_after(no, danger).point.danger_registered is True


def test_given_danger_that_a_person_lifted_when_told_again_then_only_a_newer_word_counts() -> None:
    danger, lifted = told(-5, 0, danger_registered=True), told(0, 60, Source.PERSON, danger_registered=False)
    assert known_after(danger, lifted).point.danger_registered is False
    assert known_after(danger, lifted, told(-5, 90, danger_registered=True)).point.danger_registered is False
    assert known_after(danger, lifted, told(0, 30, danger_registered=True)).point.danger_registered is False
    assert known_after(danger, lifted, told(0, 90, danger_registered=True)).point.danger_registered is True
    assert known_after(danger, lifted, told(1, 30, danger_registered=True)).point.danger_registered is True


def test_given_no_meter_by_a_persons_word_then_none_is_known_until_somebody_tells_of_one_for_a_later_date() -> None:
    here = told(-3, 0, meter_number=MeterNumber("M1"))
    gone = told(-1, 5, Source.PERSON, no_meter=True)
    assert known_after(gone, here).point.meter is None
    assert known_after(gone, here, told(0, 9, meter_number=MeterNumber("M2"))).point.meter == "M2"


def test_given_somebody_saw_a_thing_in_the_future_then_it_holds_from_when_we_heard_it() -> None:
    assert Since.seen(NOW + timedelta(days=9), NOW) == Since(TODAY, NOW)
    assert Since.seen(NOW - timedelta(days=9), NOW) == Since(TODAY - timedelta(days=9), NOW)
    assert Since.seen(datetime(2026, 11, 30, 23, 30, tzinfo=UTC), datetime(2026, 12, 2, tzinfo=UTC)).effective == date(
        2026, 12, 1
    )


def test_given_what_somebody_told_of_a_point_then_all_of_it_is_told_again_by_an_update() -> None:
    point = MeteringPoint(code=CODE, updated_at=NOW, meter=MeterNumber("A"), danger_registered=True, prepaid=False)
    telling = Telling(Source.SID, NOW, NOW, None, as_update(point, TODAY))
    assert after(None, telling, NOW).point == point
