"""Some days on a clock that is set by hand: messages go in as ``replay`` would send them, and orders are looked at."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path
from typing import TYPE_CHECKING

from rich import box
from rich.table import Table

from csire_bridge.domain.clock import WARSAW, at_wall_clock
from csire_bridge.domain.errors import OurFault
from csire_bridge.domain.message.message import Channel
from csire_bridge.domain.order.order import Order, OrderState
from csire_bridge.pipeline.intake.receive import Arrival

if TYPE_CHECKING:
    from csire_bridge.lab.demo.stage import Stage
    from csire_bridge.lab.simulators.expectations import Expectations

__all__ = ["HandSetClock", "Sight", "feed", "moment_of", "seen", "sights_table"]

_PATIENCE = 20.0


@dataclass(frozen=True)
class Sight:
    """The state of an order at a moment (UTC)."""

    at: datetime
    what: str
    order: Order
    told: str


@dataclass
class HandSetClock:
    """A clock that stands still until it is set."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now


def moment_of(day: date, hour: int, minute: int = 0) -> datetime:
    """The moment (UTC) of a Polish day and time."""
    return at_wall_clock(datetime.combine(day, time_of_day(hour, minute)), later=False)


def feed(scene: Stage, clock: HandSetClock, sample: Path, expected: Expectations) -> None:
    """As ``replay`` would, dated a minute before the hand-set clock."""
    from csire_bridge.lab.simulators.expectations import SignKind
    from csire_bridge.lab.simulators.sample_preparer import SamplePreparer

    preparer = SamplePreparer(scene.pki, expected.offset_to(clock() - timedelta(minutes=1)))
    raw = preparer.prepare(sample.read_bytes(), SignKind.HUB)
    scene.bridge.take_in(Channel.REPLAY, [Arrival(sample.name, raw)])


def seen(scene: Stage, key: int, at: datetime, what: str, due: OrderState) -> Sight:
    """Run the worker at this hour until the order has the expected state; a waiting order has it at once."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        worked = scene.bridge.worker.turn()
        with scene.bridge.database.read_transaction() as tx:
            order = tx.orders.get(key)
            told = order.detail if due is OrderState.REJECTED and order.detail else tx.orders.history(key)[-1].text
        if order.state is due and not worked:
            return Sight(at, what, order, _done(order) if due is OrderState.DONE else told)
        if time.monotonic() > deadline:
            raise OurFault(f"order {key} is {order.state}, expected {due}: {told}", "run it again with -v")
        time.sleep(0.02)


def _done(order: Order) -> str:
    at = order.executed_at.astimezone(WARSAW) if order.executed_at else None
    return f"{order.outcome} at {at:%A %H:%M}" if at else str(order.outcome)


def sights_table(title: str, caption: str, sights: Sequence[Sight], *, with_date: bool = False) -> Table:
    """What was seen, for people; times are Polish."""
    table = Table(title=title, caption=caption, box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("Polish time", "what", "state", "why"):
        table.add_column(heading)
    for sight in sights:
        at = sight.at.astimezone(WARSAW)
        moment = f"{at:%a %d %b %H:%M}" if with_date else f"{at:%A %H:%M}"
        table.add_row(moment, sight.what, sight.order.state.value, sight.told)
    return table
