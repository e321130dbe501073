"""A head-end system that takes its time: a batch is given side by side, and still each order once."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from csire_bridge.bootstrap import system_clock
from csire_bridge.domain.contactor import ContactorCommand
from csire_bridge.domain.identifiers import MessageId, MeteringPointCode
from csire_bridge.domain.orders import OrderState
from csire_bridge.domain.registry import MeteringPoint
from csire_bridge.store.reports import order_lines
from tests.integration.bridge_support import Play, play

ORDERS = 12


def points(count: int) -> list[MeteringPointCode]:
    first = [f"59000000000{number:06d}" for number in range(count)]
    return [MeteringPointCode(code + MeteringPointCode.check_digit(code)) for code in first]


def states(playing: Play) -> list[OrderState]:
    with playing.scene.bridge.database.reading() as connection:
        return [line.state for line in order_lines(connection)]


@pytest.mark.parametrize(("pause", "side_by_side"), [(0.1, True), (0.0, False)])
def test_given_meters_when_a_batch_is_given_then_slow_ones_are_asked_side_by_side_and_quick_ones_in_turn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pause: float, side_by_side: bool
) -> None:
    with play(tmp_path) as playing:
        bridge, lock, now_open, most, given = playing.scene.bridge, threading.Lock(), 0, 0, []
        submit = bridge._head_end.submit

        def slow(command: ContactorCommand) -> None:
            nonlocal now_open, most
            with lock:
                now_open += 1
                most = max(most, now_open)
                given.append(command.tracking_id)
            time.sleep(pause)
            submit(command)
            with lock:
                now_open -= 1

        monkeypatch.setattr(bridge._head_end, "submit", slow)
        codes = points(ORDERS)
        with bridge.database.transaction() as tx:
            for number, code in enumerate(codes):
                meter = playing.scene.head_end.add_meter(f"SLOW{number:08d}").number
                tx.points.put(
                    MeteringPoint(code=code, updated_at=system_clock(), meter=meter, has_contactor=True, connected=True)
                )
        playing.take_in(*(playing.message("disconnect", code, MessageId.new()) for code in codes))
        playing.work_until(lambda: states(playing) == [OrderState.DONE] * ORDERS, seconds=30)
        assert len(given) == len(set(given)) == ORDERS
        assert most <= bridge.settings.worker.at_once
        assert (most > 1) is side_by_side
