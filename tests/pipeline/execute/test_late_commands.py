"""Commands that come late, are run late, or can't be called back: no two act at one meter out of order.

The real store, pipeline and worker with a model of the world around them, on a simulated clock. A command may be held
on its way whatever was answered, so that nobody knows it who is asked to cancel it; it may be said to have failed and
run later; its event may be lost; a cancellation may be refused, or lost on its way there or back; the process may die
in between; the head-end system's clock may be minutes off ours.
"""

from __future__ import annotations

import heapq
import itertools
import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from csire_bridge.domain.identifiers import MeterNumber
from csire_bridge.domain.meter.contactor import ControlState
from csire_bridge.domain.metering_point.facts import MeteringPoint
from csire_bridge.domain.order.order import OrderKind
from csire_bridge.domain.protection import NOT_PROTECTED
from csire_bridge.domain.work import WorkStep
from csire_bridge.lab.simulators.pki import make_demo_pki
from csire_bridge.runtime.steady_clock import system_clock
from tests.support.chance import examples
from tests.support.model.bridge import CountingDatabase, ModelBridge, Parts, emptied
from tests.support.model.checks import Checks
from tests.support.model.head_end import Crash, Fault, Held, HeldState, ModelHeadEnd, ModelMeter, World
from tests.support.model.machine import POINTS

pytestmark = pytest.mark.slow

POINT, METER = POINTS[0], MeterNumber("MODEL0")
OFF, ON = OrderKind.DISCONNECT, OrderKind.RECONNECT
_MEMORY = Path("/dev/shm")  # noqa: S108 - what dies here is a process, not the machine: a file in memory will do


@dataclass(frozen=True)
class Fate:
    """What becomes of a command: ``call`` of the call, run so many seconds ``later``, ``told`` by an event or not.

    ``failed``: it is said to have failed before it is run.
    """

    call: Fault | None = None
    later: int = 2
    told: bool = True
    failed: bool = False


@dataclass(frozen=True)
class Story:
    """``asked``: seconds between requests, and what each asks for. ``fates`` are those of the first commands, in their
    order, ``cancels`` what becomes of the first calls to cancel; ``ahead`` seconds is the head-end system's clock.
    """

    on: bool
    asked: tuple[tuple[int, OrderKind], ...]
    fates: tuple[Fate, ...]
    cancels: tuple[Fault | None, ...] = ()
    ahead: int = 0


