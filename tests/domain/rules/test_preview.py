"""Rule sets one after the other, and the preview: which orders move, and what the buckets would have become."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date, timedelta
from typing import Any

import pytest

from csire_bridge.cli.rules.as_text import planned_words
from csire_bridge.domain.calendar.hours import NO_HOURS, Hours, Week
from csire_bridge.domain.calendar.windows import Window
from csire_bridge.domain.law.judge import Forbidden
from csire_bridge.domain.operations.statistics import Bucket
from csire_bridge.domain.order.facts import OrderSource
from csire_bridge.domain.order.order import DisconnectionKind, Order, OrderKind
from csire_bridge.domain.protection import ProtectedKind, Protection
from csire_bridge.domain.rules.decide import GiveUp, Never, Rules, SendNow, decide
from csire_bridge.domain.rules.model import Rule, RuleSet, RuleSetVersion, Scope, Then
from csire_bridge.domain.rules.preview import Moved, PastOrder, PlannedFate, WaitingOrder, compared, replay_past
from csire_bridge.domain.rules.timeline import Planned, Timeline, in_force, plan
from tests.support.defaults import DEADLINES, LAW
from tests.support.rules import DEBT, NOW, PREPAID, TOPPED_UP, order, polish

DISCONNECT = Scope(OrderKind.DISCONNECT)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def during(hours: str, **more: object) -> Rules:
    window = Window(Week.of({"every-day": [Hours.parse(hours)]}))
    return Rules(RuleSet((Rule(DISCONNECT, window, **more),)))  # type: ignore[arg-type]


def waiting(one: Order) -> WaitingOrder:
    return WaitingOrder(**{f.name: getattr(one, f.name) for f in fields(WaitingOrder)})


def past(one: Order, submitted: float | None, executed: float) -> PastOrder:
    """Minutes after registration."""
    facts = {f.name: getattr(one, f.name) for f in fields(WaitingOrder)}
    at = None if submitted is None else one.registered_at + submitted * MINUTE
    return PastOrder(**facts, submitted_at=at, executed_at=one.registered_at + executed * MINUTE)


def moved_orders(*asked: Any, **law: Any) -> list[Moved]:
    return [moved for one in compared(*asked, **law) if (moved := one.moved(DEADLINES))]


MORNING, EVENING, ANY = during("08:00-09:00"), during("18:00-19:00"), Rules(RuleSet())


# --- rule sets one after the other


def test_given_several_rule_sets_when_asked_then_each_holds_from_its_moment_and_the_later_entered_wins() -> None:
    timeline = Timeline([(NOW + DAY, MORNING), (NOW, EVENING), (NOW + DAY, ANY)])
    assert timeline.at(NOW - MINUTE).rule_set == RuleSet()
    assert timeline.at(NOW) is EVENING
    assert timeline.at(NOW + DAY) is ANY
    assert [timeline.next_change(NOW + n * DAY) for n in (-1, 0, 1)] == [NOW, NOW + DAY, None]


def test_given_the_same_versions_when_the_one_in_force_is_named_then_it_is_that_of_the_timeline() -> None:
    moments = [NOW + DAY, NOW, NOW + DAY]
    versions = [RuleSetVersion(key, at, NOW, "Anna", "x", "") for key, at in enumerate(moments, 1)]
    found = [in_force(versions, at) for at in (NOW - MINUTE, NOW, NOW + DAY)]
    assert [version.key if version else None for version in found] == [None, 2, 3]


def test_given_an_order_that_lives_through_a_change_when_planned_then_each_rule_set_counts_in_its_time() -> None:
    timeline = Timeline([(NOW, EVENING), (NOW + 2 * 60 * MINUTE, ANY)])
    assert plan(DEBT, timeline, NOW) == Planned(SendNow(), NOW + 120 * MINUTE)
    tighter = Timeline([(NOW, EVENING), (NOW + 120 * MINUTE, MORNING)])
    assert plan(DEBT, tighter, NOW) == Planned(SendNow(), polish("2026-11-24T08:00"))


def test_given_rules_that_give_up_or_never_send_when_planned_then_that_is_the_plan() -> None:
    never = Rules(RuleSet((Rule(DISCONNECT, Window(NO_HOURS)),)))
    assert isinstance(plan(DEBT, Timeline([(NOW, never)]), NOW).what, Never)
    ends = during("08:00-09:00", try_days=1, wait_days=0, then=Then.REFUSE)
    later = plan(order(registered_at=NOW - DAY), Timeline([(NOW - DAY, ends)]), NOW)
    assert isinstance(later.what, GiveUp)
    assert later.what.then is Then.REFUSE


# --- orders that wait


def test_given_orders_that_wait_when_previewed_then_only_those_that_move_are_listed_with_both_moments() -> None:
    timeline = Timeline([(NOW - DAY, EVENING)])
    orders = [waiting(one) for one in (DEBT, TOPPED_UP)]
    (moved,) = moved_orders(orders, timeline, NOW, MORNING, NOW)
    assert moved.order == orders[0]
    assert moved.before == Planned(SendNow(), polish("2026-11-23T18:00"))
    assert moved.after == Planned(SendNow(), polish("2026-11-24T08:00"))
    assert not moved.late


def test_given_rules_for_orders_of_sid_when_previewed_then_only_those_move() -> None:
    window = Window(Week.of({"every-day": [Hours.parse("18:00-19:00")]}))
    of_sid = Rules(RuleSet((Rule(Scope(OrderKind.DISCONNECT, source=OrderSource.SID), window),)))
    both = [waiting(DEBT), waiting(order(key=2, source_message=None))]
    (moved,) = moved_orders(both, Timeline([]), NOW, of_sid, NOW)
    assert moved.order.key == 2


def test_given_rules_from_a_later_moment_when_previewed_then_orders_that_go_before_it_stay() -> None:
    timeline = Timeline([(NOW - DAY, EVENING)])
    after = polish("2026-11-23T18:00:01")
    assert list(moved_orders([waiting(DEBT)], timeline, after, MORNING, NOW)) == []


@pytest.mark.parametrize(
    ("rules", "late"), [(during("12:00-13:00"), False), (during("08:00-09:00", wait_days=2), True)]
)
def test_given_a_deadline_when_rules_move_the_order_past_it_then_that_is_marked(rules: Rules, late: bool) -> None:
    (moved,) = moved_orders([waiting(PREPAID)], Timeline([]), NOW, rules, NOW)
    assert moved.late is late


def test_given_an_order_of_the_domain_and_one_of_the_preview_when_decided_then_both_fit() -> None:
    assert decide(DEBT, MORNING, NOW) == decide(waiting(DEBT), MORNING, NOW)


# --- the past


def test_given_executed_orders_when_replayed_then_they_begin_at_the_first_allowed_moment_and_take_as_long() -> None:
    rules = during("10:20-18:00")
    rows = [
        past(DEBT, 1, 6),  # registered at 10:00: begins at 10:20, takes 5 minutes
        past(DEBT, 60, 65),  # began later anyway
        past(DEBT, None, 2),  # never given a command: it was so already
        past(order(registered_at=polish("2026-11-23T17:50")), 1, 9),
        past(order(registered_at=polish("2026-11-23T18:00")), 0, 9),
        past(TOPPED_UP, 0, 5),
    ]
    disconnected, connected = replay_past(rows, rules, DEADLINES)
    assert dict(disconnected.before) == {Bucket.UP_TO_15_MIN: 4, Bucket.UP_TO_3_H: 1}
    assert dict(disconnected.after) == {
        Bucket.UP_TO_30_MIN: 2,
        Bucket.UP_TO_3_H: 1,
        Bucket.UP_TO_15_MIN: 1,
        Bucket.OVER_3_H: 1,
    }
    assert connected.kind is OrderKind.RECONNECT
    assert connected.before == connected.after


def test_given_rules_without_an_end_or_an_hour_when_replayed_then_what_would_not_be_sent_is_counted() -> None:
    nothing = Rule(DISCONNECT, Window(NO_HOURS), then=Then.FIELD_WORK)
    (result,) = replay_past([past(DEBT, 1, 6)] * 3, Rules(RuleSet((nothing,))), DEADLINES)
    assert (result.after.total(), dict(result.not_sent)) == (0, {Then.FIELD_WORK: 3})


def test_given_orders_with_deadlines_when_replayed_then_the_late_ones_are_counted_before_and_after() -> None:
    rows = [past(PREPAID, 1, 6), past(PREPAID, 60 * 24, 60 * 24 + 1)]
    (result,) = replay_past(rows, during("08:00-18:00", wait_days=2), DEADLINES)
    assert (result.late_before, result.late_after) == (1, 2)


def test_given_an_order_for_a_date_when_replayed_then_it_begins_on_its_date() -> None:
    one = order(requested_date=date(2026, 11, 25))
    (result,) = replay_past([past(one, 60 * 39, 60 * 39 + 5)], ANY, DEADLINES)
    assert result.before == result.after


def test_given_rules_that_are_looser_than_the_law_then_the_preview_keeps_to_the_law() -> None:
    suspension = replace(waiting(DEBT), disconnection_kind=DisconnectionKind.DEBT)
    friday = polish("2026-06-12T09:00")
    protected = {suspension.metering_point: Protection.of(ProtectedKind.VULNERABLE)}
    mornings = Timeline([(friday - DAY, MORNING)])
    anytime = Rules(RuleSet())
    (free,) = moved_orders([suspension], mornings, friday, anytime, polish("2026-06-12T20:00"))
    assert free.after == Planned(SendNow(), polish("2026-06-12T20:00"))
    (kept,) = moved_orders(
        [suspension], mornings, friday, anytime, polish("2026-06-12T20:00"), law=LAW, protections=protected
    )
    assert kept.after == Planned(SendNow(), polish("2026-06-15T00:00"))


def test_given_a_ban_that_outlasts_the_waiting_then_the_plan_is_an_answer_with_the_rule() -> None:
    suspension = replace(waiting(DEBT), disconnection_kind=DisconnectionKind.DEBT)
    winter = polish("2026-11-23T12:00")
    timeline = Timeline([(winter - DAY, MORNING)])
    protected = {suspension.metering_point: Protection.of(ProtectedKind.VULNERABLE)}
    (moved,) = moved_orders([suspension], timeline, winter, Rules(RuleSet()), winter, law=LAW, protections=protected)
    assert isinstance(moved.after.what, Forbidden)
    assert "suspension-winter" in planned_words(moved.after)


def test_given_waiting_orders_then_each_has_a_fate_before_and_after() -> None:
    never = Rules(RuleSet((Rule(DISCONNECT, Window(NO_HOURS), then=Then.REFUSE),)))
    (one,) = compared([waiting(DEBT)], Timeline([(NOW, EVENING)]), NOW, never, NOW)
    assert one.fates == (PlannedFate.LATER, PlannedFate.REFUSED)
    (free,) = compared([waiting(DEBT)], Timeline([(NOW, never)]), NOW, ANY, NOW)
    assert free.fates == (PlannedFate.REFUSED, PlannedFate.NOW)
