"""A storm is one line with a count, whatever the machine's clock does."""

from __future__ import annotations

import logging

import pytest

from csire_bridge.telemetry.log_storms import Storms


class Ticks:
    """Seconds that go forward when a test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


@pytest.fixture
def storms(ticks: Ticks) -> Storms:
    return Storms(ticks, window=60)


def line(event: str, level: int = logging.ERROR, **fields: object) -> logging.LogRecord:
    return logging.LogRecord("csire_bridge.x", level, "", 0, {"event": event, **fields}, (), None)


def facts(lines: list[logging.LogRecord]) -> list[object]:
    return [record.msg for record in lines]


def test_given_a_thousand_same_events_in_a_minute_then_one_is_told_and_the_count_follows(
    storms: Storms, ticks: Ticks
) -> None:
    told = [
        written for number in range(1000) for written in storms.admit(line("intake.failed", messages=number, why="x"))
    ]
    assert facts(told) == [{"event": "intake.failed", "messages": 0, "why": "x"}]
    ticks.now = 59.9
    assert storms.over() == []
    ticks.now = 60
    assert facts(storms.over()) == [{"event": "intake.failed", "messages": 999, "why": "x", "repeated": 999}]
    assert storms.over() == [], "it is told once"


def test_given_the_next_event_after_the_minute_then_the_count_comes_first_and_a_new_minute_begins(
    storms: Storms, ticks: Ticks
) -> None:
    for _ in range(3):
        storms.admit(line("job.failed", job="a", why="x"))
    ticks.now = 61
    assert facts(storms.admit(line("job.failed", job="a", why="y"))) == [
        {"event": "job.failed", "job": "a", "why": "x", "repeated": 2},
        {"event": "job.failed", "job": "a", "why": "y"},
    ]
    assert storms.admit(line("job.failed", job="a", why="z")) == []


def test_given_events_that_differ_in_what_makes_them_the_same_then_each_is_told(storms: Storms) -> None:
    assert storms.admit(line("job.failed", job="a", why="x"))
    assert storms.admit(line("job.failed", job="b", why="x"))
    assert not storms.admit(line("job.failed", job="a", why="another cause"))
    assert storms.admit(line("order.given_up", order=1, why="x"))
    assert storms.admit(line("order.given_up", order=2, why="x"))
    assert not storms.admit(line("order.given_up", order=2, why="x", request="what is bound does not matter"))


def test_given_a_flood_of_refusals_then_thirty_are_told_and_the_rest_is_counted(storms: Storms) -> None:
    told = [written for key in range(100) for written in storms.admit(line("message.refused", message=key))]
    assert [record.msg["message"] for record in told if isinstance(record.msg, dict)] == list(range(30))
    assert facts(storms.end()) == [{"event": "message.refused", "message": 99, "repeated": 70}]


def test_given_the_end_of_the_process_then_every_count_is_told_and_single_events_need_none(storms: Storms) -> None:
    storms.admit(line("head_end.down", why="x"))
    for _ in range(2):
        storms.admit(line("partners.kept", why="x"))
    assert facts(storms.end()) == [{"event": "partners.kept", "why": "x", "repeated": 1}]


def test_given_a_storm_of_a_library_then_it_is_one_line_with_a_count_too(storms: Storms) -> None:
    def of_a_library(number: int) -> logging.LogRecord:
        return logging.LogRecord("uvicorn.error", logging.ERROR, "", 0, "connection %d broke", (number,), None)

    assert storms.admit(of_a_library(1))
    assert not storms.admit(of_a_library(2))
    assert [record.getMessage() for record in storms.end()] == ["connection 2 broke (repeated 1 times)"]


def test_given_debug_lines_then_all_are_told(storms: Storms) -> None:
    assert all(storms.admit(line("work.left", logging.DEBUG, why="x")) for _ in range(5))
