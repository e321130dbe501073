"""Measures the bridge's own share of an order's time in a running service, quiet and while partners misbehave.

The service and the head-end system are processes; hub and SID answer from this one. Each situation has a service and a
database of its own: first a burst tells the rate of its round trip, then orders come at half of that rate. A tenth more
come from SID. All times are those that the bridge has stored, read after the run.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from sqlalchemy import Select, func, select

from csire_bridge.channels.sid.contract import Operation
from csire_bridge.domain.errors import OurFault
from csire_bridge.domain.order.order import OrderState
from csire_bridge.lab.bench.head_end import head_end_process
from csire_bridge.lab.bench.load import Load
from csire_bridge.lab.bench.scene import Scene, known_points
from csire_bridge.lab.bench.service import service_process
from csire_bridge.lab.bench.stored_times import Percentiles, answer_to_delivery, event_to_answer, receipt_to_command
from csire_bridge.lab.demo.stage import enter_points
from csire_bridge.lab.shared.measure import Track, rate
from csire_bridge.lab.shared.workload import SignedMessage
from csire_bridge.lab.simulators.hes.simulator import meter_number
from csire_bridge.lab.simulators.hub.simulator import HubSimulator
from csire_bridge.lab.simulators.sid.simulator import SidSimulator
from csire_bridge.runtime.steady_clock import system_clock
from csire_bridge.store.database import Database
from csire_bridge.store.tables import orders, outbox

__all__ = ["AIM_SECONDS", "ShareReport", "Situation", "SituationName", "measure_share"]

AIM_SECONDS = 0.5
"""What the p99 from receipt to command, and from event to stored answer, should stay below."""

_WARM_UP = 8
_PART = 10
_SLOW_SECONDS = 5.0
_NEVER = (3600.0, 3600.0)
_PATH = "/hub/messages?organisationUser=bench"
_LOOK_SECONDS = 0.1
_PATIENCE = 120.0
_BATCH = 64
_CONNECTIONS = 16


class SituationName(StrEnum):
    """What is wrong while orders come."""

    QUIET = "quiet"
    HUB_HUNG = "hub hung"
    SID_HUNG = "SID hung"
    SLOW_METERS = "a tenth of the meters slow"


@dataclass(frozen=True)
class Situation:
    """What was seen in one situation; rates are orders per second. ``done`` are the hub's orders that are done with a
    stored answer, ``from_sid`` those of SID that are done. ``struck``: how many calls were left without an answer, or
    meters were slow. None: there was nothing to measure.
    """

    name: SituationName
    orders: int
    done: int
    from_sid: int
    struck: int
    round_trip_per_second: float
    sent_per_second: float
    receipt_to_command: Percentiles | None
    event_to_answer: Percentiles | None
    answer_to_delivery: Percentiles | None

    @property
    def meets_aim(self) -> bool:
        """Whether the first two are below the aim."""
        both = (self.receipt_to_command, self.event_to_answer)
        return all(part is not None and part.p99 < AIM_SECONDS for part in both)


@dataclass(frozen=True)
class ShareReport:
    """All situations, in the order of ``SituationName``."""

    aim_seconds: float
    aim_met: bool
    situations: tuple[Situation, ...]


def measure_share(place: Path, count: int, track: Track) -> ShareReport:
    """Send ``count`` orders in each situation, with files in the empty folder ``place``.

    Raises OurFault when an order was lost: it was accepted, but is not done and answered (and, while the hub works, the
    answer delivered); and when no call hung where one should.
    """
    scene = Scene(place, "ecdsa")
    names = list(SituationName)
    found = tuple(_situation(scene, names[number], count) for number in track(range(len(names)), len(names)))
    return ShareReport(AIM_SECONDS, all(one.meets_aim for one in found), found)


def _situation(scene: Scene, name: SituationName, count: int) -> Situation:
    warm_up, burst, paced, by_sid = (scene.workload.take(n) for n in (_WARM_UP, count, count, -(-count // _PART)))
    slow = paced[::_PART] if name is SituationName.SLOW_METERS else []
    with _running(scene, name, [*warm_up, *burst, *paced, *by_sid], slow) as run:
        run.send(warm_up)
        run.wait(lambda: run.done() == _WARM_UP)
        pace = rate(count, lambda: run.carry_out(burst))
        run.hang(name)
        for order in by_sid:
            run.sid.register(MeteringPointCode=str(order.point))
        since = system_clock()
        sent = rate(count, lambda: run.send(paced, seconds_between=2 / pace))
        run.wait(lambda: run.done() == _WARM_UP + 2 * count and run.done_for_sid() == len(by_sid))
        if name is not SituationName.HUB_HUNG:
            run.wait(lambda: run.delivered() == run.answers())
        if name in (SituationName.HUB_HUNG, SituationName.SID_HUNG):
            run.wait(lambda: run.struck() > 0)  # else nothing hung, and the situation was not there
        return Situation(
            name=name,
            orders=count,
            done=run.done() - _WARM_UP - count,
            from_sid=run.done_for_sid(),
            struck=run.struck() + len(slow),
            round_trip_per_second=pace,
            sent_per_second=sent,
            receipt_to_command=receipt_to_command(run.database, since),
            event_to_answer=event_to_answer(run.database, since),
            answer_to_delivery=answer_to_delivery(run.database, since),
        )


@contextmanager
def _running(
    scene: Scene, name: SituationName, everything: Sequence[SignedMessage], slow: Sequence[SignedMessage]
) -> Iterator[_Run]:
    """A service with a fresh database that knows the points of ``everything``, and its partners."""
    late = {"late": {"meters": [meter_number(order.index) for order in slow]}, "late_seconds": _SLOW_SECONDS}
    meters = 1 + max(order.index for order in everything)
    settings = scene.service_settings(name.replace(" ", "-"), _BATCH)
    with ExitStack() as stack:
        hub, sid = stack.enter_context(HubSimulator(scene.pki)), stack.enter_context(SidSimulator())
        database = stack.enter_context(closing(Database(str(settings["database"]))))
        enter_points(database, known_points(everything, system_clock()))
        partners = {
            "head_end": {"url": stack.enter_context(head_end_process(meters, faults=late))},
            "hub": {"url": hub.url, "tenant": hub.tenant, "user": hub.user},
            "sid": {"url": sid.url, "idle_seconds": 0.5, "longest_idle_seconds": 1},
        }
        url = stack.enter_context(service_process(settings | partners))
        load = stack.enter_context(closing(Load(url, _PATH, _CONNECTIONS)))
        try:
            yield _Run(database, load, hub, sid)
        finally:  # before the service ends: no call of it hangs any more
            hub.stop()
            sid.stop()


class _Run:
    """What is done with one running service, and what its database says."""

    def __init__(self, database: Database, load: Load, hub: HubSimulator, sid: SidSimulator) -> None:
        self.database, self._load, self._hub, self.sid = database, load, hub, sid
        self._hangs: Callable[[], int] = lambda: 0

    def send(self, chunk: Sequence[SignedMessage], seconds_between: float = 0.0) -> None:
        """Post one message after the other, each not before its time; OurFault when one is not accepted."""
        begun = time.monotonic()
        for number, order in enumerate(chunk):
            time.sleep(max(0.0, begun + number * seconds_between - time.monotonic()))
            self._post([order.raw])

    def carry_out(self, chunk: Sequence[SignedMessage]) -> None:
        """Post all messages at once and wait for their orders."""
        expected = self.done() + len(chunk)
        self._post([order.raw for order in chunk])
        self.wait(lambda: self.done() == expected)

    def _post(self, raws: Sequence[bytes]) -> None:
        if others := self._load.post(raws).others:
            raise OurFault(f"the service answered {others[0]} to {len(others)} messages", "report it")

    def hang(self, name: SituationName) -> None:
        """Let the partner of this situation answer no more; SID still gives orders, but takes no reports."""
        if name is SituationName.HUB_HUNG:
            asked_before = len(self._hub.asked)
            self._hub.faults.slow = _NEVER
            self._hangs = lambda: len(self._hub.asked) - asked_before
        if name is SituationName.SID_HUNG:
            taken = (Operation.FETCH, Operation.CONFIRM)
            self.sid.faults.operations = frozenset(set(Operation).difference(taken))
            self.sid.faults.slow = _NEVER
            self._hangs = lambda: sum(operation not in taken for operation in self.sid.asked)

    def struck(self) -> int:
        """How many calls were left without an answer."""
        return self._hangs()

    def wait(self, reached: Callable[[], bool]) -> None:
        """Wait until it is so; raises OurFault when nothing of it came for long."""
        seen, moved_at = self._progress(), time.monotonic()
        while not reached():
            if (now := self._progress()) != seen:
                seen, moved_at = now, time.monotonic()
            if time.monotonic() - moved_at > _PATIENCE:
                raise OurFault(
                    f"only {seen[0]} orders of the hub and {seen[1]} of SID are done, and "
                    f"{seen[2]} answers delivered: nothing moved for {_PATIENCE:.0f} s",
                    "run it again with -v",
                )
            time.sleep(_LOOK_SECONDS)

    def _progress(self) -> tuple[int, int, int]:
        return self.done(), self.done_for_sid(), self.delivered()

    def done(self) -> int:
        """The hub's orders that are done with a stored answer."""
        answered = outbox.c.order == orders.c.key
        return self._count(select(orders.c.key).join(outbox, answered).where(_DONE, _OF_THE_HUB))

    def done_for_sid(self) -> int:
        """SID's orders that are done."""
        return self._count(select(orders.c.key).where(_DONE, ~_OF_THE_HUB))

    def answers(self) -> int:
        """Signed and stored answers to the hub."""
        return self._count(select(outbox.c.key))

    def delivered(self) -> int:
        """Answers that the hub took."""
        return self._count(select(outbox.c.key).where(outbox.c.delivered_at.is_not(None)))

    def _count(self, rows: Select[int]) -> int:
        with self.database.reading() as connection:
            return connection.execute(select(func.count()).select_from(rows.distinct().subquery())).scalar_one()


_DONE = orders.c.state == OrderState.DONE.value
_OF_THE_HUB = orders.c.source_message.is_not(None)
