"""The law in the demo, on a simulated clock: a protected household on a Friday in summer and on a day in winter, a
complaint, and a cut because of danger with its end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table

from csire_bridge.domain.calendar.working_days import LAW
from csire_bridge.domain.clock import WARSAW
from csire_bridge.domain.errors import OurFault
from csire_bridge.domain.identifiers import MeteringPointCode
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.order.order import OrderState
from csire_bridge.domain.protection import ProtectedKind, Protection
from csire_bridge.lab.cli.played_days import HandSetClock, Sight, feed, moment_of, seen, sights_table
from csire_bridge.pipeline.operator import complaint_actions
from csire_bridge.pipeline.operator.orders import danger_actions

if TYPE_CHECKING:
    from csire_bridge.lab.demo.stage import Stage
    from csire_bridge.lab.simulators.expectations import Expectations

__all__ = ["law_table", "play_law_days"]

_DEBT, _PAID, _DEBT_IN_WINTER = "8.1.1.5-debt.xml", "8.2.1.6-after-debt.xml", "8.1.1.5-danger-registered.xml"
_SHUT_DOWN = "8.1.1.5-shut-down.xml"
_COMPLAINS, _IN_DANGER = MeteringPointCode("590015710563817868"), MeteringPointCode("590243856287817706")
_SUMMER, _WINTER = range(5, 9), (11,)


def play_law_days(place: Path, samples: Path, expected: Expectations, after: datetime) -> list[Sight]:
    """Play a Friday in summer and a day in winter after ``after`` (UTC); raises OurFault if it goes wrong."""
    from csire_bridge.lab.demo.stage import load_points, stage

    friday = _plain(after.astimezone(WARSAW).date(), 4, _SUMMER)
    clock = HandSetClock(moment_of(friday, 10))
    vulnerable = Protection.of(ProtectedKind.VULNERABLE)
    points = [replace(point, protection=vulnerable) for point in load_points(samples / "metering-points.yaml", clock())]
    with stage(place, clock, points=points, delay=(0.0, 0.05)) as scene:
        return list(_acts(scene, clock, samples / "good", expected, friday))


def _acts(scene: Stage, clock: HandSetClock, samples: Path, expected: Expectations, friday: date) -> Iterator[Sight]:
    feed(scene, clock, samples / _DEBT, expected)
    yield seen(scene, 1, clock(), "a suspension for debt is asked for", OrderState.REGISTERED)
    monday = friday + timedelta(days=3)
    clock.now = moment_of(monday, 0)
    yield seen(scene, 1, clock(), "the suspension", OrderState.DONE)
    clock.now = moment_of(monday, 18)
    feed(scene, clock, samples / _PAID, expected)
    yield seen(scene, 2, clock(), "the debt is paid: a connection", OrderState.DONE)
    clock.now = moment_of(_plain(monday, 1, _WINTER), 10)
    feed(scene, clock, samples / _DEBT_IN_WINTER, expected)
    yield seen(scene, 3, clock(), "a suspension for debt is asked for", OrderState.REJECTED)
    yield from _complaint(scene, clock, samples, expected)
    yield from _danger(scene, clock)


def _complaint(scene: Stage, clock: HandSetClock, samples: Path, expected: Expectations) -> Iterator[Sight]:
    """A complaint stands against every disconnection, not only one for debt."""
    clock.now += timedelta(hours=2)
    act = OperatorAction("Anna Nowak", clock(), "complaint 17: the meter counts too much")
    with scene.bridge.database.transaction() as tx:
        complaint_actions.lodge(tx, _COMPLAINS, None, act, scene.bridge.policy.law)
    feed(scene, clock, samples / _SHUT_DOWN, expected)
    yield seen(scene, 4, clock(), "after a complaint a shut-down is asked for", OrderState.REJECTED)


def _danger(scene: Stage, clock: HandSetClock) -> Iterator[Sight]:
    """A named person cuts the supply at once, in winter and at a protected household; and brings it back."""
    clock.now += timedelta(hours=2)
    with scene.bridge.database.transaction() as tx:
        cut = danger_actions.cut(tx, _IN_DANGER, OperatorAction("Anna Nowak", clock(), "flooded cellar"))
    yield seen(scene, cut.order.key, clock(), "danger: Anna Nowak has the supply cut", OrderState.DONE)
    clock.now += timedelta(hours=3)
    with scene.bridge.database.transaction() as tx:
        lifted = danger_actions.lift(tx, _IN_DANGER, OperatorAction("Jan Kowalski", clock(), "dry, checked"))
    if lifted.connection is None:
        raise OurFault("lifting the danger gave no connection", "run it again with -v")
    yield seen(scene, lifted.connection.key, clock(), "the danger is gone", OrderState.DONE)


def _plain(after: date, weekday: int, months: Sequence[int]) -> date:
    """The first such weekday in one of ``months`` with no public holiday three days before and after it."""
    day = after + timedelta(days=1)
    around = [n for n in range(-3, 4) if (weekday + n) % 7 < 5]
    while (
        day.weekday() != weekday
        or day.month not in months
        or any(LAW.is_day_off(day + timedelta(days=n)) for n in around)
    ):
        day += timedelta(days=1)
    return day


def law_table(sights: Sequence[Sight]) -> Table:
    """What was seen, for people; times are Polish."""
    caption = "a protected household is not suspended for debt in winter, on days off, and the day before"
    return sights_table("The law on a simulated clock", caption, sights, with_date=True)
