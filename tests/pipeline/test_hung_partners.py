"""A partner that hangs, or a single meter, holds up only itself: everything else is done while it hangs."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from csire_bridge.domain.errors import OutcomeUnknown, PartnerRefused, PartnerUnreachable
from csire_bridge.domain.identifiers import MessageId, MeteringPointCode
from csire_bridge.domain.message.documents import Delivery, DocumentState, OutgoingDocument
from csire_bridge.domain.operations.alerts import AlertKind
from csire_bridge.domain.order.order import OrderState
from csire_bridge.domain.work import WorkItem, WorkStep
from csire_bridge.lab.simulators.http_server import Reply
from csire_bridge.pipeline.batch_step import Completed
from csire_bridge.pipeline.execute.circuit import CIRCUIT
from csire_bridge.pipeline.execute.resolve_point import PointQuery, record_point_answer
from csire_bridge.pipeline.orders.order_changes import OrderChanges
from csire_bridge.store.queries.reports import order_lines
from tests.pipeline.execute.test_slow_meters import install
from tests.support.alerts import open_alerts
from tests.support.bridge import POINT, Play, play
from tests.support.patience import PATIENCE

pytestmark = pytest.mark.slow

MANY = 24
PATIENT = 600.0
"""Seconds; whoever waited for a time-out of this length would never come to an end here."""


class Hanging:
    """Stands in front of the simulated head-end system: calls about some meters are not answered until they ``may``."""

    def __init__(self, playing: Play, meters: set[str]) -> None:
        self.meters, self.held = meters, 0
        self.may = threading.Event()
        self._answer = playing.scene.head_end._handler.answer

    def answer(self, raw: bytes) -> Reply:
        if any(meter.encode() in raw for meter in self.meters):
            self.held += 1
            assert self.may.wait(PATIENCE)
        return self._answer(raw)


def state_of(playing: Play) -> dict[str, OrderState]:
    with playing.scene.bridge.database.reading() as connection:
        return {str(line.metering_point): line.state for line in order_lines(connection)}


def asking_for(playing: Play, codes: Sequence[MeteringPointCode]) -> list[bytes]:
    return [playing.message("disconnect", code, MessageId.new()) for code in codes]


def run_until(playing: Play, reached: Callable[[], bool], release: threading.Event, *first: bytes) -> None:
    """Take ``first`` in and let the worker run, as the service does; a watch ends it where it would hang."""
    messages = list(first)
    stop, bridge = threading.Event(), playing.scene.bridge
    late = threading.Event()

    def give_up() -> None:
        late.set()
        stop.set()
        release.set()

    def between() -> None:
        if messages:
            playing.take_in(*messages)
            messages.clear()
        if reached():
            stop.set()
            release.set()

    watch = threading.Timer(50, give_up)
    watch.start()
    bridge.worker.run(stop, lambda: bridge.worker.rest(0.01), between)
    watch.cancel()
    assert not late.is_set(), state_of(playing)


@pytest.mark.parametrize("hung", [1, 5, 12])
def test_given_meters_that_hang_when_many_orders_come_then_all_others_are_done_and_the_circuit_stays_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hung: int
) -> None:
    with play(tmp_path, read=PATIENT) as playing:
        codes = install(playing, MANY)
        hanging = Hanging(playing, {f"SLOW{number:08d}" for number in range(hung)})
        monkeypatch.setattr(playing.scene.head_end._handler, "answer", hanging.answer)
        others = {str(code) for code in codes[hung:]}

        def all_others_done() -> bool:
            states = state_of(playing)
            return {code for code, state in states.items() if state is OrderState.DONE} == others

        run_until(playing, all_others_done, hanging.may, *asking_for(playing, codes))
        assert hanging.held >= hung
        with playing.scene.bridge.database.read_transaction() as tx:
            assert not tx.guards.circuit(CIRCUIT).open


def test_given_a_batch_with_a_call_that_hangs_then_the_other_calls_of_the_batch_are_settled_before_it_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with play(tmp_path, read=PATIENT) as playing:
        codes = install(playing, 3)
        hanging = Hanging(playing, {"SLOW00000000"})
        monkeypatch.setattr(playing.scene.head_end._handler, "answer", hanging.answer)
        settled = {OrderState.SUBMITTED, OrderState.DONE}
        run_until(
            playing,
            lambda: {state_of(playing).get(str(code)) for code in codes[1:]} <= settled and hanging.held == 1,
            hanging.may,
            *asking_for(playing, codes),
        )


class Channel:
    """A hub: it hangs until it ``may``, or fails as long as it is ``closed``."""

    def __init__(self) -> None:
        self.may = threading.Event()
        self.may.set()
        self.closed: Exception | None = None
        self.asked: list[bytes] = []

    def deliver(self, document: OutgoingDocument) -> Delivery:
        self.asked.append(document.document)
        assert self.may.wait(PATIENCE)
        if self.closed is not None:
            raise self.closed
        return Delivery("hub: taken")


def channel_of(playing: Play) -> Channel:
    channel = Channel()
    playing.scene.bridge.worker._handlers[WorkStep.DELIVER]._channel = channel  # type: ignore[attr-defined]
    return channel


def test_given_a_hub_that_hangs_when_orders_come_then_they_are_done_and_answered_meanwhile(tmp_path: Path) -> None:
    with play(tmp_path) as playing:
        codes, channel = install(playing, 8), channel_of(playing)
        channel.may.clear()
        sent = 0

        def one_after_the_other() -> bool:
            nonlocal sent
            if sent < len(codes) and len(channel.asked) >= min(sent, 4):
                playing.take_in(playing.message("disconnect", codes[sent], MessageId.new()))
                sent += 1
            return list(state_of(playing).values()) == [OrderState.DONE] * len(codes)

        run_until(playing, one_after_the_other, channel.may)
        playing.work_until(lambda: len(playing.answers()) == len(codes))


def test_given_sid_hangs_when_it_is_asked_for_a_point_then_orders_at_known_points_are_done_meanwhile(
    tmp_path: Path,
) -> None:
    with play(tmp_path) as playing:
        codes, may, asked = install(playing, 8), threading.Event(), []

        class Sid:
            def find(self, code: MeteringPointCode, *, refresh: bool = False) -> None:
                asked.append(code)
                assert may.wait(PATIENCE)

        executor = cast(Any, playing.scene.bridge.worker._handlers[WorkStep.EXECUTE])
        executor._finder, executor._gates._can_ask = Sid(), True
        unknown = [MeteringPointCode.parse("590015710563817868"), MeteringPointCode.parse("590243856287817713")]
        run_until(
            playing,
            lambda: (
                [state_of(playing).get(str(code)) for code in codes] == [OrderState.DONE] * len(codes)
                and set(asked) == set(unknown)
            ),
            may,
            *asking_for(playing, [*unknown, *codes]),
        )


@pytest.mark.parametrize("error", [PartnerUnreachable("away", "wait"), OutcomeUnknown("hangs", "wait")])
def test_given_sid_is_silent_for_long_then_a_person_looks_and_the_hub_is_not_told_that_the_point_is_unknown(
    tmp_path: Path, error: PartnerUnreachable | OutcomeUnknown
) -> None:
    with play(tmp_path) as playing:
        playing.take_in(playing.message("reconnect", POINT, MessageId.new()))
        playing.scene.bridge.worker.leave_out(WorkStep.EXECUTE)
        order = playing.order()
        for attempts, ended in ((5, None), (100_000, OrderState.PARKED)):
            changes = OrderChanges(order.registered_at)
            item = WorkItem(1, WorkStep.EXECUTE, order.key, 0, attempts)
            record_point_answer([Completed(item, PointQuery(order), error)], changes, random.Random(1))  # noqa: S311 - no secret
            assert [after.state for _, after, _ in changes.moves] == ([ended] if ended else [])
            assert not changes.answerable


def documents(playing: Play) -> list[OutgoingDocument]:
    with playing.scene.bridge.database.read_transaction() as tx:
        return list(tx.outbox.many(range(1, 100)).values())


class Times:
    """The bridge's clock, moved by hand."""

    def __init__(self, playing: Play) -> None:
        self._bridge, self._start = playing.scene.bridge, playing.scene.bridge.clock
        self.ahead = timedelta(0)

    def __call__(self) -> datetime:
        return self._start() + self.ahead


