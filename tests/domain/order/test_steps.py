"""Steps of agreements and tariffs: which there are, when they begin, what a moved date changes, who stays supplied."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csire_bridge.domain.clock import WARSAW, start_of
from csire_bridge.domain.identifiers import Eic
from csire_bridge.domain.law.clocks import with_deadline
from csire_bridge.domain.order.deadlines import Term, Unit
from csire_bridge.domain.order.order import Order, OrderKind
from csire_bridge.domain.order.steps import (
    OrderStep,
    Start,
    StepKind,
    StepRules,
    StepState,
    first_open,
    goes_on_supplied,
    may_wait_in_meter,
    moved_steps,
    plan_steps,
)
from tests.support.defaults import DEADLINES, STEP_RULES
from tests.support.rules import DEBT, PREPAID, SUPPLIER, TOPPED_UP

OTHER = Eic.parse("19XENERGAOPERATS")
START, END, TARIFF = OrderKind.AGREEMENT_START, OrderKind.AGREEMENT_END, OrderKind.PARAMETRISATION
DATES = st.dates(date(2024, 1, 2), date(2032, 12, 30))
DAY = date(2026, 12, 1)
NOW = datetime(2026, 11, 30, 18, tzinfo=UTC)
DONE, WAITING, UNDER_WAY = StepState.DONE, StepState.WAITING, StepState.UNDER_WAY


def order(kind: OrderKind, day: date | None = DAY, **facts: object) -> Order:
    return replace(DEBT, kind=kind, disconnection_kind=None, effective_date=day, **facts)  # type: ignore[arg-type]


def kinds(planned: Order, rules: StepRules = STEP_RULES) -> list[str]:
    return [step.kind.value for step in plan_steps(planned, rules)]


@pytest.mark.parametrize(
    ("planned", "steps"),
    [
        (order(START), ["connect", "read"]),
        (order(START, tariff_group="G12"), ["tariff", "activate", "connect", "read"]),
        (order(END), ["read", "disconnect"]),
        (order(END, tariff_group="G12"), ["read", "disconnect"]),
        (order(TARIFF, tariff_group="G12"), ["tariff", "activate"]),
        (order(TARIFF, tariff_group="G12", contracted_power=16), ["tariff", "activate", "power"]),
        (order(TARIFF, contracted_power=16), ["power"]),
        (order(TARIFF), []),
        (order(START, contracted_power=16), ["connect", "read"]),
        (DEBT, []),
    ],
)
def test_given_an_order_when_planned_then_it_has_these_steps(planned: Order, steps: list[str]) -> None:
    assert kinds(planned) == steps


def test_given_other_settings_when_planned_then_those_steps_in_that_order() -> None:
    rules = replace(STEP_RULES, start=(StepKind.READ,), end=(StepKind.DISCONNECT, StepKind.READ))
    assert kinds(order(START, tariff_group="G12"), rules) == ["read"]
    assert kinds(order(END), rules) == ["disconnect", "read"]


@given(DATES, st.booleans())
def test_given_any_date_when_planned_then_steps_begin_at_the_polish_midnight(day: date, last_day_counts: bool) -> None:
    """Also in the nights in which clocks change, and over ends of months and years."""
    rules = replace(STEP_RULES, last_day_counts=last_day_counts)
    first = plan_steps(order(START, day, tariff_group="G12"), rules)
    assert {step.not_before for step in first if step.kind is not StepKind.TARIFF} == {start_of(day)}
    assert first[0].not_before == start_of(day) - rules.write_ahead
    ends = {step.not_before.astimezone(WARSAW) for step in plan_steps(order(END, day), rules)}
    due = day + timedelta(days=1) if last_day_counts else day
    assert [(end.date(), end.hour, end.minute) for end in ends] == [(due, 0, 0)]


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 6, 1), 24)])
def test_given_a_night_of_the_clock_change_when_the_last_day_counts_then_the_end_is_a_polish_day_later(
    day: date, hours: int
) -> None:
    plain, counted = (plan_steps(order(END, day), replace(STEP_RULES, last_day_counts=on))[0] for on in (False, True))
    assert counted.not_before - plain.not_before == timedelta(hours=hours)


def test_given_no_date_when_planned_then_everything_is_due_at_once() -> None:
    planned = plan_steps(order(START, None, tariff_group="G12"), STEP_RULES)
    assert {step.not_before for step in planned} == {DEBT.not_before}


# --- another date


def stepped(planned: Order, *states: StepState, **facts: object) -> list[OrderStep]:
    steps = plan_steps(planned, STEP_RULES)
    return [
        replace(step, key=n, state=state, **facts)  # type: ignore[arg-type]
        for n, (step, state) in enumerate(zip(steps, states, strict=True), 1)
    ]


def moved(before: Order, steps: list[OrderStep], **facts: object) -> dict[str, tuple[StepState, datetime]]:
    after = replace(before, **facts)  # type: ignore[arg-type]
    return {s.kind.value: (s.state, s.not_before) for s in moved_steps(steps, before, after, STEP_RULES, NOW)}


LATER = DAY + timedelta(days=30)
G12 = order(TARIFF, tariff_group="G12")


@pytest.mark.parametrize("state", [DONE, UNDER_WAY, StepState.SKIPPED])
def test_given_a_tariff_that_may_wait_in_the_meter_when_moved_on_then_it_is_written_anew_at_once(
    state: StepState,
) -> None:
    found = moved(G12, stepped(G12, state, WAITING), effective_date=LATER)
    assert found == {"tariff": (WAITING, NOW), "activate": (WAITING, start_of(LATER))}


def test_given_a_tariff_that_was_not_written_when_moved_then_it_waits_for_its_time() -> None:
    found = moved(G12, stepped(G12, WAITING, WAITING), effective_date=LATER)
    assert found["tariff"] == (WAITING, start_of(LATER) - timedelta(hours=12))


def test_given_a_tariff_that_counts_when_moved_then_it_stays_done_unless_it_is_another() -> None:
    steps = stepped(G12, DONE, DONE)
    assert moved(G12, steps, effective_date=LATER) == {}
    assert [state for state, _ in moved(G12, steps, tariff_group="G13").values()] == [WAITING, WAITING]


def test_given_a_disconnection_begun_when_moved_on_then_it_is_looked_at_again_and_readings_stay() -> None:
    end = order(END)
    steps = [replace(s, child=9 if s.kind is StepKind.DISCONNECT else None) for s in stepped(end, DONE, DONE)]
    assert moved(end, steps, effective_date=LATER) == {"disconnect": (UNDER_WAY, start_of(LATER))}
    assert moved(end, steps, effective_date=DAY - timedelta(days=3)) == {}


@given(DATES, DATES, st.lists(st.sampled_from(StepState), min_size=4, max_size=4))
def test_given_any_states_when_moved_then_no_tariff_keeps_the_old_date(
    old: date, new: date, states: list[StepState]
) -> None:
    before = order(START, old, tariff_group="G12")
    after = replace(before, effective_date=new)
    steps = stepped(before, *states)
    changed = {step.key: step for step in moved_steps(steps, before, after, STEP_RULES, NOW)}
    final = [changed.get(step.key, step) for step in steps]
    waiting = may_wait_in_meter(final)
    assert waiting is None
    assert all(
        step.not_before in (NOW, start_of(new), start_of(new) - timedelta(hours=12)) for step in changed.values()
    )
    assert len(final) == len(steps)


def test_given_steps_when_asked_for_the_next_then_the_first_that_has_not_ended() -> None:
    steps = stepped(order(START, tariff_group="G12"), DONE, StepState.SKIPPED, StepState.FAILED, WAITING)
    assert first_open(steps) == steps[2]
    assert first_open(steps[:2]) is None


# --- who stays supplied


@pytest.mark.parametrize(
    ("starts", "supplier_now", "today", "spared"),
    [
        ([], None, 0, False),
        ([], SUPPLIER, 0, False),
        ([], OTHER, 0, True),
        ([(0, OTHER)], None, 0, True),
        ([(0, SUPPLIER)], None, 0, True),
        ([(1, SUPPLIER)], None, 0, True),
        ([(-1, SUPPLIER)], None, 0, True),
        ([(2, OTHER)], None, 0, False),
        ([(2, OTHER)], None, 1, True),
        ([(40, SUPPLIER)], None, 60, True),
        ([(-300, SUPPLIER)], None, 0, False),
        ([(-300, OTHER)], None, 0, True),
        ([(-300, OTHER), (-20, SUPPLIER)], None, 0, False),
        ([(-300, SUPPLIER), (-20, OTHER)], None, 0, True),
        ([(-20, None)], None, 0, True),
    ],
)
def test_given_an_end_when_asked_then_cut_off_only_where_nobody_goes_on(
    starts: list[tuple[int, str | None]], supplier_now: str | None, today: int, spared: bool
) -> None:
    found = [Start(DAY + timedelta(days=days), supplier) for days, supplier in starts]
    why = goes_on_supplied(order(END), found, supplier_now, DAY + timedelta(days=today))
    assert (why is not None) is spared, why


@given(DATES, st.integers(-1, 1), st.integers(0, 900))
def test_given_any_day_when_a_start_is_next_to_the_end_then_never_cut_off(day: date, shift: int, late: int) -> None:
    start = Start(day + timedelta(days=shift), SUPPLIER)
    assert goes_on_supplied(order(END, day), [start], None, day + timedelta(days=late))


# --- deadlines


@pytest.mark.parametrize("given_order", [PREPAID, TOPPED_UP])
def test_given_a_term_when_registered_then_the_warnings_divide_the_time(given_order: Order) -> None:
    found = with_deadline(given_order, DEADLINES)
    assert found.deadline is not None
    assert found.half_time is not None
    assert found.four_fifths is not None
    whole = found.deadline - found.registered_at
    assert found.half_time - found.registered_at == whole / 2
    assert found.four_fifths - found.registered_at == whole * 4 / 5


def test_given_no_term_when_registered_then_no_deadline_and_one_from_before_is_gone() -> None:
    assert with_deadline(replace(DEBT, deadline=NOW, half_time=NOW), DEADLINES) == DEBT
    named = replace(DEADLINES, terms={"disconnect-debt": Term(2, Unit.HOURS)})
    assert with_deadline(DEBT, named).deadline == DEBT.registered_at + timedelta(hours=2)
