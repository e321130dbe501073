"""The faults of the simulated head-end system: who is struck, for how long, and that a seed brings them again."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csire_bridge.lab.simulators.faults.delay import Delay, DelayKind
from csire_bridge.lab.simulators.faults.fate import Fate
from csire_bridge.lab.simulators.faults.hes import Fault, FaultRule, HeadEndFaults

METERS = [f"M{i}" for i in range(40)]


class Clock:
    """Seconds that a test moves."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def decisions(fate: Fate, meters: list[str], times: int = 20) -> dict[str, list[bool]]:
    return {m: [fate.strikes(Fault.BUSY, m) for _ in range(times)] for m in meters}


def busy(chance: float = 0.3, **lasts: float) -> HeadEndFaults:
    return HeadEndFaults.read({"busy": {"chance": chance, **lasts}})


@given(seed=st.integers())
def test_given_a_seed_when_run_again_in_another_order_then_each_meter_meets_the_same(seed: int) -> None:
    forth, back = Fate(seed, busy()), Fate(seed, busy())
    assert decisions(forth, METERS) == decisions(back, METERS[::-1])


def test_given_a_seed_when_many_threads_ask_then_each_meter_meets_the_same() -> None:
    alone, shared = Fate(5, busy()), Fate(5, busy())
    with ThreadPoolExecutor(8) as pool:
        parts = list(pool.map(lambda m: decisions(shared, [m])[m], METERS))
    assert dict(zip(METERS, parts, strict=True)) == decisions(alone, METERS)
    assert shared.struck["busy"] == sum(map(sum, parts)) > 0


def test_given_two_seeds_or_two_kinds_when_compared_then_they_differ() -> None:
    both = HeadEndFaults.read({"busy": {"chance": 0.5}, "refused": {"chance": 0.5}})
    fate = Fate(1, both)
    other = [fate.strikes(Fault.REFUSED, "M0") for _ in range(50)]
    assert decisions(Fate(1, busy(0.5)), ["M0"], 50) != decisions(Fate(2, busy(0.5)), ["M0"], 50)
    assert decisions(fate, ["M0"], 50)["M0"] != other


def test_given_a_chance_when_asked_often_then_it_strikes_about_as_often() -> None:
    struck = sum(map(sum, decisions(Fate(3, busy(0.2)), [f"M{i}" for i in range(200)]).values()))
    assert 700 < struck < 900


def test_given_reads_in_between_when_commands_come_then_their_faults_stay_the_same() -> None:
    quiet, asked = Fate(9, busy()), Fate(9, busy())
    for _ in range(7):
        asked.strikes(Fault.BUSY, "M0", "get")
    assert decisions(quiet, ["M0"]) == decisions(asked, ["M0"])


def test_given_a_named_meter_when_asked_then_always_until_it_is_taken_off() -> None:
    faults = HeadEndFaults()
    fate = Fate(0, faults)
    faults.busy.add("M1")
    assert decisions(fate, ["M0", "M1"], 3) == {"M0": [False] * 3, "M1": [True] * 3}
    faults.busy.discard("M1")
    assert decisions(fate, ["M1"], 2) == {"M1": [False] * 2}


def test_given_a_number_of_tries_when_they_are_over_then_the_meter_is_back_and_struck_when_named_anew() -> None:
    faults = HeadEndFaults(busy=FaultRule(meters={"M1"}, tries=2))
    fate = Fate(0, faults)
    assert decisions(fate, ["M1"], 4)["M1"] == [True, True, False, False]
    faults.busy.discard("M1")
    assert decisions(fate, ["M1"], 1)["M1"] == [False]
    faults.busy.add("M1", "M2")
    assert decisions(fate, ["M1"], 3)["M1"] == [True, True, False]


def test_given_a_time_when_it_is_over_then_the_meter_is_back() -> None:
    clock = Clock()
    fate = Fate(0, HeadEndFaults(busy=FaultRule(meters={"M1"}, seconds=10)), clock)
    assert decisions(fate, ["M1"], 3)["M1"] == [True] * 3
    clock.now = 10.0
    assert decisions(fate, ["M1"], 3)["M1"] == [False] * 3


