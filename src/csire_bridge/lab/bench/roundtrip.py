"""Measures the round trip of orders: from a signed message's bytes to the stored and delivered signed answer.

Two comparisons, each with the same number of orders in flight on both sides: one order at a time, and a window of four
batches. The bare side posts ready-made commands and never reads a contactor.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from threading import Event
from typing import Protocol

from sqlalchemy import func, select

from csire_bridge.domain.errors import OurFault
from csire_bridge.domain.message.documents import DocumentState
from csire_bridge.domain.message.message import Channel
from csire_bridge.domain.order.order import OrderState
from csire_bridge.domain.work import WorkStep
from csire_bridge.lab.bench.bare.head_end import BareHeadEnd, BareListener
from csire_bridge.lab.bench.bare.trip import BareTrip
from csire_bridge.lab.bench.bare.work import BareStore
from csire_bridge.lab.bench.head_end import head_end_process
from csire_bridge.lab.bench.scene import KEY_KINDS, Scene, known_points
from csire_bridge.lab.demo.stage import enter_points
from csire_bridge.lab.shared.cpu_affinity import cores, kept_to
from csire_bridge.lab.shared.measure import Track, peak_rss_mib, rate, ratio, round_sizes
from csire_bridge.lab.shared.workload import SignedMessage
from csire_bridge.lab.simulators.pki import Algorithm
from csire_bridge.pipeline.intake.receive import Arrival
from csire_bridge.service.wiring.bridge import Bridge
from csire_bridge.store.tables import orders, outbox

__all__ = ["RoundTripReport", "measure_round_trip"]

_WARM_UP = 10
_ROUNDS = 5
_PATIENCE = 60.0
_SIDES = 4
_BATCHES = 4


class _Trip(Protocol):
    def prepare(self, chunk: Sequence[SignedMessage]) -> None: ...


_Side = tuple[_Trip, Callable[[Sequence[SignedMessage]], None]]
"""What prepares orders, and what carries them out."""


@dataclass(frozen=True)
class RoundTripReport:
    """Rates are orders per second, the median of all rounds; ratios are ours to bare, the median likewise.

    ``in_flight`` orders at most are under way at once on both sides of ``ratio``; one on both sides of
    ``ratio_one_by_one``. ``done`` counts our orders, of both kinds, with a stored answer. The two last are those of
    our side on another database, with as many orders in flight; None where none was named. ``kept_apart``: the sides
    ran on one core, and the head-end system on another.
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
    early_rss_mib: float
    ours_on_database_per_second: float | None = None
    ratio_on_database: float | None = None
    kept_apart: bool = False


def measure_round_trip(
    place: Path,
    count: int,
    algorithm: Algorithm,
    batch: int,
    track: Track,
    database: str | None = None,
    *,
    spread: bool = False,
) -> RoundTripReport:
    """Carry ``count`` orders out in four ways, round by round in turn, with files in the empty folder ``place``.

    ``database`` is the address of an empty database on which our side works a fifth time. All sides run on one core,
    and the head-end system on another; or wherever the system puts them, if there is only one, or for ``spread``.

    Raises OurFault when an order of ours did not end as done and answered.
    """
    window = _BATCHES * batch
    scene = Scene(place, algorithm)
    with ExitStack() as stack:
        here, there = (None, None) if spread else _apart()
        url = stack.enter_context(head_end_process((_SIDES + bool(database)) * (count + _WARM_UP), there))
        stack.enter_context(nullcontext() if here is None else kept_to(here))
        store = stack.enter_context(closing(BareStore(place / "bare.db")))
        head_end = stack.enter_context(closing(BareHeadEnd(url)))
        listener = stack.enter_context(closing(BareListener()))
        bare = BareTrip(scene.bare, store, head_end, listener)
        ours = OurTrip(stack.enter_context(scene.bridge("ours", batch, url)))
        sides: dict[str, _Side] = {
            "bare": (bare, partial(bare.run, in_flight=window)),
            "ours": (ours, partial(ours.run, batch=batch, in_flight=window)),
            "bare single": (bare, partial(bare.run, in_flight=1)),
            "ours single": (ours, partial(ours.run, batch=1, in_flight=1)),
        }
        other: OurTrip | None = None
        if database:
            other = OurTrip(stack.enter_context(scene.bridge("other", batch, url, database)))
            other.check(0)
            sides["database"] = (other, partial(other.run, batch=batch, in_flight=window))
        rates, early_rss = _in_rounds(sides, scene, round_sizes(count, _ROUNDS), track)
        done = ours.check(2 * (count + _WARM_UP)) - 2 * _WARM_UP
        if other:
            other.check(count + _WARM_UP)
    return RoundTripReport(
        orders=count,
        rounds=len(rates["ours"]),
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
        early_rss_mib=early_rss,
        ours_on_database_per_second=median(rates["database"]) if database else None,
        ratio_on_database=ratio(rates["database"], rates["bare"]) if database else None,
        kept_apart=here is not None,
    )


