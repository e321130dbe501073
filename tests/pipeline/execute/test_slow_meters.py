"""A head-end system that takes its time: a batch is given side by side, and still each order once."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from csire_bridge.domain.identifiers import MessageId, MeteringPointCode
from csire_bridge.domain.metering_point.facts import MeteringPoint
from csire_bridge.domain.order.order import OrderState
from csire_bridge.domain.protection import NOT_PROTECTED
from csire_bridge.lab.simulators.http_server import Reply
from csire_bridge.runtime.steady_clock import system_clock
from csire_bridge.store.queries.reports import order_lines
from tests.support.bridge import Play, play
from tests.support.patience import PATIENCE

pytestmark = pytest.mark.slow

ORDERS = 12


def points(count: int) -> list[MeteringPointCode]:
    first = [f"59000000000{number:06d}" for number in range(count)]
    return [MeteringPointCode(code + MeteringPointCode.check_digit(code)) for code in first]


def states(playing: Play) -> list[OrderState]:
    with playing.scene.bridge.database.reading() as connection:
        return [line.state for line in order_lines(connection)]


class Thinking:
    """Stands in front of the simulated head-end system: a request takes ``pause`` seconds, or until it ``may`` go."""

    def __init__(self, playing: Play) -> None:
        self.pause, self.now, self.most = 0.0, 0, 0
        self.may = threading.Event()
        self.may.set()
        self._lock, self._handler = threading.Lock(), playing.scene.head_end._handler
        self._answer = self._handler.answer

    def answer(self, raw: bytes) -> Reply:
        with self._lock:
            self.now += 1
            self.most = max(self.most, self.now)
        time.sleep(self.pause)
        assert self.may.wait(PATIENCE)
        reply = self._answer(raw)
        with self._lock:
            self.now -= 1
        return reply


def thinking(playing: Play, monkeypatch: pytest.MonkeyPatch) -> Thinking:
    thinks = Thinking(playing)
    monkeypatch.setattr(thinks._handler, "answer", thinks.answer)
    return thinks


def install(playing: Play, count: int) -> list[MeteringPointCode]:
    codes = points(count)
    with playing.scene.bridge.database.transaction() as tx:
        for number, code in enumerate(codes):
            meter = playing.scene.head_end.add_meter(f"SLOW{number:08d}").number
            tx.points.put(
                MeteringPoint(
                    code=code,
                    updated_at=system_clock(),
                    meter=meter,
                    has_contactor=True,
                    protection=NOT_PROTECTED,
                    connected=True,
                )
            )
    return codes


@pytest.mark.parametrize("pause", [0.1, 0.0])
def test_given_meters_when_a_batch_is_given_then_slow_ones_are_asked_side_by_side_and_quick_ones_by_two(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pause: float
) -> None:
    with play(tmp_path) as playing:
        thinks, codes = thinking(playing, monkeypatch), install(playing, ORDERS)
        thinks.pause = pause
        playing.take_in(*(playing.message("disconnect", code, MessageId.new()) for code in codes))
        playing.work_until(lambda: states(playing) == [OrderState.DONE] * ORDERS)
        assert playing.scene.head_end.ledger.totals()["accepted"] == ORDERS
        at_once = playing.scene.bridge.settings.worker.at_once
        assert (2 < thinks.most <= at_once) if pause else thinks.most


def test_given_a_running_worker_when_meters_take_their_time_then_what_comes_in_meanwhile_does_not_wait_for_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with play(tmp_path) as playing:
        bridge, stop = playing.scene.bridge, threading.Event()
        thinks, codes = thinking(playing, monkeypatch), install(playing, 2)
        playing.take_in(playing.message("disconnect", codes[0], MessageId.new()))
        thinks.may.clear()
        came = False

        def between() -> None:
            """The second comes while the contactor of the first is being read."""
            nonlocal came
            if thinks.now == 1 and not came:
                came = True
                playing.take_in(playing.message("disconnect", codes[1], MessageId.new()))
            if thinks.now == 2:
                thinks.may.set()
            if states(playing) == [OrderState.DONE] * 2:
                stop.set()

        watches = [threading.Timer(20, event.set) for event in (stop, thinks.may)]
        for watch in watches:
            watch.start()
        bridge.worker.run(stop, lambda: bridge.worker.rest(0.01), between)
        for watch in watches:
            watch.cancel()
        assert states(playing) == [OrderState.DONE] * 2, "the second was given while the first was still being read"