class Told:
    """Plays one story to its end; whatever happens is done at its simulated moment, and then the bridge works."""

    def __init__(self, parts: Parts, story: Story) -> None:
        self.story = story
        self.world = World(head_end_skew=timedelta(seconds=story.ahead))
        state = ControlState.CONNECTED if story.on else ControlState.DISCONNECTED
        self.head_end = ModelHeadEnd(self.world, {METER: ModelMeter(METER, arms=False, state=state)})
        emptied(parts.database)
        with parts.database.transaction() as tx:
            known = {
                "meter": METER,
                "meter_kind": "CK0201",
                "has_contactor": True,
                "protection": NOT_PROTECTED,
                "connected": story.on,
            }
            tx.points.put(MeteringPoint(code=POINT, updated_at=self.world.now, **known))  # type: ignore[arg-type]
        self.bridge = ModelBridge(parts, self.world, self.head_end)
        self.checks = Checks(self.bridge)
        self.head_end.submits += [fate.call for fate in story.fates]
        self.head_end.cancels += story.cancels
        self._agenda: list[tuple[datetime, int, Callable[[], None]]] = []
        self._turn = itertools.count()
        self._seen = 0
        self._busy = True

    def play(self) -> None:
        """Until nothing is left to happen; raises AssertionError when a rule is broken."""
        at = 0
        for pause, kind in self.story.asked:
            at += pause
            self._later(at, lambda kind=kind: self._ask(kind))  # type: ignore[misc]
        for _ in range(500):
            if not self._agenda and not self.checks.unrest():
                break
            self._go_on()
            self._work()
            self.checks.after_step()
        self.checks.at_rest()

    def _ask(self, kind: OrderKind) -> None:
        (self.bridge.disconnect if kind is OFF else self.bridge.reconnect)(POINT, self.world.now, None)

    def _later(self, seconds: float, does: Callable[[], None]) -> None:
        heapq.heappush(self._agenda, (self.world.now + timedelta(seconds=seconds), next(self._turn), does))

    def _go_on(self) -> None:
        """To what happens next, in the world or at the bridge."""
        with self.bridge.parts.database.transaction() as tx:
            due = tx.work.next_due(tuple(WorkStep))
        moments = [moment for moment in (due, self._agenda[0][0] if self._agenda else None) if moment is not None]
        least = timedelta(seconds=0.1 if self._busy else 5)  # what a dead process has leased is due, and can't be had
        self.world.now = max([self.world.now + least, *([min(moments)] if moments else [])])
        while self._agenda and self._agenda[0][0] <= self.world.now:
            heapq.heappop(self._agenda)[2]()

    def _work(self) -> None:
        try:
            self._busy = bool(self.bridge.workers[0].turn())
        except Crash:
            self.bridge.restart(0)
        for held in self.head_end.held[self._seen :]:
            known = self._seen < len(self.story.fates)
            self._begins(held, self.story.fates[self._seen] if known else Fate())
            self._seen += 1

    def _begins(self, held: Held, fate: Fate) -> None:
        if fate.failed:
            self._later(1, lambda: self.head_end.gives_up_too_early(held))
            self._later(1.1, self._tell)
        self._later(fate.later, lambda: self._runs(held, told=fate.told))

    def _runs(self, held: Held, *, told: bool) -> None:
        if held.state is HeldState.ON_ITS_WAY:
            self.head_end.arrives(held)
        if held.state is HeldState.QUEUED:
            self.head_end.run(held, silent=not told)
            self._later(1, self._tell)

    def _tell(self) -> None:
        while self.head_end.undelivered:
            self.bridge.deliver(self.head_end.undelivered.pop(0))


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    with ExitStack() as stack:
        place = _MEMORY if _MEMORY.is_dir() else tmp_path_factory.mktemp("model")
        folder = stack.enter_context(TemporaryDirectory(dir=place))
        database = stack.enter_context(closing(CountingDatabase(f"sqlite:///{folder}/bridge.db")))
        database.upgrade()
        stack.callback(logging.disable, logging.root.manager.disable)
        logging.disable(logging.CRITICAL)
        yield Parts.made(database, make_demo_pki(tmp_path_factory.mktemp("pki"), system_clock()))


_CALLS = st.sampled_from([None, None, *(fault for fault in Fault if fault is not Fault.UNREACHABLE)])
_FATES = st.builds(Fate, _CALLS, st.sampled_from([0, 2, 60, 125, 200, 290]), st.booleans(), st.booleans())
_CANCELLED = st.none() | st.sampled_from([Fault.REFUSED, Fault.LOST_BEFORE, Fault.LOST_AFTER, Fault.CRASH_AFTER])
_ASKED = st.tuples(st.sampled_from([0, 2, 30, 124, 130, 290, 340]), st.sampled_from([OFF, ON]))
STORIES = st.builds(
    Story,
    st.booleans(),
    st.lists(_ASKED, min_size=2, max_size=4).map(tuple),
    st.lists(_FATES, min_size=1, max_size=4).map(tuple),
    st.lists(_CANCELLED, max_size=3).map(tuple),
    st.sampled_from([-240, -60, 0, 60, 240]),
)
_HELD = Fate(Fault.HELD_SILENT, later=200, told=False)

SURFACES_LATE = Story(False, ((0, OFF), (130, ON)), (_HELD,))
"""The contactor is off already; the second disconnection hangs, a connection follows, and then it surfaces."""
CLOCKS_APART = Story(True, ((0, OFF), (340, ON)), (Fate(Fault.LOST_AFTER, later=355, told=False),), ahead=-60)
"""Our clock is a minute ahead: by ours the first command has expired, by the head-end system's it still runs."""
FAILED_AND_DONE = Story(True, ((0, OFF),), (Fate(None, later=5, failed=True),))
"""It is said to have failed, and is done four seconds later."""
REFUSED_AND_DONE = Story(True, ((0, OFF), (60, ON)), (Fate(Fault.HELD_REFUSED, later=200),))


@settings(
    max_examples=examples(25),
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
@given(story=STORIES)
@example(story=SURFACES_LATE)
@example(story=CLOCKS_APART)
@example(story=FAILED_AND_DONE)
@example(story=REFUSED_AND_DONE)
def test_given_commands_that_come_or_run_late_then_none_acts_after_a_newer_one_and_no_word_to_the_hub_is_untrue(
    parts: Parts, story: Story
) -> None:
    Told(parts, story).play()