@contextmanager
def closed_hub(tmp_path: Path, error: Exception) -> Iterator[tuple[Play, Channel, Times]]:
    """A bridge with one answer to deliver, to a hub that is closed."""
    with play(tmp_path) as playing:
        bridge, times = playing.scene.bridge, Times(playing)
        channel = channel_of(playing)
        channel.closed = error
        playing.send("disconnect")
        playing.work_until_state(OrderState.DONE)
        playing.work_until(lambda: bool(channel.asked))
        deliverer = bridge.worker._handlers[WorkStep.DELIVER]
        for part in (bridge.worker, bridge.watch, deliverer):
            part._clock = times  # type: ignore[union-attr]
        yield playing, channel, times


def let_pass(playing: Play, times: Times, hours: float) -> None:
    """The time passes, and the worker does what falls due meanwhile."""
    end = times.ahead + timedelta(hours=hours)
    while times.ahead < end:
        times.ahead += timedelta(minutes=6)
        playing.scene.bridge.worker.turn()


def test_given_a_hub_closed_for_a_day_then_its_answers_are_tried_all_the_time_with_the_same_bytes_and_one_alert(
    tmp_path: Path,
) -> None:
    with closed_hub(tmp_path, PartnerUnreachable("maintenance", "wait")) as (playing, channel, times):
        watch = playing.scene.bridge.watch
        assert [a.kind for a in watch.look()] == []
        times.ahead = timedelta(minutes=11)
        assert [a.kind for a in watch.look()] == [AlertKind.DELIVERIES_WAITING]
        let_pass(playing, times, 24)
        assert [a.kind for a in watch.look()] == [], "it was told already"
        assert len(channel.asked) > 100
        assert [document.state for document in documents(playing)] == [DocumentState.PENDING]
        channel.closed = None
        let_pass(playing, times, 0.2)
        assert [document.state for document in documents(playing)] == [DocumentState.DELIVERED]
        assert len(set(channel.asked)) == 1
        watch.look()
        with playing.scene.bridge.database.reading() as connection:
            assert AlertKind.DELIVERIES_WAITING not in open_alerts(connection)


def test_given_a_hub_that_refuses_for_good_then_the_answer_waits_for_a_person(tmp_path: Path) -> None:
    with closed_hub(tmp_path, PartnerRefused("MHB.MHD.001", "no", "look")) as (playing, channel, _):
        assert [document.state for document in documents(playing)] == [DocumentState.PARKED]
        assert len(channel.asked) == 1
