"""A simulated month, brief: the aim, the invariants, and that a seed always tells the same story."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from csire_bridge.cli.main import app
from csire_bridge.config.settings import load_settings
from csire_bridge.domain.clock import WARSAW
from csire_bridge.domain.figures.published import PUBLISHED
from csire_bridge.domain.identifiers import CorrelationId
from csire_bridge.domain.meter.contactor import ContactorAction, ContactorCommand, ControlState
from csire_bridge.domain.operations.statistics import Bucket, count_buckets
from csire_bridge.domain.order.facts import OrderSource
from csire_bridge.domain.order.order import NEEDS_OPERATOR, DisconnectionKind, Order, OrderKind, OrderState
from csire_bridge.domain.rules.model import RuleSetVersion
from csire_bridge.lab.simulation.check import violations
from csire_bridge.lab.simulation.head_end import Movement
from csire_bridge.lab.simulation.outcome import Late, every_order, outcomes
from csire_bridge.lab.simulation.pattern import Asked, Wish, month, prepaid_evening
from csire_bridge.lab.simulation.place import empty_database
from csire_bridge.lab.simulation.play import Play
from csire_bridge.lab.simulation.population import meter_name
from csire_bridge.lab.simulation.report import AIM, Report, as_json, report_of
from csire_bridge.lab.simulation.scenarios import Scenario, make_scenario
from csire_bridge.pipeline.execute import handler
from csire_bridge.pipeline.execute.gates.law_gate import LawGate
from tests.support.chance import examples
from tests.support.law import is_forbidden

MONDAY = datetime(2026, 3, 1, 23, tzinfo=UTC)
BRIEF = timedelta(minutes=2)
"""What falls due within it is done together: fewer and larger batches make a test fast."""
ORDERS = examples(400)
PAIRS = int(os.environ.get("CSIRE_TEST_PAIRS", "100"))
"""Pairs of the prepaid evening: 10000 for the full size."""


@contextmanager
def playing(scenario: Scenario, rules: str | None = None, per_hour: int = 1000) -> Iterator[Play]:
    execution = {"disconnections_per_hour": per_hour}
    settings = load_settings(None, environment=False, execution=execution)
    with empty_database() as database:
        play = Play(scenario, settings, database)
        if rules is not None:
            play.enter_rules([RuleSetVersion(0, MONDAY, MONDAY, "test", "test", rules)])
        yield play


def played(scenario: Scenario, per_hour: int = 1000) -> Report:
    with playing(scenario, per_hour=per_hour) as play:
        for _ in play.run():
            pass
        return report_of(play, 1.0)


def every(play: Play) -> list[Order]:
    with play.database.reading() as connection:
        return list(every_order(connection))


def asked(wish: Wish, meter: int, at: datetime, source: OrderSource = OrderSource.HUB) -> Asked:
    return Asked(at, at, wish, meter, source)


def scene(*orders: Asked) -> Scenario:
    return replace(make_scenario("month", 1, MONDAY, 1, 1), asked=orders)


@pytest.fixture(scope="module")
def report() -> Report:
    scenario = replace(make_scenario("month", ORDERS, MONDAY, 2, 7), pulse=BRIEF)
    return played(scenario)


def test_given_the_default_faults_when_many_orders_are_played_then_the_aim_is_met(report: Report) -> None:
    assert report.wrong == []
    assert sum(kind.orders for kind in report.kinds) == ORDERS
    assert {kind.kind for kind in report.kinds} == set(OrderKind)
    assert report.due > ORDERS * 3 / 4
    assert report.in_time / report.due > AIM
    for kind in report.kinds:
        if kind.kind in (OrderKind.DISCONNECT, OrderKind.RECONNECT):
            assert kind.share_in_time is not None
            assert kind.share_in_time > AIM


def test_given_a_result_then_its_numbers_add_up(report: Report) -> None:
    shown = as_json(report)
    assert shown["orders"] == ORDERS
    for kind in shown["kinds"]:
        assert sum(kind["ends"].values()) == kind["orders"]
        assert sum(kind["from_registration"]["buckets"].values()) == kind["ends"]["done"]
        assert sum(kind["from_allowed"]["buckets"].values()) == kind["ends"]["done"]
        assert kind["in_time"] == kind["from_allowed_reachable"]["buckets"][Bucket.UP_TO_15_MIN]
        assert kind["due_reachable"] == kind["in_time"] + sum(kind["late"].values())
        assert kind["deadlines_met"] <= kind["deadlines"]
    assert json.loads(json.dumps(shown, default=str))["wrong"] == []


def test_given_faults_then_some_orders_need_more_than_one_command(report: Report) -> None:
    assert report.play.head_end.commands > ORDERS * 0.9
    assert sum(report.play.fate.struck.values()) > ORDERS * 0.02


def test_given_a_seed_when_it_is_played_again_then_every_order_ends_the_same() -> None:
    ends = []
    for _ in range(2):
        with playing(replace(make_scenario("month", 100, MONDAY, 1, 5), pulse=BRIEF)) as play:
            for _ in play.run():
                pass
            ends.append([(o.kind, o.metering_point, o.state, o.executed_at, o.attempts) for o in every(play)])
    assert ends[0] == ends[1]
    assert month(150, MONDAY, 3, 5) != month(150, MONDAY, 3, 6)


def test_given_an_outage_when_it_ends_then_nothing_is_lost_and_no_meter_got_two_commands() -> None:
    report = played(replace(make_scenario("outage", 250, MONDAY, 1, 3), pulse=BRIEF))
    assert report.wrong == []
    disconnect = next(kind for kind in report.kinds if kind.kind is OrderKind.DISCONNECT)
    assert len(disconnect.reachable) < len(disconnect.allowed)  # the outage kept some away
    assert count_buckets(disconnect.allowed)[Bucket.UP_TO_3_H] > 0
    assert sum(kind.ends[OrderState.DONE] for kind in report.kinds) > 200


def test_given_pairs_of_prepaid_orders_when_they_come_in_one_evening_then_their_order_and_deadline_are_kept() -> None:
    scenario = replace(make_scenario("prepaid-evening", 2 * PAIRS, MONDAY, 1, 11), workers=4, pulse=BRIEF)
    with playing(scenario, per_hour=10**6) as play:
        for _ in play.run():
            pass
        assert violations(play) == []
        kinds = {kind.kind: kind for kind in outcomes(play).kinds}
        assert {kind.orders for kind in kinds.values()} == {PAIRS}
        left = Counter(order.kind for order in every(play) if order.state in NEEDS_OPERATOR)
        assert sum(left.values()) <= PAIRS // 500, "meters that were away for most of a day are few"
        for kind in kinds.values():
            assert kind.deadlines > 0
            assert kind.deadlines - kind.deadlines_met <= left[kind.kind], "what is late was left to people"
        assert_each_meter_ends_as_it_was_last_asked(play)


def assert_each_meter_ends_as_it_was_last_asked(play: Play) -> None:
    last = {}
    for order in sorted(every(play), key=lambda order: order.registered_at):
        last[order.metering_point] = order
    for order in last.values():
        assert order.kind is OrderKind.RECONNECT
        moves = play.head_end.movements.get(order.meter) if order.meter is not None else None
        if order.state is OrderState.DONE and moves:  # a meter that was never cut off has not moved
            assert moves[-1].state is ControlState.CONNECTED


def test_given_a_low_cap_then_what_it_holds_up_is_told() -> None:
    report = played(replace(make_scenario("month", 120, MONDAY, 1, 3), pulse=BRIEF), per_hour=3)
    assert report.wrong == []
    assert report.waited_for_cap > 10
    assert sum(kind.late[Late.CAP] for kind in report.kinds) > 10
    assert report.aim_met is False


def test_given_rules_when_an_order_waits_for_its_hour_then_time_counts_from_there() -> None:
    rules = "rules:\n  - for: {kind: disconnect, source: sid}\n    hours: {every-day: 10:00-15:00}\n"
    eight = MONDAY + timedelta(hours=8)
    sid, hub = asked(Wish.DEBT_OFF, 3, eight, OrderSource.SID), asked(Wish.DEBT_OFF, 2, eight)
    with playing(scene(sid, hub), rules) as play:
        for _ in play.run():
            pass
        (found,) = outcomes(play).kinds
        done = {int(order.meter[3:]): order.executed_at for order in every(play) if order.meter and order.executed_at}
    assert done[2] < eight + timedelta(minutes=30)
    assert done[3] >= MONDAY + timedelta(hours=10)
    assert max(found.registered) > 2 * 3600
    assert max(found.allowed) < 1800


def test_given_a_recalled_disconnection_that_is_registered_again_then_it_gives_way_and_is_not_taken_back() -> None:
    first, other = asked(Wish.DEBT_OFF, 1, MONDAY), asked(Wish.PAID_ON, 2, MONDAY)
    with playing(scene()) as play:
        play.registration.take([first, other], MONDAY)
        off, on = every(play)
        with play.database.transaction() as tx:
            tx.orders.recall(off.key, MONDAY, superseded_by=on.key)
        play.worker.turn()
        assert every(play)[0].state is OrderState.SUPERSEDED


# --- the checks find what is wrong


def test_given_a_second_command_while_one_is_open_then_it_is_found() -> None:
    with playing(scene(asked(Wish.DEBT_OFF, 1, MONDAY))) as play:
        for number in ("1", "2"):
            late = MONDAY + timedelta(hours=1)
            play.head_end.submit(
                ContactorCommand(
                    CorrelationId(number), meter_name(1), ContactorAction.DISCONNECT, MONDAY, late, number, "test"
                )
            )
        assert any("while another was open" in sentence for sentence in violations(play))


def test_given_a_spoiled_end_then_it_is_found() -> None:
    eight = MONDAY + timedelta(hours=8)
    with playing(scene(*(asked(Wish.DEBT_OFF, meter, eight) for meter in (2, 3, 4)))) as play:
        for _ in play.run():
            pass
        assert violations(play) == []
        first, second, third = every(play)
        assert first.meter
        play.head_end.movements[first.meter].insert(0, Movement(MONDAY, ControlState.DISCONNECTED, second.key))
        play.head_end.movements[first.meter][-1] = Movement(MONDAY, ControlState.CONNECTED, None)
        assert any(f"order {first.key} is done" in sentence for sentence in violations(play))
        with play.database.transaction() as tx:
            tx.connection.exec_driver_sql(f"UPDATE orders SET state = 'unknown' WHERE \"key\" = {third.key}")  # noqa: S608
        assert any(f"order {third.key} is unknown, and nothing says" in sentence for sentence in violations(play))


def test_given_a_later_request_that_moved_first_then_it_is_found() -> None:
    eight = MONDAY + timedelta(hours=8)
    two = (asked(Wish.PREPAID_OFF, 2, eight), asked(Wish.PREPAID_ON, 2, eight + timedelta(hours=1)))
    with playing(scene(*two)) as play:
        for _ in play.run():
            pass
        assert violations(play) == []
        play.head_end.movements[meter_name(2)].reverse()
        assert any("which was asked for later" in sentence for sentence in violations(play))


# --- the pattern, and the command


def test_given_the_pattern_then_documents_come_in_working_hours_and_all_in_time_order() -> None:
    told = month(3000, MONDAY, 30, 1)
    assert len(told) == 3000
    assert told == sorted(told, key=lambda one: (one.arrives_at, one.meter))
    assert all(one.registered_at <= one.arrives_at < MONDAY + timedelta(days=30) for one in told)
    documents = [one for one in told if one.wish in (Wish.DEBT_OFF, Wish.SHUT_DOWN)]
    assert all(one.registered_at.weekday() < 5 and 6 <= one.registered_at.hour < 15 for one in documents)
    assert {one.source for one in told} == {OrderSource.HUB, OrderSource.SID}
    evening = prepaid_evening(100, MONDAY, 1)
    assert len({one.meter for one in evening}) == 25


def test_given_the_published_years_then_each_is_about_a_hundred_percent() -> None:
    assert all(99 <= sum(year.shares.values()) <= 101 for year in PUBLISHED)


def test_given_the_command_when_it_plays_then_it_shows_both_years_and_says_what_it_left_out(tmp_path: Path) -> None:
    options = ["--orders", "30", "--days", "1", "--start", "2026-03-02", "--seed", "4", "--pulse", "120"]
    shown = CliRunner().invoke(app, ["simulate", *options])
    assert shown.exit_code == 0, shown.output
    for words in ("by hand, 11.2023-08.2024", "automated, 08.2024-04.2025", "Left out: signatures", "Aim (over 95%"):
        assert words in shown.output
    told = json.loads(CliRunner().invoke(app, ["simulate", *options, "--json"]).output)
    assert (told["orders"], told["wrong"]) == (30, [])
    used = f"sqlite:///{tmp_path / 'mine.db'}"
    first, again = (CliRunner().invoke(app, ["simulate", *options, "--database", used]) for _ in range(2))
    assert first.exit_code == 0
    assert "has orders" in str(again.exception)


# --- the law


JUNE, NOVEMBER = datetime(2026, 6, 10, 22, tzinfo=UTC), datetime(2026, 11, 15, 23, tzinfo=UTC)


@pytest.mark.parametrize(("start", "days"), [(JUNE, 6), (NOVEMBER, 2)], ids=["June", "winter"])
def test_given_protected_households_then_none_is_suspended_on_a_forbidden_day_and_what_moved_is_counted(
    start: datetime, days: int
) -> None:
    scenario = replace(make_scenario("month", 250, start, days, 5), pulse=BRIEF, protected=0.5)
    with playing(scenario) as play:
        for _ in play.run():
            pass
        report = report_of(play, 1.0)
        cut_off = Counter(
            movement.at.astimezone(WARSAW).date()
            for order in every(play)
            if order.disconnection_kind is DisconnectionKind.DEBT and order.meter is not None
            for movement in play.head_end.movements.get(order.meter, [])
            if movement.order == order.key and play.population.protection(int(order.meter[3:])).kind is not None
        )
    assert report.wrong == []
    assert not any(is_forbidden(day) for day in cut_off)
    assert report.law.done == cut_off
    assert report.law.protected > 20
    if start is JUNE:
        assert report.law.moved > 5
        assert sum(cut_off.values()) > 5
    else:
        assert (report.law.moved, sum(cut_off.values())) == (0, 0)
        assert report.law.refused == report.law.protected


def test_given_a_bridge_that_never_asks_the_law_then_the_run_ends_with_what_was_broken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(handler, "recall_forbidden", lambda *_: {})
    monkeypatch.setattr(LawGate, "passing", lambda _self, _tx, new, _points, _changes: list(new))
    scenario = replace(make_scenario("month", 60, NOVEMBER, 1, 5), pulse=BRIEF, protected=0.5)
    report = played(scenario)
    assert any("cut a household off" in text and "suspension-winter" in text for text in report.wrong)
