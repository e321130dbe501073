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
from csire_bridge.domain.registry import MeteringPoint, learn
from csire_bridge.pipeline.look_up import PointFinder
from csire_bridge.store.database import Database

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
CODE = MeteringPointCode.parse("590243856287817706")
POINT = MeteringPoint(code=CODE, updated_at=NOW, meter=MeterNumber("A"), threat=True, tariff_group="G11")


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


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with closing(Database(f"sqlite:///{tmp_path / 'bridge.db'}")) as opened:
        opened.upgrade()
        yield opened


def test_given_an_unknown_point_when_found_elsewhere_then_it_is_kept_and_not_asked_for_again(
    database: Database,
) -> None:
    lookup = Lookup(POINT)
    finder = PointFinder(database, lookup)
    assert finder.find(CODE) == POINT
    assert finder.find(CODE) == POINT
    assert lookup.asked == 1


def test_given_a_point_that_nobody_knows_then_it_is_none_with_and_without_a_lookup(database: Database) -> None:
    assert PointFinder(database, Lookup(None)).find(CODE) is None
    assert PointFinder(database, None).find(CODE) is None


@pytest.mark.parametrize("error", [PartnerUnreachable("no"), OutcomeUnknown("?"), PartnerRefused("x", "no")])
def test_given_nobody_can_be_asked_then_nothing_is_concluded_unless_once_is_enough(
    database: Database, error: Exception
) -> None:
    finder = PointFinder(database, Lookup(error))
    with pytest.raises(type(error)):
        finder.find(CODE)
    assert finder.known_after_a_look(CODE) is None


def test_given_a_known_point_when_asked_afresh_then_the_fresher_word_wins_and_gaps_are_filled(
    database: Database,
) -> None:
    with database.transaction() as tx:
        tx.points.put(POINT)
    told = MeteringPoint(code=CODE, updated_at=NOW + DAY, meter=MeterNumber("B"), threat=None, prepaid=True)
    found = PointFinder(database, Lookup(told)).find(CODE, afresh=True)
    assert found == replace(POINT, updated_at=NOW + DAY, meter=MeterNumber("B"), prepaid=True)


def test_given_an_older_word_then_it_only_fills_gaps_and_lifts_no_protection() -> None:
    told = MeteringPoint(code=CODE, updated_at=NOW - DAY, meter=MeterNumber("B"), threat=False, prepaid=True)
    assert learn(POINT, told) == replace(POINT, prepaid=True)
    assert learn(None, told) == told