def _apart() -> tuple[int, int] | tuple[None, None]:
    """A core for both sides, and another one for the head-end system."""
    some = cores()
    return (some[0], some[1]) if len(some) > 1 else (None, None)


def _in_rounds(
    sides: dict[str, _Side], scene: Scene, sizes: Sequence[int], track: Track
) -> tuple[dict[str, list[float]], float]:
    """Each side's orders per second, round by round after one to warm up; and the peak of memory after a tenth."""
    rates: dict[str, list[float]] = {name: [] for name in sides}
    early_rss = 0.0
    _round(sides, scene, _WARM_UP)
    for number, size in enumerate(track(sizes, len(sizes)), 1):
        for name, pace in _round(sides, scene, size).items():
            rates[name].append(pace)
        sides = dict(reversed(sides.items()))  # no side always comes after the same other one
        early_rss = early_rss or (peak_rss_mib() if number * 10 >= len(sizes) else 0.0)
    return rates, early_rss


def _round(sides: Mapping[str, _Side], scene: Scene, size: int) -> dict[str, float]:
    """Each side gets orders of its own, because a meter can be disconnected once only."""
    rates = {}
    for name, (trip, work) in sides.items():
        chunk = scene.workload.take(size)
        trip.prepare(chunk)
        rates[name] = rate(size, partial(work, chunk))
    return rates


class OurTrip:
    """Orders through the whole bridge."""

    def __init__(self, bridge: Bridge) -> None:
        self._bridge = bridge
        bridge.worker.leave_out(WorkStep.DELIVER)

    def prepare(self, chunk: Sequence[SignedMessage]) -> None:
        """Enter the metering points of the orders into the registry."""
        enter_points(self._bridge.database, known_points(chunk, self._bridge.clock()))

    def run(self, chunk: Sequence[SignedMessage], batch: int, in_flight: int) -> None:
        """Take batches in while there is room, and let the worker work, until every answer is signed and stored."""
        bridge, stop, fed, done, moved_at = self._bridge, Event(), 0, 0, time.monotonic()
        answered = self._answers()

        def feed() -> None:
            nonlocal fed, done, moved_at
            before, done = done, self._answers() - answered
            moved_at = time.monotonic() if done > before else moved_at
            if time.monotonic() - moved_at > _PATIENCE:
                raise OurFault(f"no order of the bench was answered for {_PATIENCE} s", "run it again with -v")
            if fed < len(chunk) and fed - done + batch <= in_flight:
                group = chunk[fed : fed + batch]
                bridge.take_in(Channel.REPLAY, [Arrival("bench", order.raw) for order in group])
                fed += len(group)
            if done == len(chunk):
                stop.set()

        bridge.worker.run(stop, lambda: bridge.worker.rest(0.05), feed)

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
            raise OurFault(
                f"{found} orders were done and answered, not {expected}", "name an empty database, or report it"
            )
        return found
