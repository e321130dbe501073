"""Runs one round: kills the bridge as planned, restarts it, waits until all work is done, and checks everything."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from csire_bridge.config.role import Role
from csire_bridge.domain.work import WorkStep
from csire_bridge.lab.chaos.checks.invariants import Expectations, Witness, violations
from csire_bridge.lab.chaos.checks.retention import Kept, retention_violations
from csire_bridge.lab.chaos.crash_points import Crash, Drama, Killer, killer_of
from csire_bridge.lab.chaos.plan import Plan
from csire_bridge.lab.chaos.stage import LEASE_SECONDS, Stage, Victim, wait_until
from csire_bridge.lab.chaos.standard import standard_once
from csire_bridge.lab.chaos.world.courier import Courier
from csire_bridge.lab.chaos.world.databases import Databases
from csire_bridge.lab.chaos.world.letters import Letter, Post
from csire_bridge.lab.chaos.world.older_database import make_older
from csire_bridge.lab.simulators.pki import make_demo_pki
from csire_bridge.service.wiring.standard import Standard
from csire_bridge.store.database import Database
from csire_bridge.store.queries.reports import at_rest

__all__ = ["Outcome", "Scene", "open_scene", "play"]

_REST_SECONDS = 300.0


_WHILE = 0.5


@dataclass
class Outcome:
    """The result of a round. ``killed`` are the crashes that happened, ``missed`` those whose point was not reached."""

    plan: Plan
    database: str
    killed: list[Crash] = field(default_factory=list)
    missed: list[Crash] = field(default_factory=list)
    found: list[str] = field(default_factory=list)
    seconds: float = 0.0
    log: str = ""


def play(plan: Plan, databases: Databases, expect: Expectations, place: Path | None = None) -> Outcome:
    """Run one round in a folder of its own below ``place``, and check the invariants."""
    started, outcome = time.monotonic(), Outcome(plan, databases.kind)
    with open_scene(plan, databases, place) as scene:
        scene.perform(outcome)
        if plan.drama is not Drama.RETENTION:  # it has judged already, before it took away what is looked at
            outcome.found += violations(scene.witness(), expect)
        outcome.log = (
            scene.stage.log.read_text("utf-8", "replace") if outcome.found and scene.stage.log.exists() else ""
        )
    outcome.seconds = time.monotonic() - started
    return outcome


class _GoesWrong(Exception):
    """The round can't continue; the problems found so far count."""


@dataclass
class Scene:
    """All participants of one round."""

    plan: Plan
    stage: Stage
    standard: Standard
    post: Post
    courier: Courier
    batches: list[list[Letter]]
    database: Database

    def perform(self, outcome: Outcome) -> None:
        """Run to the end, and kill remaining processes; ``outcome`` says what happened."""
        try:
            _DRAMAS[self.plan.drama](self, outcome)
        except _GoesWrong as error:
            outcome.found.append(str(error))
        self.stage.close()

    def quiet(self) -> bool:
        """Whether all letters were brought and nothing is left to do, and a while later still is not.

        Between two looks the hub may just be putting its result of an answer into its queue.
        """
        if not self._nothing_to_do():
            return False
        time.sleep(_WHILE)
        return self._nothing_to_do()

    def _nothing_to_do(self) -> bool:
        if not self.courier.done or self.stage.hub.waiting:
            return False
        with self.database.read_transaction() as tx:
            rests = at_rest(tx.connection, datetime.now(UTC))
            return rests and tx.work.next_due(list(WorkStep)) is None

    def witness(self) -> Witness:
        """Everything that was seen from outside, and the database."""
        return Witness(self.courier, self.stage.head_end, self.stage.hub, self.standard.book, self.database)


@contextmanager
def open_scene(plan: Plan, databases: Databases, place: Path | None) -> Iterator[Scene]:
    """A folder of its own below ``place``, which is removed afterwards, a fresh database, hub, head-end system."""
    with ExitStack() as last:
        name = f"chaos-{plan.seed}-{plan.number}"
        folder = Path(last.enter_context(tempfile.TemporaryDirectory(prefix=f"{name}-", dir=place)))
        url = last.enter_context(databases.fresh(folder, name))
        pki = make_demo_pki(folder, datetime.now(UTC))
        standard = standard_once()
        post = Post(standard, pki, random.Random(plan.dice_seed))  # noqa: S311 - repeatable, no secret
        batches = [post.batch(extras) for extras in plan.extras]
        stage = Stage(folder, pki, url, plan.number, plan.delay)
        last.callback(stage.close)
        stage.open(post.places)
        courier = Courier(stage.hub)
        last.callback(courier.close)
        database = Database(url)
        last.callback(database.close)
        yield Scene(plan, stage, standard, post, courier, batches, database)


def _crash(scene: Scene, outcome: Outcome) -> None:
    """The service is killed at one point after the other, each time while new messages come."""
    scene.stage.enter(scene.post.places)
    _serve_and_die(scene, outcome)