def test_given_a_chance_that_lasts_when_it_struck_then_it_goes_on_and_ends_when_cleared() -> None:
    clock, faults = Clock(), busy(1.0, seconds=10)
    fate = Fate(0, faults, clock)
    assert fate.strikes(Fault.BUSY, "M1")
    faults.busy.chance = 1e-12
    assert fate.strikes(Fault.BUSY, "M1")
    faults.clear()
    assert not fate.strikes(Fault.BUSY, "M1")


@pytest.mark.parametrize("seed", range(5))
def test_given_the_plan_value_when_a_thousand_orders_run_then_5_to_10_percent_meet_something(seed: int) -> None:
    fate = Fate(seed, HeadEndFaults.plan_value())
    hit = sum(any(fate.strikes(fault, f"M{i}") for fault in Fault) for i in range(1000))
    assert 50 <= hit <= 100


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"bussy": {}}, "bussy"),
        ({"busy": {"chance": 2}}, "between 0 and 1"),
        ({"busy": {"tries": 0}}, "at least one try"),
        ({"busy": {"often": 1}}, "often"),
        ({"late_seconds": "soon"}, "late_seconds"),
    ],
)
def test_given_wrong_values_when_read_then_a_sentence_and_nothing_changed(values: dict[str, object], told: str) -> None:
    faults = busy()
    with pytest.raises(ValueError, match=told):
        faults.change(values)
    assert faults == busy()


def test_given_a_change_when_it_names_one_fault_then_the_others_stay() -> None:
    faults = busy()
    faults.change({"late": {"meters": ["M1"]}, "late_seconds": 2})
    assert (faults.busy, faults.late, faults.late_seconds) == (busy().busy, FaultRule(meters={"M1"}), 2)
    faults.change({"preset": "plan"})
    assert faults == HeadEndFaults.plan_value()


@pytest.mark.parametrize(
    ("text", "delay"),
    [
        ("2", Delay(DelayKind.FIXED, 2)),
        ("0.5:3", Delay(DelayKind.UNIFORM, 0.5, 3)),
        ("exponential:2", Delay(DelayKind.EXPONENTIAL, 2)),
        ("exponential:2:9", Delay(DelayKind.EXPONENTIAL, 2, cap=9)),
        ("lognormal:2:0.5:30", Delay(DelayKind.LOGNORMAL, 2, 0.5, 30)),
    ],
)
def test_given_a_text_when_read_then_it_is_that_delay(text: str, delay: Delay) -> None:
    assert Delay.of(text) == delay


@pytest.mark.parametrize("text", ["", "fast", "1:2:3", "3:1", "-1", "nan", "exponential", "lognormal:1", "inf"])
def test_given_nonsense_when_read_as_delay_then_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Delay.of(text)


@given(delay=st.sampled_from(["0", "2", "1:3", "exponential:2:5", "lognormal:2:1:5"]).map(Delay.of), seed=st.integers())
def test_given_any_distribution_when_drawn_then_within_its_bounds(delay: Delay, seed: int) -> None:
    assert 0 <= delay.draw(random.Random(seed)) <= 5  # noqa: S311 - a seed of the test


def test_given_a_seed_when_delays_are_drawn_then_each_meter_has_its_own_row_again() -> None:
    delay = Delay.of("lognormal:2:0.5")
    one, two = Fate(4, HeadEndFaults()), Fate(4, HeadEndFaults())
    rows = [[fate.delay(delay, m) for _ in range(5)] for fate, m in ((one, "A"), (one, "B"), (two, "B"), (two, "A"))]
    assert rows[0] == rows[3]
    assert rows[1] == rows[2] != rows[0]
    middle = sorted(one.delay(delay, f"M{i}") for i in range(1001))[500]
    assert 1.8 < middle < 2.2
