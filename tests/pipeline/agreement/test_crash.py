"""A worker that dies before or after a commit: orders of several steps go on, and nothing harmful is repeated."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from csire_bridge.domain.order.order import OrderKind, OrderState
from tests.support.household import Place, Town, town

pytestmark = pytest.mark.slow


class Died(BaseException):
    """The process is gone: nobody catches this."""


class Killer:
    """Kills a worker just before or just after some of its commits, the same ones for a seed."""

    def __init__(self, here: Town, seed: int) -> None:
        self._chance = random.Random(seed)  # noqa: S311 - the same for a seed
        self.real = here.scene.bridge.database.transaction

    @contextmanager
    def transaction(self, *args: Any) -> Iterator[Any]:
        worker = threading.current_thread() is threading.main_thread()  # not the one that takes events in
        fate = self._chance.random() if worker else 1.0
        with self.real(*args) as tx:
            yield tx
            if fate < 0.15:
                raise Died
        if fate < 0.3:
            raise Died


@pytest.mark.every_database
@pytest.mark.parametrize("seed", range(5))
def test_given_a_worker_that_dies_at_its_commits_then_each_step_is_done_and_the_contactor_moves_once(
    place: Place, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings: dict[str, Any] = {"worker": {"most_lapses": 100}}
    with town(place, connected=False, **settings) as here:
        here.scene.head_end.delay = 0.0
        killer = Killer(here, seed)
        here.start(here.day(1), tariff="G12")
        here.forward_to(here.day(1), -1)
        here.clock.more += timedelta(hours=1.1)
        monkeypatch.setattr(here.scene.bridge.database, "transaction", killer.transaction)
        deaths = 0

        def ended() -> bool:
            with killer.real() as tx:
                return tx.orders.get(1).state is OrderState.DONE

        for _ in range(400):
            if ended():
                break
            try:
                here.scene.bridge.worker.turn()
            except Died:
                deaths += 1
                here.clock.more += timedelta(seconds=70)  # until its leases have run out
            here.clock.more += timedelta(seconds=1)
        monkeypatch.undo()
        order = here.of(OrderKind.AGREEMENT_START)
        assert order.state is OrderState.DONE, here.texts(order)
        assert here.told(order) == ["tariff done", "activate done", "connect done", "read done"]
        assert here.meter.switches == 1
        assert here.meter.tariffs().active == "G12"
        assert deaths
        assert len(here.orders()) == 2