def _serve_and_die(scene: Scene, outcome: Outcome) -> None:
    for crash, letters in zip(scene.plan.crashes, scene.batches, strict=False):
        scene.courier.take(letters)
        victim = scene.stage.serve(crash)
        _bring_until_dead_or_quiet(scene, victim, crash)
        _note(outcome, crash, victim)
        victim.kill()
        victim.wait()
    _to_the_end(scene, scene.batches[-1])


def _migration(scene: Scene, outcome: Outcome) -> None:
    """Upgrades of the database are killed; then the bridge must run normally."""
    if scene.plan.older:
        [letter] = scene.batches[-1][:1]
        make_older(scene.database, letter, random.Random(scene.plan.dice_seed))  # noqa: S311
    for crash in scene.plan.crashes:
        victim = scene.stage.upgrade(crash)
        victim.wait()
        _note(outcome, crash, victim)
    scene.stage.enter(scene.post.places)
    _to_the_end(scene, scene.batches[-1])


def _take_over(scene: Scene, outcome: Outcome) -> None:
    """A worker is stopped during its work, another one takes over its leases, and then the first one continues."""
    scene.stage.enter(scene.post.places)
    door = scene.stage.serve(role=Role.WEB)
    if not door.answers():
        raise _GoesWrong("the door did not start")
    [crash] = scene.plan.crashes
    first = scene.stage.serve(crash, Role.WORKER, f"{door.url}/hes/events")
    scene.courier.take([letter for batch in scene.batches for letter in batch])
    stopped = _bring_until(scene, door, lambda: first.said_stopped() or not first.alive or scene.quiet())
    if not first.alive:
        raise _GoesWrong(f"the first worker ended by itself with {first.ended_with}")
    (outcome.killed if stopped and not scene.quiet() else outcome.missed).append(crash)
    second = scene.stage.serve(role=Role.WORKER, events=f"{door.url}/hes/events")
    if not second.answers():
        raise _GoesWrong("the second worker did not start")
    patience = _REST_SECONDS if scene.plan.longest else 1.2 * LEASE_SECONDS
    over = time.monotonic() + patience
    _bring_until(scene, door, lambda: time.monotonic() > over or scene.quiet())
    first.go_on()
    if not _bring_until(scene, door, scene.quiet):
        raise _GoesWrong("the bridge did not come to rest")


def _retention(scene: Scene, outcome: Outcome) -> None:
    """All work is done; then ended records are archived and deleted, and that process is killed."""
    scene.stage.enter(scene.post.places)
    _to_the_end(scene, [letter for batch in scene.batches for letter in batch])
    outcome.found += violations(scene.witness(), Expectations())
    scene.stage.kill_all()
    before = Kept.of(scene.database)
    for crash in scene.plan.crashes:
        victim = scene.stage.retire(crash)
        victim.wait()
        _note(outcome, crash, victim)
    last = scene.stage.retire(None)
    last.wait()
    if last.ended_with != 0:
        raise _GoesWrong(f"retention ended with {last.ended_with}")
    outcome.found += retention_violations(before, scene.database, scene.stage.archive)


_DRAMAS = {Drama.CRASH: _crash, Drama.MIGRATION: _migration, Drama.RETENTION: _retention, Drama.TAKE_OVER: _take_over}


def _note(outcome: Outcome, crash: Crash, victim: Victim) -> None:
    if victim.alive or victim.ended_with == 0:
        outcome.missed.append(crash)
    elif victim.killed:
        outcome.killed.append(crash)
    else:
        raise _GoesWrong(f"the bridge ended by itself with {victim.ended_with}, and not at {crash}")


def _to_the_end(scene: Scene, letters: list[Letter]) -> None:
    """The bridge, which is not killed any more, must finish all work."""
    scene.courier.take(letters)
    victim = scene.stage.serve()
    if not victim.answers():
        raise _GoesWrong("the bridge did not start again")
    if not _bring_until(scene, victim, lambda: scene.quiet() or not victim.alive):
        raise _GoesWrong("the bridge did not come to rest")
    if not victim.alive:
        raise _GoesWrong(f"the bridge ended by itself with {victim.ended_with}")


def _bring_until_dead_or_quiet(scene: Scene, victim: Victim, crash: Crash) -> None:
    """A blow from outside comes for certain; any other one may never come, when all is done before."""
    certain = killer_of(crash.point) is Killer.OUTSIDE
    if not victim.answers():
        victim.wait()  # its pipe is closed a moment before it is gone
    elif not _bring_until(scene, victim, lambda: not victim.alive or (not certain and scene.quiet())):
        raise _GoesWrong("the bridge did not come to rest")


def _bring_until(scene: Scene, door: Victim, end: Callable[[], bool]) -> bool:
    """Bring letters until ``end``; False when that takes too long."""

    def goes_on() -> bool:
        scene.courier.go(door.url)
        return end()

    return wait_until(goes_on, _REST_SECONDS)
