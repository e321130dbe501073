"""The one rule about disconnections that were asked for too long ago."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csire_bridge.domain.identifiers import MeteringPointCode
from csire_bridge.domain.order.order import Order, OrderKind, OrderState
from csire_bridge.domain.order.requests.too_old import TooOld, wanted_at

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
DAY = timedelta(days=1)
OLD, NEW = NOW - 4 * DAY, NOW - 2 * DAY
RULE = TooOld(3 * DAY)
ORDER = Order(
    key=1,
    kind=OrderKind.DISCONNECT,
    state=OrderState.REGISTERED,
    metering_point=MeteringPointCode("590243891234567891"),
    process_instance=None,
    source_message=None,
    source_number=None,
    registered_at=OLD,
    not_before=NOW,
    version=1,
)


@pytest.mark.parametrize(
    ("facts", "looked_after", "old"),
    [
        ({}, None, True),
        ({"registered_at": NEW}, None, False),
        ({"registered_at": NOW - 3 * DAY}, None, False),
        ({"requested_date": date(2026, 11, 18)}, None, True),
        ({"requested_date": date(2026, 11, 22)}, None, False),
        ({"effective_date": date(2026, 11, 30)}, None, False),
        ({"renewed_at": NEW}, None, False),
        ({"dated_at": NEW}, None, False),
        ({}, NEW, False),
        ({}, NOW - 5 * DAY, True),
        ({"kind": OrderKind.RECONNECT}, None, False),
    ],
    ids=[
        "asked four days ago",
        "asked two days ago",
        "asked exactly as long ago as is allowed",
        "for a day that is long over",
        "for a day that is just over",
        "for a day to come",
        "asked again by another source",
        "its date was moved since",
        "it waited here, and was looked at two days ago",
        "nobody looked at it for five days",
        "a connection is never too old",
    ],
)
def test_given_a_disconnection_when_it_is_judged_then_it_counts_from_the_last_moment_it_was_wanted(
    facts: dict[str, Any], looked_after: datetime | None, old: bool
) -> None:
    assert (RULE.why(replace(ORDER, **facts), NOW, looked_after) is not None) is old


def test_given_what_is_too_old_then_a_person_reads_when_it_was_asked_for_and_when_it_was_due() -> None:
    assert "2026-11-19 12:00 UTC, and understood only now" in (RULE.why(ORDER, NOW) or "")
    late = replace(ORDER, requested_date=date(2026, 11, 20))
    assert "due on 2026-11-19 23:00 UTC" in (RULE.why(late, NOW) or "")


moments = st.integers(-200, 200).map(lambda hours: NOW + timedelta(hours=hours))


@given(moments, moments, st.none() | moments, st.none() | moments)
def test_given_any_moments_then_what_is_once_too_old_stays_so_and_more_news_never_make_it_older(
    asked: datetime, now: datetime, renewed: datetime | None, looked_after: datetime | None
) -> None:
    order = replace(ORDER, registered_at=asked, renewed_at=renewed)
    assert wanted_at(order) >= asked
    if RULE.why(order, now, looked_after):
        assert RULE.why(order, now + DAY, looked_after)
        assert RULE.why(order, now)
        assert RULE.why(replace(order, renewed_at=None), now)
