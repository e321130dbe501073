"""The times of a complaint by the law file: until when it must be decided, and by when the supply must be back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from csire_bridge.domain.clock import WARSAW
from csire_bridge.domain.law.complaints import complaint_rule, decide_by, supply_back_by
from csire_bridge.domain.law.policy import LawPolicy, Loosened
from csire_bridge.domain.order.order import DisconnectionKind
from tests.support.defaults import LAW
from tests.support.law import suspension

RULE = "complaint-before-suspension"
JUNE = datetime(2026, 6, 1, 22, tzinfo=UTC)
BEFORE_THE_RULE = datetime(2023, 6, 1, 22, tzinfo=UTC)
LOOSENED = replace(LAW, loosened={RULE: Loosened(RULE, "Jan", "opinion 7")})


@pytest.mark.parametrize(
    ("lodged", "due"),
    [
        (datetime(2026, 6, 2, tzinfo=WARSAW), datetime(2026, 6, 16, tzinfo=WARSAW)),
        (datetime(2026, 6, 2, 15, 30, tzinfo=WARSAW), datetime(2026, 6, 16, 15, 30, tzinfo=WARSAW)),
        (datetime(2026, 3, 20, tzinfo=WARSAW), datetime(2026, 4, 3, tzinfo=WARSAW)),  # clocks go forward between
        (datetime(2026, 10, 20, tzinfo=WARSAW), datetime(2026, 11, 3, tzinfo=WARSAW)),  # clocks go back between
        (datetime(2026, 12, 20, tzinfo=WARSAW), datetime(2027, 1, 3, tzinfo=WARSAW)),  # holidays don't lengthen it
    ],
)
def test_given_the_day_of_a_complaint_then_it_must_be_decided_within_14_polish_days(
    lodged: datetime, due: datetime
) -> None:
    assert decide_by(LAW, lodged) == due


def test_given_a_complaint_after_the_cut_then_the_supply_must_be_back_within_3_days() -> None:
    assert supply_back_by(LAW, datetime(2026, 6, 2, 9, tzinfo=WARSAW)) == datetime(2026, 6, 5, 9, tzinfo=WARSAW)


@pytest.mark.parametrize(
    ("law", "lodged"),
    [(LAW, BEFORE_THE_RULE), (LawPolicy(), JUNE), (LOOSENED, JUNE)],
    ids=["before the rule held", "no such rule", "loosened"],
)
def test_given_no_rule_on_the_day_of_the_complaint_then_no_time_makes_it_count_as_upheld(
    law: LawPolicy, lodged: datetime
) -> None:
    assert decide_by(law, lodged) is None
    assert complaint_rule(law, lodged, suspension()) is None


@pytest.mark.parametrize("kind", DisconnectionKind)
def test_given_a_kind_of_disconnection_then_the_rule_is_named_for_debt_only(kind: DisconnectionKind) -> None:
    rule = complaint_rule(LAW, JUNE, replace(suspension(), disconnection_kind=kind))
    assert (rule.name if rule else None) == (RULE if kind is DisconnectionKind.DEBT else None)
