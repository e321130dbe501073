"""A point that the registry does not know is looked up once, and what is learned is kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from csire_bridge.domain.errors import OutcomeUnknown, PartnerRefused, PartnerUnreachable
from csire_bridge.domain.identifiers import MeteringPointCode, MeterNumber
from csire_bridge.domain.metering_point.facts import MeteringPoint
from csire_bridge.pipeline.intake.point_finder import PointFinder
from csire_bridge.store.database import Database

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
CODE = MeteringPointCode.parse("590243856287817706")
POINT = MeteringPoint(code=CODE, updated_at=NOW, meter=MeterNumber("A"), danger_registered=True, tariff_group="G11")


class Lookup:
    """Knows one point, or fails."""

    def __init__(self, answer: MeteringPoint | Exception | None) -> None:
        self.answer, self.asked = answer, 0

    def look_up(self, code: MeteringPointCode) -> MeteringPoint | None:
        self.asked += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        assert code == CODE
        return self.answer


def finder(database: Database, lookup: Lookup | None, now: datetime = NOW) -> PointFinder:
    return PointFinder(database, lookup, lambda: now)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with closing(Database(f"sqlite:///{tmp_path / 'bridge.db'}")) as opened:
        opened.upgrade()
        yield opened


def test_given_an_unknown_point_when_found_elsewhere_then_it_is_kept_and_not_asked_for_again(
    database: Database,
) -> None:
    lookup = Lookup(POINT)
    found = finder(database, lookup)
    assert found.find(CODE) == POINT
    assert found.find(CODE) == POINT
    assert lookup.asked == 1


def test_given_a_point_that_nobody_knows_then_it_is_none_with_and_without_a_lookup(database: Database) -> None:
    assert finder(database, Lookup(None)).find(CODE) is None
    assert finder(database, None).find(CODE) is None


@pytest.mark.parametrize("error", [PartnerUnreachable("no"), OutcomeUnknown("?"), PartnerRefused("x", "no")])
def test_given_nobody_can_be_asked_then_nothing_is_concluded_unless_once_is_enough(
    database: Database, error: Exception
) -> None:
    asking = finder(database, Lookup(error))
    with pytest.raises(type(error)):
        asking.find(CODE)
    assert asking.find_or_none(CODE) is None


def test_given_a_known_point_when_asked_afresh_then_the_fresher_word_wins_and_gaps_are_filled(
    database: Database,
) -> None:
    with database.transaction() as tx:
        tx.points.put(POINT)
    told = MeteringPoint(code=CODE, updated_at=NOW + DAY, meter=MeterNumber("B"), danger_registered=None, prepaid=True)
    found = finder(database, Lookup(told), NOW + DAY).find(CODE, refresh=True)
    assert found == replace(POINT, updated_at=NOW + DAY, meter=MeterNumber("B"), prepaid=True)


def test_given_an_older_word_then_it_only_fills_gaps_and_lifts_no_protection(database: Database) -> None:
    known = replace(POINT, can_be_suspended=False)
    with database.transaction() as tx:
        tx.points.put(known)
    told = replace(POINT, updated_at=NOW - DAY, meter=MeterNumber("B"), can_be_suspended=True, prepaid=True)
    found = finder(database, Lookup(told), NOW + DAY).find(CODE, refresh=True)
    assert found == replace(known, prepaid=True, updated_at=NOW + DAY)


def test_given_a_word_from_the_future_then_it_holds_from_when_we_heard_it(database: Database) -> None:
    told = replace(POINT, updated_at=NOW + 3000 * DAY)
    assert finder(database, Lookup(told)).find(CODE) == POINT
    with database.transaction() as tx:
        tx.points.learn(replace(POINT, updated_at=NOW + DAY, tariff_group="G12"), NOW + DAY)
        assert tx.points.of([CODE], NOW + DAY)[CODE].tariff_group == "G12"
