"""One trace goes from the door to the hub's result, whoever does the work; without traces nothing is loaded."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from csire_bridge.domain.identifiers import Eic, MeteringPointCode
from csire_bridge.lab.simulators.hub.results import build_result
from csire_bridge.runtime.steady_clock import system_clock
from csire_bridge.telemetry.traces import set_up_traces, tell_span, trace_id_of, turn_off_traces
from csire_bridge.xml.parser import parse
from csire_bridge.xml.security.signature import sign_enveloped, without_signature
from tests.support.bridge import Play, play
from tests.support.patience import wait_until
from tests.support.sid import day, now, running, submission

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


@pytest.fixture
def exporter() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    set_up_traces(exporter, at_once=True)
    yield exporter
    turn_off_traces()


def trace_of(span: ReadableSpan) -> str:
    context = span.get_span_context()
    assert context
    return f"{context.trace_id:032x}"


def test_given_a_message_from_the_door_to_its_result_then_all_is_one_trace_below_its_first_span(
    tmp_path: Path, exporter: InMemorySpanExporter
) -> None:
    with play(tmp_path) as playing:
        asked = playing.send("disconnect")
        playing.work_until(lambda: playing.answers() == ["8.1.1.11"])
        playing.take_in(result_of(playing))
    spans = exporter.get_finished_spans()
    assert {trace_of(span) for span in spans} == {trace_id_of(str(asked))}
    names = [span.name for span in spans]
    wanted = ["receive 8.1.1.5", "intake", "execute Dispatch", "execute ReadBack", "acknowledge Order"]
    wanted += ["deliver OutgoingDocument", "receive 8.1.1.13"]
    assert [name for name in dict.fromkeys(names) if name in wanted] == wanted
    assert "head-end event" in names
    [first] = [span for span in spans if span.parent is None]
    assert first.name == "receive 8.1.1.5"
    context = first.get_span_context()
    assert context
    assert {span.parent.span_id for span in spans if span.parent} == {context.span_id}
    assert all(span.end_time and span.start_time and span.end_time >= span.start_time for span in spans)


def test_given_an_order_of_sid_then_its_trace_begins_at_the_door(
    tmp_path: Path, exporter: InMemorySpanExporter
) -> None:
    with running(tmp_path) as scene:
        tomorrow = day(now() + timedelta(days=1))
        values = scene.sid.order(RequestedDate=tomorrow)
        for _ in range(2):  # the repeat tells nothing
            assert scene.post(submission(values)).status_code == 200
        wait_until(lambda: any(span.name == "receive SidOrder" for span in exporter.get_finished_spans()))
    [span] = [span for span in exporter.get_finished_spans() if span.name == "receive SidOrder"]
    assert span.parent is None
    assert span.attributes is not None
    assert span.attributes["csire_bridge.kind"] == "disconnect"


def result_of(playing: Play) -> bytes:
    """The hub's R_1 to the answer."""
    pki = playing.scene.pki
    with playing.scene.bridge.database.read_transaction() as tx:
        document = tx.outbox.many([1])[1].document
    built = build_result(without_signature(parse(document)), "CA001", Eic(pki.hub.eic), system_clock)
    assert built is not None
    return sign_enveloped(built, pki.hub.signing)


def test_given_the_same_message_in_two_processes_then_both_find_the_same_trace() -> None:
    code = "from csire_bridge.telemetry.traces import trace_id_of; print(trace_id_of('a message'))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == trace_id_of("a message")
    assert trace_id_of("a message") != trace_id_of("another message")


def test_given_facts_that_are_personal_then_a_span_masks_them(exporter: InMemorySpanExporter) -> None:
    tell_span("a step", "m", NOW, NOW, point=MeteringPointCode("590543560100000014"), failed=True)
    [span] = exporter.get_finished_spans()
    assert span.attributes == {"csire_bridge.point": "...0014"}
    assert not span.status.is_ok


def test_given_a_clock_that_was_set_back_meanwhile_then_a_span_does_not_end_before_it_began(
    exporter: InMemorySpanExporter,
) -> None:
    tell_span("a step", "m", NOW, NOW - timedelta(seconds=5))
    [span] = exporter.get_finished_spans()
    assert span.start_time == span.end_time


def test_given_a_share_then_a_trace_is_told_whole_or_not_at_all() -> None:
    exporter = InMemorySpanExporter()
    set_up_traces(exporter, 0.3, at_once=True)
    for number in range(300):
        tell_span("first", f"message {number}", NOW, NOW, first=True)
        tell_span("next", f"message {number}", NOW, NOW)
    turn_off_traces()
    spans = exporter.get_finished_spans()
    firsts = {trace_of(span) for span in spans if span.name == "first"}
    assert firsts == {trace_of(span) for span in spans if span.name == "next"}
    assert 40 < len(firsts) < 150


def test_given_no_traces_then_nothing_of_opentelemetry_is_loaded_and_a_span_is_nothing() -> None:
    code = (
        "import sys; from datetime import datetime, UTC; from csire_bridge.telemetry.traces import tell_span; "
        "tell_span('a', 'b', datetime.now(UTC), datetime.now(UTC)); "
        "print(any(name.startswith('opentelemetry') for name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
