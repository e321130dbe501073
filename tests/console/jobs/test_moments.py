"""The moment of a report is never guessed where the clock showed it twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from csire_bridge.console.language.moments import came_twice_lately
from csire_bridge.console.pages.jobs.plan_form import PlanForm, detail_form
from csire_bridge.domain.errors import ActionRefused
from csire_bridge.domain.jobs.kinds import JobDetails, JobKind


def details(**given: str) -> JobDetails:
    fields = dict.fromkeys(detail_form(), "") | given
    return PlanForm(JobKind.REPORT_DONE, "why", fields, (), None, "", None).as_details()


@pytest.mark.parametrize(
    ("given", "moment"),
    [
        ({"executed_at": "2026-10-25T02:30", "executed_at_hour": "a"}, datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ({"executed_at": "2026-10-25T02:30", "executed_at_hour": "b"}, datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),
        ({"executed_at": "2026-10-25T02:30+01:00"}, datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),
        ({"executed_at": "2026-10-25T01:59"}, datetime(2026, 10, 24, 23, 59, tzinfo=UTC)),
        ({"executed_at": "2026-10-25T03:00", "executed_at_hour": "b"}, datetime(2026, 10, 25, 2, 0, tzinfo=UTC)),
        ({"executed_at": "2026-11-23"}, datetime(2026, 11, 22, 23, 0, tzinfo=UTC)),
    ],
)
def test_a_time_that_came_twice_is_the_one_that_the_person_chose(given: dict[str, str], moment: datetime) -> None:
    assert details(**given).executed_at == moment


@pytest.mark.parametrize("field", ["executed_at", "until", "lodged"])
@pytest.mark.parametrize("text", ["2026-10-25T02:30", "2026-03-29T02:30"])
def test_a_time_that_came_twice_or_never_is_refused_where_nobody_chose(field: str, text: str) -> None:
    with pytest.raises(ActionRefused, match="comes twice, or never"):
        details(**{field: text})


def test_the_choice_is_offered_in_the_weeks_after_the_doubled_hour() -> None:
    night = datetime(2026, 10, 25, 1, tzinfo=UTC)
    offered = [came_twice_lately(night + timedelta(days=days)) for days in (-1, 1, 35, 59, 61, 200)]
    assert offered == [False, True, True, True, False, False]
