"""A worker that dies before or after any commit: orders of several steps go on, and nothing harmful is repeated."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from csire_bridge.domain.orders import OrderKind, OrderState
from tests.integration.agreement_support import Town, town


class Died(BaseException):
    """The process is gone: nobody catches this."""


class Killer:
    """Kills at every third commit of a worker that has something to write."""

    def __init__(self, here: Town, turn: int, after: bool) -> None:
        self._database, self._turn, self._after = here.scene.bridge.database, turn, after
        self._real = self._database.transaction
        self.seen = 0

    @contextmanager
    def transaction(self, *args: Any) -> Iterator[Any]:
        self.seen += 1
        dies = self.seen % 3 == self._turn
        with self._real(*args) as tx:
            yield tx
            if dies and not self._after:
                raise Died
        if dies:
            raise Died


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("turn", [0, 1, 2])
def test_given_a_worker_that_dies_at_every_third_commit_then_each_step_is_done_and_the_contactor_moves_once(
    tmp_path: Path, turn: int, after: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings: dict[str, Any] = {"worker": {"most_lapses": 100}}
    with town(tmp_path, connected=False, **settings) as here:
        here.scene.head_end.delay = 0.0
        with here.scene.bridge.database.transaction() as tx:
            assert tx is not None
        killer = Killer(here, turn, after)
        here.start(here.day(1), tariff="G12")
        here.forward_to(here.day(1), -1)
        here.clock.more += timedelta(hours=1.1)
        monkeypatch.setattr(here.scene.bridge.database, "transaction", killer.transaction)
        deaths = 0

        def ended() -> bool:
            with killer._real() as tx:
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
        assert deaths > 3
        assert len(here.orders()) == 2
