"""The configurator: which rule counts, and what it decides."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csire_bridge.domain.calendar.hours import ALWAYS, NO_HOURS, Hours, Week
from csire_bridge.domain.calendar.windows import Pause, Window
from csire_bridge.domain.order.facts import OrderSource
from csire_bridge.domain.order.order import DisconnectionKind, Order, OrderKind
from csire_bridge.domain.rules.choice import ambiguities
from csire_bridge.domain.rules.decide import (
    Decision,
    GiveUp,
    GiveUpReason,
    Never,
    NeverReason,
    Rules,
    SendNow,
    Wait,
    WaitReason,
    decide,
)
from csire_bridge.domain.rules.model import Rule, RuleSet, Scope, Then
from tests.support.chance import examples
from tests.support.rules import DEBT, NOW, PREPAID, SUPPLIER, TOPPED_UP, order, polish

OFFICE = Week.of({"monday-thursday": [Hours.parse("08:00-15:00")]})
DISCONNECT = Scope(OrderKind.DISCONNECT)
MINUTE = timedelta(minutes=1)


def ready(*rules: Rule, pause: Pause | None = None) -> Rules:
    return Rules(RuleSet(rules, pause=pause))


# --- which rule counts


def scope(kind: DisconnectionKind | None = None, supplier: bool = False, source: OrderSource | None = None) -> Scope:
    return Scope(OrderKind.DISCONNECT, kind, SUPPLIER if supplier else None, source)


DEBT_KIND, HUB, SID = DisconnectionKind.DEBT, OrderSource.HUB, OrderSource.SID


@pytest.mark.parametrize(
    ("scopes", "source", "counts"),
    [
        ([scope()], HUB, scope()),
        ([scope(), scope(DEBT_KIND)], HUB, scope(DEBT_KIND)),
        ([scope(), scope(supplier=True)], HUB, scope(supplier=True)),
        ([scope(), scope(source=SID)], HUB, scope()),
        ([scope(), scope(source=SID)], SID, scope(source=SID)),
        ([scope(DEBT_KIND), scope(DEBT_KIND, True), scope()], HUB, scope(DEBT_KIND, True)),
        ([scope(DEBT_KIND, True, SID), scope(DEBT_KIND, True)], SID, scope(DEBT_KIND, True, SID)),
        ([scope(DisconnectionKind.PREPAID)], HUB, None),
        ([Scope(OrderKind.RECONNECT)], HUB, None),
    ],
)
def test_given_rules_when_one_is_chosen_then_it_names_the_most_of_what_the_order_is(
    scopes: list[Scope], source: OrderSource, counts: Scope | None
) -> None:
    rules = ready(*(Rule(s, wait_days=number + 1) for number, s in enumerate(scopes)))
    chosen = rules.rule_for(DEBT, source)
    assert (chosen.scope, chosen.wait_days > 0) == (counts or DISCONNECT, counts is not None)


def test_given_an_order_without_a_disconnection_kind_when_chosen_then_only_the_general_rule_fits() -> None:
    rules = ready(Rule(scope(DEBT_KIND), wait_days=2), Rule(scope(), wait_days=1))
    assert rules.rule_for(order(disconnection_kind=None)).wait_days == 1


@pytest.mark.parametrize(
    ("scopes", "told"),
    [
        ([scope(), scope()], "another rule is for the same orders"),
        ([scope(DEBT_KIND), scope(supplier=True)], "add a rule for these"),
        ([scope(source=HUB), scope(supplier=True)], "add a rule for these"),
        ([scope(DEBT_KIND, True), scope(supplier=True, source=SID)], "add a rule for these"),
    ],
)
def test_given_two_rules_equally_specific_when_checked_then_the_later_one_is_named(
    scopes: list[Scope], told: str
) -> None:
    ((place, text),) = ambiguities(scopes)
    assert place == 1
    assert told in text


@pytest.mark.parametrize(
    "scopes",
    [
        [scope(), scope(DEBT_KIND), scope(DEBT_KIND, True)],
        [scope(DEBT_KIND), scope(DisconnectionKind.PREPAID)],
        [scope(DEBT_KIND), scope(supplier=True), scope(DEBT_KIND, True)],
        [scope(source=HUB), scope(source=SID)],
        [scope(), Scope(OrderKind.RECONNECT)],
    ],
)
def test_given_rules_that_are_clear_when_checked_then_none_is_named(scopes: list[Scope]) -> None:
    assert list(ambiguities(scopes)) == []


ALL_SCOPES = [
    Scope(OrderKind.DISCONNECT, *rest)
    for rest in product((None, *DisconnectionKind), (None, SUPPLIER), (None, *OrderSource))
]


@settings(deadline=None)
@given(scopes=st.lists(st.sampled_from(ALL_SCOPES), unique=True, max_size=7))
def test_given_any_rules_that_pass_the_check_when_one_is_chosen_then_it_names_all_that_the_others_name(
    scopes: list[Scope],
) -> None:
    if any(ambiguities(scopes)):
        return
    rules = ready(*(Rule(s, wait_days=1) for s in scopes))
    for one in (DEBT, PREPAID, order(supplier=None), order(disconnection_kind=None)):
        for source in OrderSource:
            whole = Scope(one.kind, one.disconnection_kind, one.supplier, source)
            fitting = [s for s in scopes if s.named <= whole.named]
            chosen = rules.rule_for(one, source)
            assert (chosen.scope in fitting) is bool(fitting)
            assert all(s.named <= chosen.scope.named for s in fitting)


def test_given_a_disconnection_kind_for_another_kind_when_made_then_it_is_refused() -> None:
    with pytest.raises(ValueError, match="only disconnections"):
        Scope(OrderKind.RECONNECT, DisconnectionKind.DEBT)


# --- decisions


@pytest.mark.parametrize("kind", OrderKind)
@pytest.mark.parametrize("now", ["2026-12-25T03:00", "2026-11-20T23:59", "2026-03-29T03:00"])
def test_given_no_rules_when_decided_then_everything_is_sent_at_once(kind: OrderKind, now: str) -> None:
    assert decide(replace(TOPPED_UP, kind=kind), ready(), polish(now)) == SendNow()


def test_given_a_message_from_a_clock_ahead_of_ours_when_decided_then_it_is_sent_all_the_same() -> None:
    assert decide(order(registered_at=NOW + 4 * MINUTE), ready(), NOW) == SendNow()


FULL = Rule(DISCONNECT, Window(OFFICE, False, 1), wait_days=2, try_days=10, then=Then.FIELD_WORK)


@pytest.mark.parametrize(
    ("rule", "facts", "now", "decision"),
    [
        (FULL, {}, "2026-11-23T10:00", Wait(polish("2026-11-25T10:00"), WaitReason.DAYS_TO_WAIT)),
        (FULL, {}, "2026-11-25T09:59:59", Wait(polish("2026-11-25T10:00"), WaitReason.DAYS_TO_WAIT)),
        (FULL, {}, "2026-11-25T10:00", SendNow()),
        (FULL, {}, "2026-11-26T15:00", Wait(polish("2026-11-30T08:00"), WaitReason.HOURS)),
        (FULL, {}, "2026-12-02T15:00", Wait(polish("2026-12-03T08:00"), WaitReason.HOURS)),
        (FULL, {}, "2026-12-03T10:00", GiveUp(Then.FIELD_WORK, polish("2026-12-03T10:00"), GiveUpReason.DAYS_OVER)),
        (
            FULL,
            {"requested_date": date(2026, 12, 24)},
            "2026-11-25T12:00",
            Wait(polish("2026-12-28T08:00"), WaitReason.HOURS),
        ),
        (
            replace(FULL, window=Window()),
            {"requested_date": date(2026, 12, 24)},
            "2026-11-25T12:00",
            Wait(polish("2026-12-24T00:00"), WaitReason.DATE),
        ),
        (
            replace(FULL, try_days=3),
            {"requested_date": date(2026, 12, 24)},
            "2026-11-25T12:00",
            Wait(polish("2026-12-24T00:00"), WaitReason.DATE),  # then no hour is left, but that day decides it
        ),
        (
            replace(FULL, try_days=3),
            {"requested_date": date(2026, 12, 24)},
            "2026-12-24T00:00",
            GiveUp(Then.FIELD_WORK, polish("2026-12-24T00:00"), GiveUpReason.NO_HOUR_LEFT),
        ),
        (
            Rule(DISCONNECT, Window(NO_HOURS), then=Then.REFUSE),
            {},
            "2026-11-23T10:00",
            Never(Then.REFUSE, NeverReason.EVERY_WEEKDAY_OFF),
        ),
        (
            Rule(DISCONNECT, Window(Week.of({"sunday": [Hours.parse("08:00-12:00")]}), False)),
            {},
            "2026-11-23T10:00",
            Never(Then.ASK, NeverReason.HOURS_NEVER_COME),
        ),
        # a day to wait ends on a clock-change night: never earlier than the customer may expect
        (
            Rule(DISCONNECT, wait_days=1),
            {"registered_at": polish("2026-10-24T02:30")},
            "2026-10-25T00:00",
            Wait(datetime.fromisoformat("2026-10-25T01:30+00:00"), WaitReason.DAYS_TO_WAIT),
        ),
        (
            Rule(DISCONNECT, try_days=1),
            {"registered_at": polish("2026-12-31T23:30")},
            "2027-01-01T23:30",
            GiveUp(Then.ASK, polish("2027-01-01T23:30"), GiveUpReason.DAYS_OVER),
        ),
        (Rule(DISCONNECT, try_days=1), {}, "2026-11-24T09:59:59", SendNow()),
    ],
)
def test_given_a_rule_when_decided_then_the_order_is_sent_waits_or_is_given_up(
    rule: Rule, facts: dict[str, object], now: str, decision: Decision
) -> None:
    assert decide(order(DEBT, **facts), ready(rule), polish(now)) == decision


def test_given_no_hour_left_before_the_days_end_when_decided_then_it_is_said_at_once() -> None:
    rule = replace(FULL, wait_days=0, try_days=3)
    registered = polish("2026-11-26T15:30")  # Thursday after hours; the days end on Sunday
    decision = decide(order(registered_at=registered), ready(rule), registered)
    assert decision == GiveUp(Then.FIELD_WORK, registered, GiveUpReason.NO_HOUR_LEFT)


def test_given_a_pause_when_decided_then_disconnections_wait_and_reconnections_do_not() -> None:
    rules = ready(pause=Pause(ALWAYS))
    assert decide(DEBT, rules, NOW) == Never(Then.ASK, NeverReason.HOURS_NEVER_COME)
    assert decide(TOPPED_UP, rules, NOW) == SendNow()
    night = ready(pause=Pause(Week.of({"every-day": [Hours.parse("09:00-18:00")]})))
    assert decide(DEBT, night, NOW) == Wait(polish("2026-11-23T18:00"), WaitReason.HOURS)
    assert decide(TOPPED_UP, night, NOW) == SendNow()


@pytest.mark.parametrize("source", OrderSource)
def test_given_rules_by_source_when_decided_then_the_source_of_the_order_counts(source: OrderSource) -> None:
    rules = ready(Rule(scope(source=SID), wait_days=1))
    waits = isinstance(decide(DEBT, rules, NOW, source), Wait)
    assert waits is (source is SID)


rules = st.builds(
    Rule,
    st.just(DISCONNECT),
    st.builds(Window, st.sampled_from([ALWAYS, OFFICE, NO_HOURS]), st.booleans(), st.integers(0, 1)),
    st.integers(0, 3),
    st.one_of(st.none(), st.integers(4, 9)),
    st.sampled_from(Then),
)
orders = st.builds(
    lambda minutes, days: order(
        registered_at=NOW + minutes * MINUTE,
        requested_date=None if days is None else (NOW + timedelta(days=days)).date(),
    ),
    st.integers(0, 60 * 24 * 40),
    st.one_of(st.none(), st.integers(-2, 30)),
)


@settings(max_examples=examples(200), deadline=None)
@given(rule=rules, one=orders, wait=st.integers(0, 60 * 24 * 20))
def test_given_any_rule_when_followed_then_waiting_goes_forward_and_ends_in_a_decision_that_stands(
    rule: Rule, one: Order, wait: int
) -> None:
    made, now = ready(rule), one.registered_at + wait * MINUTE
    decision = decide(one, made, now)
    for _ in range(3):
        if not isinstance(decision, Wait):
            break
        assert decision.until > now
        between = now + (decision.until - now) / 2
        assert not isinstance(decide(one, made, between), SendNow)
        now = decision.until
        decision = decide(one, made, now)
    assert not isinstance(decision, Wait)
    if isinstance(decision, SendNow):
        assert now >= one.registered_at + timedelta(days=rule.wait_days) - timedelta(hours=1)
        assert rule.window.week != NO_HOURS
    else:
        assert decision.then is rule.then
        later = decide(one, made, now + timedelta(days=1))
        assert isinstance(later, (type(decision), GiveUp))
