"""Whatever stands in messages of the hub, in lists and in what people write ends in an answer, not in an exception."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import typer

from csire_bridge.cli.shared.moments import parse_moment
from csire_bridge.config.files.rule_files import read_rules
from csire_bridge.config.resources import folder
from csire_bridge.domain.errors import ConfigurationError
from csire_bridge.domain.identifiers import MessageId, ProcessInstanceId
from csire_bridge.domain.message.message import MessageState
from csire_bridge.domain.metering_point.point_lists import read_points
from csire_bridge.store.queries.reports import message_lines
from csire_bridge.xml.parser import parse
from csire_bridge.xml.security.signature import sign_enveloped
from tests.support.bridge import Play, play

pytestmark = pytest.mark.slow

GOOD = folder("samples") / "good"
NASTY_DATES = ["0001-01-01", "0001-01-01+14:00", "1899-12-31", "9998-12-31", "9999-12-31", "9999-12-31-14:00"]
NASTY_MOMENTS = [
    "0001-01-01T00:00:00+14:00",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59-14:00",
    "9999-12-31T24:00:00Z",
    "2026-11-23T08:00:00",
    "2026-11-23T08:00:00." + "9" * 300 + "Z",
]
CASES = [
    *(
        (f"8.1.1.5-{kind}.xml", "RequestedExecutionDate", text)
        for kind in ("debt", "shut-down")
        for text in NASTY_DATES
    ),
    *(("3.1.1.1-minimal.xml", "EffectiveDate", text) for text in NASTY_DATES),
    *(("8.1.1.5-minimal.xml", "MessageTimestamp", text) for text in NASTY_MOMENTS),
]


def message(play: Play, sample: str, **texts: str) -> bytes:
    root = parse((GOOD / sample).read_bytes())
    changes = {
        "MessageId": MessageId.new(),
        "ProcessInstanceId": ProcessInstanceId.new(),
        "MessageTimestamp": datetime.now(UTC).isoformat(timespec="milliseconds"),
        **texts,
    }
    for name, text in changes.items():
        for element in root.iter(f"{{*}}{name}"):
            element.text = text
    return sign_enveloped(root, play.scene.pki.hub.signing)


def test_given_nasty_values_in_messages_of_the_hub_with_a_good_one_behind_each_then_all_are_settled(
    tmp_path: Path,
) -> None:
    with play(tmp_path) as playing:
        nasty = [message(playing, sample, **{name: text}) for sample, name, text in CASES]
        good = [playing.message("reconnect", "590015710563817868", MessageId.new()) for _ in CASES]
        playing.take_in(*(raw for pair in zip(nasty, good, strict=True) for raw in pair))
        playing.work_until(lambda: not playing.scene.bridge.worker.turn())
        with playing.scene.bridge.database.reading() as connection:
            lines = list(message_lines(connection))
            parked = connection.exec_driver_sql("SELECT subject FROM work WHERE parked").all()
        states = [line.state for line in lines]
        assert len(lines) == 2 * len(CASES)
        assert MessageState.RECEIVED not in states
        assert states.count(MessageState.ACCEPTED) >= len(good)
        assert parked == []


@pytest.mark.parametrize("day", [*NASTY_DATES, "2026-02-30", "٢٠٢٦-11-23"])
def test_given_a_nasty_date_in_a_list_of_points_when_read_then_the_line_is_told(day: str) -> None:
    raw = f"code;effective_date\n590243856287817706;{day}\n590015710563817868;2026-11-23\n".encode()
    found = read_points(raw, date(2026, 11, 23))
    assert len(found.entries) + len(found.bad) == 2
    assert (len(found.bad) == 1) is (day != "9998-12-31")


@pytest.mark.parametrize("meter", ["\x00", "METER\x00", "\u202e1", "M\x1b[2J"])
def test_given_a_meter_that_no_column_can_hold_in_a_list_of_points_when_read_then_the_line_is_told(meter: str) -> None:
    found = read_points(f"code;meter\n590243856287817706;{meter}\n".encode(), date(2026, 11, 23))
    assert len(found.bad) == 1


@pytest.mark.parametrize("day", ["0001-01-01", "1899-12-31", "9999-12-31", "0000-01-01", "10000-01-01"])
@pytest.mark.parametrize(
    "text", ["extra_days_off: [{}]\nrules: []\n", "no_disconnection: {{dates: [{}]}}\nrules: []\n"]
)
def test_given_a_nasty_date_in_a_rule_file_when_read_then_line_and_key_are_told(day: str, text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"rules\.yaml, line 1, key "):
        read_rules(text.format(day), "rules.yaml")


@pytest.mark.parametrize("text", [*NASTY_MOMENTS[:4], "0001-01-01 00:00", "9999-12-31 23:59", "1899-12-31 12:00"])
def test_given_a_nasty_moment_on_the_command_line_when_read_then_it_is_refused_in_words(text: str) -> None:
    read: Callable[[str, datetime], datetime] = parse_moment
    with pytest.raises(typer.BadParameter, match="is no moment"):
        read(text, datetime(2026, 11, 23, tzinfo=UTC))
