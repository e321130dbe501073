"""A line is one event with its facts, and holds nothing that is personal."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from csire_bridge.cli.main import main
from csire_bridge.domain.errors import StoreFailure
from csire_bridge.domain.identifiers import MeteringPointCode, MeterNumber
from csire_bridge.domain.order.order import OrderState
from csire_bridge.domain.protection import Protection
from csire_bridge.telemetry.log_masking import masked
from csire_bridge.telemetry.log_output import LogForm, LogHandler, set_up_logs
from csire_bridge.telemetry.logs import FLOORS, bound, logger

POINT = MeteringPointCode("590543560100000014")
METER = MeterNumber("AB-12345678")


class Terminal(io.StringIO):
    """A stream that says that a person sits there."""

    def isatty(self) -> bool:
        return True


@dataclass
class Output:
    """What was written, as JSON lines."""

    stream: io.StringIO
    handler: LogHandler

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.stream.getvalue().splitlines()]


@pytest.fixture
def output() -> Iterator[Output]:
    stream = io.StringIO()
    root = logging.getLogger()
    level = root.level
    handler = set_up_logs(stream, logging.INFO)
    yield Output(stream, handler)
    root.removeHandler(handler)
    handler.close()
    root.setLevel(level)


def test_given_an_event_then_it_is_one_json_line_with_its_facts_and_where_and_when(output: Output) -> None:
    logger("csire_bridge.worker").error("work.parked", step="execute", subject=7, why=StoreFailure("full", "make room"))
    [line] = output.lines
    at = datetime.fromisoformat(line.pop("time"))
    assert at.utcoffset() in (timedelta(hours=1), timedelta(hours=2)), "Polish time"
    assert abs(at - datetime.now(UTC)) < timedelta(hours=1)
    assert line.pop("pid") > 0
    assert line == {
        "level": "error",
        "event": "work.parked",
        "step": "execute",
        "subject": 7,
        "why": "full -> make room",
        "logger": "csire_bridge.worker",
    }


def test_given_a_terminal_then_a_line_is_made_for_reading() -> None:
    stream = Terminal()
    handler = LogHandler(stream, LogForm.AUTO)
    handler.handle(logging.LogRecord("csire_bridge.x", logging.ERROR, "", 0, "a text", (), None))
    assert "a text" in stream.getvalue()
    assert not stream.getvalue().startswith("{")


def test_given_fields_that_were_bound_then_every_line_inside_has_them_and_none_after(output: Output) -> None:
    log = logger("csire_bridge.x")
    with bound(request="r-1"):
        log.error("order.given_up", order=1, why="late")
    log.error("order.given_up", order=2, why="late")
    assert [line.get("request") for line in output.lines] == ["r-1", None]


def test_given_an_error_of_ours_then_the_line_has_its_traceback_without_codes(output: Output) -> None:
    try:
        int(POINT + "x")
    except ValueError as error:
        logger("csire_bridge.x").error("job.failed", job="a job", why=error, exc_info=error)
    [line] = output.lines
    assert "Traceback" in line["exception"]
    assert "...0014x" in line["why"]
    assert POINT not in output.stream.getvalue()


def test_given_a_line_of_a_library_then_it_goes_the_same_way_without_codes_and_on_one_line(output: Output) -> None:
    logging.getLogger("sqlalchemy.pool").error("broken at %s\nand %s", POINT, "more")
    assert [(line["event"], line["logger"]) for line in output.lines] == [
        ("broken at ...0014 and more", "sqlalchemy.pool")
    ]


def test_given_levels_that_are_taken_out_again_then_their_loggers_go_back_and_nothing_is_written_twice() -> None:
    root, stream = logging.getLogger(), io.StringIO()
    before = (root.handlers[:], root.level)
    plain = logging.StreamHandler(stream)
    root.addHandler(plain)
    try:
        set_up_logs(stream, logging.INFO, {"csire_bridge.worker": logging.DEBUG, "zeep": logging.ERROR})
        set_up_logs(stream, logging.INFO)
        assert logging.getLogger("csire_bridge.worker").level == logging.NOTSET
        assert logging.getLogger("zeep").level == FLOORS["zeep"]
        logger("csire_bridge.worker").info("service.stopped", role="all")
        assert len(stream.getvalue().splitlines()) == 1
    finally:
        for handler in set(root.handlers) - set(before[0]):
            root.removeHandler(handler)
        root.setLevel(before[1])


@pytest.mark.parametrize("library", FLOORS)
def test_given_the_level_debug_for_everything_then_no_library_writes_what_no_log_may_hold(
    library: str, output: Output
) -> None:
    set_up_logs(output.stream, logging.DEBUG, {library: logging.DEBUG, f"{library}.deep": logging.DEBUG})
    assert logging.getLogger(library).getEffectiveLevel() == FLOORS[library]
    assert logging.getLogger(f"{library}.deep").getEffectiveLevel() == FLOORS[library]
    logging.getLogger(f"{library}.deep").setLevel(logging.NOTSET)


def test_given_a_level_of_one_module_then_only_that_one_says_more(output: Output) -> None:
    set_up_logs(output.stream, logging.ERROR, {"csire_bridge.talks": logging.INFO})
    for module in ("talks", "is_silent"):
        logger(f"csire_bridge.{module}").info("work.left", why=module)
    logging.getLogger("csire_bridge.talks").setLevel(logging.NOTSET)
    assert [line["why"] for line in output.lines] == ["talks"]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (POINT, "...0014"),
        (METER, "...5678"),
        (MeterNumber("123"), "..."),
        (Protection("vulnerable"), "..."),
        ([POINT, {METER: POINT}], ["...0014", {"...5678": "...0014"}]),
        (OrderState.DONE, "done"),
        (None, None),
        (True, True),
        (2.5, 2.5),
        (datetime(2026, 7, 1, 10, tzinfo=UTC), "2026-07-01T12:00:00+02:00"),
        (timedelta(minutes=1), "0:01:00"),
        (Path("archive"), "archive"),
        (f"metering point {POINT}, meter 12345678: no", "metering point ...0014, meter ...5678: no"),
        ("meter readings of meter A1 and meter AB-12345678.", "meter readings of meter ...A1 and meter ...678."),
        (b"<secret/>", "<bytes>"),
        (object(), "<object>"),
    ],
)
def test_given_a_value_then_its_type_says_what_a_line_may_hold_of_it(value: object, written: object) -> None:
    assert masked(value) == written


def test_given_a_long_text_then_its_beginning_is_logged() -> None:
    assert len(str(masked("x" * 100_000))) < 5000


def test_given_any_command_when_it_begins_then_nothing_but_our_own_output_takes_lines(output: Output) -> None:
    before = [*logging.getLogger().handlers]
    main(verbose=False)
    added = [handler for handler in logging.getLogger().handlers if handler not in before]
    assert all(isinstance(handler, logging.NullHandler) for handler in added)
    for handler in added:
        logging.getLogger().removeHandler(handler)
    logger("csire_bridge.x").error("order.given_up", order=1, why="late")
    assert output.lines == [], "a command says what it has to say by itself"
