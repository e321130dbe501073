"""Runs a scenario: the real worker on the simulated clock, which jumps from one due moment to the next."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from csire_bridge.config.settings import Settings
from csire_bridge.domain.meter.contactor import HeadEndEvent
from csire_bridge.domain.rules.model import RuleSetVersion
from csire_bridge.domain.work import WorkStep
from csire_bridge.lab.simulation.arrivals import Registration
from csire_bridge.lab.simulation.clock import Agenda, SimulatedClock
from csire_bridge.lab.simulation.head_end import SimulatedHeadEnd
from csire_bridge.lab.simulation.pattern import Asked
from csire_bridge.lab.simulation.population import Population
from csire_bridge.lab.simulation.scenarios import Scenario
from csire_bridge.lab.simulators.faults.fate import Fate
from csire_bridge.pipeline.agreement.handler import AgreementHandler
from csire_bridge.pipeline.execute.handler import Executor
from csire_bridge.pipeline.intake.point_finder import PointFinder
from csire_bridge.pipeline.observe.head_end_events import take_events
from csire_bridge.service.wiring.settings_to_values import execution_policy, order_policy
from csire_bridge.store.database import Database
from csire_bridge.worker.work_loop import Worker

__all__ = ["Play"]

_STEPS = (WorkStep.EXECUTE, WorkStep.PERFORM)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_RAW = b"simulated"
_MOMENT = timedelta(seconds=1)


class Play:
    """One scenario on one empty database, whose tables are current."""

    def __init__(self, scenario: Scenario, settings: Settings, database: Database) -> None:
        self.scenario, self.database = scenario, database
        self.policy, self.orders = execution_policy(settings), order_policy(settings)
        self.clock, self._agenda = SimulatedClock(scenario.start), Agenda()
        self._events: list[HeadEndEvent] = []
        self.fate = fate = Fate(scenario.seed, scenario.faults, self._seconds)
        self.head_end = SimulatedHeadEnd(
            self.clock, self._agenda, fate, scenario.outages, scenario.pace, self._events.append, scenario.workers
        )
        self.population = Population(scenario.seed, self.clock, scenario.protected)
        self.registration = Registration(database, self.population, self.head_end, self.orders, scenario.seed)
        self.worker = self._made(settings)
        self.taken = 0

    def _seconds(self) -> float:
        return (self.clock() - _EPOCH).total_seconds()

    def _made(self, settings: Settings) -> Worker:
        jitter = random.Random(f"{self.scenario.seed}/jitter")  # noqa: S311 - a simulation
        points = PointFinder(self.database, None, self.clock)
        there = (self.database, self.head_end, self.clock, self.policy)
        return Worker(
            self.database,
            {
                WorkStep.EXECUTE: Executor(*there, jitter),
                WorkStep.PERFORM: AgreementHandler(
                    self.database, self.head_end, points.find_or_none, *there[2:], self.orders.steps, jitter
                ),
            },
            self.clock,
            batch=settings.worker.batch,
            lease=timedelta(seconds=settings.worker.lease_seconds),
            most_lapses=settings.worker.most_lapses,
        )

    def enter_rules(self, versions: Sequence[RuleSetVersion]) -> None:
        """Enter the configurator's rule sets, in their order."""
        with self.database.transaction() as tx:
            for version in versions:
                tx.rule_sets.enter(version)

    def run(self) -> Iterator[int]:
        """Run until nothing is due any more, or the time after the last arrival is over; yields each day's number."""
        waiting, day = self.scenario.asked, 0
        end = self.scenario.until
        while True:
            self._take_in(waiting)
            idle = not self.worker.turn()
            due = self._next(waiting)
            if due is None or due > end:
                break
            if idle and due <= self.clock():  # it is due, but leased: time must go on for the lease to end
                due = self.clock() + _MOMENT
            self.clock.move_to(self._rounded(due))
            while self.clock() >= self.scenario.start + timedelta(days=day + 1):
                day += 1
                yield day

    def _take_in(self, waiting: Sequence[Asked]) -> None:
        """What has arrived by now: orders, and events of the head-end system."""
        now, first = self.clock(), self.taken
        while self.taken < len(waiting) and waiting[self.taken].arrives_at <= now:
            self.taken += 1
        if self.taken > first:
            self.registration.take(waiting[first : self.taken], now)
        self._agenda.do_due(now)
        if self._events:
            take_events(self.database, self.clock, [(_RAW, event) for event in self._events])
            self._events.clear()

    def _next(self, waiting: Sequence[Asked]) -> datetime | None:
        with self.database.read_transaction() as tx:
            work = tx.work.next_due(_STEPS)
        arrival = waiting[self.taken].arrives_at if self.taken < len(waiting) else None
        return min((due for due in (work, arrival, self._agenda.next()) if due is not None), default=None)

    def _rounded(self, due: datetime) -> datetime:
        """The next full pulse: work that becomes due within one is done together, as by a worker that rests in
        between."""
        pulse = self.scenario.pulse.total_seconds()
        if due <= self.clock() or not pulse:
            return due
        beats = -(-(due - self.scenario.start).total_seconds() // pulse)
        return self.scenario.start + timedelta(seconds=beats * pulse)
