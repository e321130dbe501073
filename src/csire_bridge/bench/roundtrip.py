"""Measures the round trip of orders: from a signed message's bytes to the stored and delivered signed answer.

Two comparisons, each with the same number of orders in flight on both sides: one order at a time, and a window of two
batches. The bare side posts ready-made commands and never reads a contactor.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

from sqlalchemy import func, select

from csire_bridge.bench.bare import BareStore
from csire_bridge.bench.bare_head_end import BareHeadEnd, BareListener
from csire_bridge.bench.bare_trip import BareTrip
from csire_bridge.bench.head_end import head_end_process
from csire_bridge.bench.measure import Track, peak_rss_mib, rate, ratio, round_sizes
from csire_bridge.bench.scene import KEY_KINDS, Scene
from csire_bridge.bench.workload import SignedMessage
from csire_bridge.bootstrap import Bridge
from csire_bridge.domain.documents import DocumentState
from csire_bridge.domain.errors import OurFault
from csire_bridge.domain.messages import Channel
from csire_bridge.domain.orders import OrderState
from csire_bridge.domain.registry import MeteringPoint
from csire_bridge.domain.work import WorkStep
from csire_bridge.pipeline.receive import Arrival
from csire_bridge.simulators.hes import meter_number
from csire_bridge.simulators.pki import Algorithm
from csire_bridge.store.tables import orders, outbox

__all__ = ["RoundTripReport", "measure_round_trip"]

_WARM_UP = 10
_ROUNDS = 5
_PATIENCE = 60.0
_SIDES = 4
_Work = Callable[[Sequence[SignedMessage]], None]


@dataclass(frozen=True)
class RoundTripReport:
    """Rates are orders per second, the median of all rounds; ratios are ours to bare, the median likewise.

    ``in_flight`` orders at most are under way at once on both sides of ``ratio``; one on both sides of
    ``ratio_one_by_one``. ``done`` counts our orders, of both kinds, with a delivered answer.
    """

    orders: int
    rounds: int
    key_kind: str
    batch: int
    in_flight: int
    bare_per_second: float
    ours_per_second: float
    ratio: float
    bare_one_by_one_per_second: float
    ours_one_by_one_per_second: float
    ratio_one_by_one: float
    done: int
    peak_rss_mib: float


def measure_round_trip(place: Path, count: int, algorithm: Algorithm, batch: int, track: Track) -> RoundTripReport:
    """Carry ``count`` orders out in four ways, round by round in turn, with files in the empty folder ``place``.

    Raises OurFault when an order of ours did not end as done and answered.
    """
    window = 2 * batch
    rates: dict[str, list[float]] = {name: [] for name in ("bare", "ours", "bare single", "ours single")}
    scene = Scene(place, algorithm)
    with ExitStack() as stack:
        url = stack.enter_context(head_end_process(_SIDES * (count + _WARM_UP)))
        store = stack.enter_context(closing(BareStore(place / "bare.db")))
        head_end = stack.enter_context(closing(BareHeadEnd(url)))
        listener = stack.enter_context(closing(BareListener()))
        bare = BareTrip(scene.bare, store, head_end, listener)
        ours = OurTrip(stack.enter_context(scene.bridge("ours", batch, url)))
        works: dict[str, _Work] = {
            "bare": partial(bare.run, in_flight=window),
            "ours": partial(ours.run, batch=batch, in_flight=window),
            "bare single": partial(bare.run, in_flight=1),
            "ours single": partial(ours.run, batch=1, in_flight=1),
        }
        _round(works, scene, bare, ours, _WARM_UP)
        sizes = round_sizes(count, _ROUNDS)
        for size in track(sizes, len(sizes)):
            for name, pace in _round(works, scene, bare, ours, size).items():
                rates[name].append(pace)
            works = dict(reversed(works.items()))  # no side always comes after the same other one
        done = ours.check(2 * (count + _WARM_UP)) - 2 * _WARM_UP
    return RoundTripReport(
        orders=count,
        rounds=len(sizes),
        key_kind=KEY_KINDS[algorithm],
        batch=batch,
        in_flight=window,
        bare_per_second=median(rates["bare"]),
        ours_per_second=median(rates["ours"]),
        ratio=ratio(rates["ours"], rates["bare"]),
        bare_one_by_one_per_second=median(rates["bare single"]),
        ours_one_by_one_per_second=median(rates["ours single"]),
        ratio_one_by_one=ratio(rates["ours single"], rates["bare single"]),
        done=done,
        peak_rss_mib=peak_rss_mib(),
    )


def _round(works: Mapping[str, _Work], scene: Scene, bare: BareTrip, ours: OurTrip, size: int) -> dict[str, float]:
    """Each side gets orders of its own, because a meter can be disconnected once only."""
    rates = {}
    for name, work in works.items():
        chunk = scene.workload.take(size)
        (ours if name.startswith("ours") else bare).prepare(chunk)
        rates[name] = rate(size, partial(work, chunk))
    return rates


class OurTrip:
    """Orders through the whole bridge."""

    def __init__(self, bridge: Bridge) -> None:
        self._bridge = bridge
        bridge.worker.leave_out(WorkStep.DELIVER)

    def prepare(self, chunk: Sequence[SignedMessage]) -> None:
        """Enter the metering points of the orders into the registry."""
        now = self._bridge.clock()
        with self._bridge.database.transaction() as tx:
            for order in chunk:
                meter = meter_number(order.index)
                point = MeteringPoint(code=order.point, updated_at=now, meter=meter, has_contactor=True, connected=True)
                tx.points.put(point)

    def run(self, chunk: Sequence[SignedMessage], batch: int, in_flight: int) -> None:
        """Take batches in while there is room, and let the worker work, until every answer is signed and stored."""
        bridge, fed, done, moved_at = self._bridge, 0, 0, time.monotonic()
        answered = self._answers()
        while done < len(chunk):
            if fed < len(chunk) and fed - done + batch <= in_flight:
                group = chunk[fed : fed + batch]
                bridge.take_in(Channel.REPLAY, [Arrival("bench", order.raw) for order in group])
                fed += len(group)
            if not bridge.worker.turn():
                bridge.worker.rest(0.05)
            before, done = done, self._answers() - answered
            moved_at = time.monotonic() if done > before else moved_at
            if time.monotonic() - moved_at > _PATIENCE:
                raise OurFault(f"no order of the bench was answered for {_PATIENCE} s", "run it again with -v")

    def _answers(self) -> int:
        """How many signed answers are stored."""
        with self._bridge.database.reading() as connection:
            return connection.execute(select(func.max(outbox.c.key))).scalar() or 0

    def check(self, expected: int) -> int:
        """How many orders are done and answered; raises OurFault when it is not the number expected."""
        query = (
            select(func.count())
            .select_from(orders)
            .join(outbox, outbox.c.order == orders.c.key)
            .where(orders.c.state == OrderState.DONE.value, outbox.c.state == DocumentState.PENDING.value)
        )
        with self._bridge.database.reading() as connection:
            found = connection.execute(query).scalar() or 0
        if found != expected:
            raise OurFault(f"only {found} of {expected} orders were done and answered", "report it")
        return found
