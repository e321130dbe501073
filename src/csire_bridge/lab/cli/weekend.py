"""The demo's weekend, on a simulated clock: rules hold a disconnection back, and let a reconnection through."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table

from csire_bridge.domain.calendar.working_days import LAW
from csire_bridge.domain.clock import WARSAW
from csire_bridge.domain.order.order import OrderState
from csire_bridge.domain.rules.model import RuleSetVersion
from csire_bridge.lab.cli.played_days import HandSetClock, Sight, feed, moment_of, seen, sights_table

if TYPE_CHECKING:
    from csire_bridge.lab.demo.stage import Stage
    from csire_bridge.lab.simulators.expectations import Expectations

__all__ = ["play_weekend", "weekend_table"]

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


def play_weekend(place: Path, samples: Path, expected: Expectations, after: datetime) -> list[Sight]:
    """Play the first plain weekend after ``after`` (UTC) in the folder ``place``; raises OurFault if it goes wrong."""
    from csire_bridge.lab.demo.stage import load_points, stage

    friday, sunday, monday = _days(after)
    clock = HandSetClock(friday)
    points = load_points(samples / "metering-points.yaml", friday)
    with stage(place, clock, points=points, delay=(0.0, 0.05)) as scene:
        version = RuleSetVersion(0, friday, friday, "demo", "no disconnections at the weekend", RULES)
        with scene.bridge.database.transaction() as tx:
            tx.rule_sets.enter(version)
        return list(_acts(scene, clock, samples, expected, (friday, sunday, monday)))


def _acts(
    scene: Stage,
    clock: HandSetClock,
    samples: Path,
    expected: Expectations,
    days: tuple[datetime, datetime, datetime],
) -> Iterator[Sight]:
    friday, sunday, monday = days
    feed(scene, clock, samples / "good" / _DISCONNECTION, expected)
    yield seen(scene, 1, friday, "a disconnection is asked for", OrderState.REGISTERED)
    clock.now = sunday
    feed(scene, clock, samples / "good" / _RECONNECTION, expected)
    yield seen(scene, 2, sunday, "a reconnection is asked for", OrderState.DONE)
    yield seen(scene, 1, sunday, "the disconnection", OrderState.REGISTERED)
    clock.now = monday
    yield seen(scene, 1, monday, "the disconnection", OrderState.DONE)


def _days(after: datetime) -> tuple[datetime, datetime, datetime]:
    """Friday 14:00, Sunday 10:30 and Monday 08:00 of the first weekend with no other days off around it."""
    day = after.astimezone(WARSAW).date()
    while day.weekday() != 4 or any(LAW.is_day_off(day + timedelta(days=n)) for n in (0, 3, 4)):
        day += timedelta(days=1)
    sunday, monday = day + timedelta(days=2), day + timedelta(days=3)
    return moment_of(day, 14), moment_of(sunday, 10, 30), moment_of(monday, 8)


def weekend_table(sights: Sequence[Sight]) -> Table:
    """What was seen, for people; times are Polish."""
    return sights_table(
        "A weekend on a simulated clock",
        "rules: disconnections Monday to Thursday 8-15, none on days off or the day before",
        sights,
    )
