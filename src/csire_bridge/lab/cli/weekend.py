"""The demo's weekend, on a simulated clock: rules hold a disconnection back, and let a reconnection through."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path
from typing import TYPE_CHECKING

from rich import box
from rich.table import Table

from csire_bridge.domain.calendar.working_days import LAW
from csire_bridge.domain.clock import WARSAW, at_wall_clock
from csire_bridge.domain.errors import OurFault
from csire_bridge.domain.message.message import Channel
from csire_bridge.domain.order.order import Order, OrderState
from csire_bridge.domain.rules.model import RuleSetVersion
from csire_bridge.pipeline.intake.receive import Arrival

if TYPE_CHECKING:
    from csire_bridge.lab.demo.stage import Stage
    from csire_bridge.lab.simulators.expectations import Expectations

__all__ = ["Sight", "play_weekend", "weekend_table"]

RULES = """\
rules:
  - for: {kind: disconnect}
    hours:
      monday-thursday: 08:00-15:00
    on_days_off: no
    days_before_days_off: 1
    text: "{disconnection_kind}, point {metering_point}"
"""
_DISCONNECTION, _RECONNECTION = "8.1.1.5-minimal.xml", "8.2.1.6-minimal.xml"
_PATIENCE = 20.0


@dataclass(frozen=True)
class Sight:
    """The state of an order at a moment (UTC)."""

    at: datetime
    what: str
    order: Order
    told: str


@dataclass
class _HandSetClock:
    """A clock that stands still until it is set."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now


def play_weekend(place: Path, samples: Path, expected: Expectations, after: datetime) -> list[Sight]:
    """Play the first plain weekend after ``after`` (UTC) in the folder ``place``; raises OurFault if it goes wrong."""
    from csire_bridge.lab.demo.stage import load_points, stage

    friday, sunday, monday = _days(after)
    clock = _HandSetClock(friday)
    points = load_points(samples / "metering-points.yaml", friday)
    with stage(place, clock, points=points, delay=(0.0, 0.05)) as scene:
        version = RuleSetVersion(0, friday, friday, "demo", "no disconnections at the weekend", RULES)
        with scene.bridge.database.transaction() as tx:
            tx.rule_sets.enter(version)
        return list(_acts(scene, clock, samples, expected, (friday, sunday, monday)))


def _acts(
    scene: Stage,
    clock: _HandSetClock,
    samples: Path,
    expected: Expectations,
    days: tuple[datetime, datetime, datetime],
) -> Iterator[Sight]:
    friday, sunday, monday = days
    _feed(scene, clock, samples / "good" / _DISCONNECTION, expected)
    yield _seen(scene, 1, friday, "a disconnection is asked for", OrderState.REGISTERED)
    clock.now = sunday
    _feed(scene, clock, samples / "good" / _RECONNECTION, expected)
    yield _seen(scene, 2, sunday, "a reconnection is asked for", OrderState.DONE)
    yield _seen(scene, 1, sunday, "the disconnection", OrderState.REGISTERED)
    clock.now = monday
    yield _seen(scene, 1, monday, "the disconnection", OrderState.DONE)


def _days(after: datetime) -> tuple[datetime, datetime, datetime]:
    """Friday 14:00, Sunday 10:30 and Monday 08:00 of the first weekend with no other days off around it."""
    day = after.astimezone(WARSAW).date()
    while day.weekday() != 4 or any(LAW.is_day_off(day + timedelta(days=n)) for n in (0, 3, 4)):
        day += timedelta(days=1)
    hours = ((0, time_of_day(14)), (2, time_of_day(10, 30)), (3, time_of_day(8)))
    friday, sunday, monday = (_at(day + timedelta(days=n), hour) for n, hour in hours)
    return friday, sunday, monday


def _at(day: date, hour: time_of_day) -> datetime:
    return at_wall_clock(datetime.combine(day, hour), later=False)


def _feed(scene: Stage, clock: _HandSetClock, sample: Path, expected: Expectations) -> None:
    """As ``replay`` would, dated a minute before the hand-set clock."""
    from csire_bridge.lab.simulators.expectations import SignKind
    from csire_bridge.lab.simulators.sample_preparer import SamplePreparer

    doctor = SamplePreparer(scene.pki, expected.offset_to(clock() - timedelta(minutes=1)))
    raw = doctor.prepare(sample.read_bytes(), SignKind.HUB)
    scene.bridge.take_in(Channel.REPLAY, [Arrival(sample.name, raw)])


def _seen(scene: Stage, key: int, at: datetime, what: str, due: OrderState) -> Sight:
    """Run the worker at this hour until the order has the expected state; a waiting order has it at once."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        worked = scene.bridge.worker.turn()
        with scene.bridge.database.read_transaction() as tx:
            order = tx.orders.get(key)
            told = tx.orders.history(key)[-1].text
        if order.state is due and not worked:
            return Sight(at, what, order, _done(order) if due is OrderState.DONE else told)
        if time.monotonic() > deadline:
            raise OurFault(f"the weekend's order {key} is {order.state}, expected {due}", "run it again with -v")
        time.sleep(0.02)


def _done(order: Order) -> str:
    at = order.executed_at.astimezone(WARSAW) if order.executed_at else None
    return f"{order.outcome} at {at:%A %H:%M}" if at else str(order.outcome)


def weekend_table(sights: list[Sight]) -> Table:
    """What was seen, for people; times are Polish."""
    table = Table(
        title="A weekend on a simulated clock",
        caption="rules: disconnections Monday to Thursday 8-15, none on days off or the day before",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
    )
    for heading in ("Polish time", "what", "state", "why"):
        table.add_column(heading)
    for sight in sights:
        at = sight.at.astimezone(WARSAW)
        table.add_row(f"{at:%A %H:%M}", sight.what, sight.order.state.value, sight.told)
    return table
