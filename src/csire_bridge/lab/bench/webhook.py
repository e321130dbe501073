"""Measures the webhook: signed messages over HTTP, signed receipts back, beside the same intake without HTTP.

The service is a process of its own; the load comes from this one, over connections that are kept alive. In each round
first the one and then the other works, so both meet the same machine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

from csire_bridge.domain.errors import OurFault
from csire_bridge.lab.bench.intake import take_in_batches
from csire_bridge.lab.bench.load import Load
from csire_bridge.lab.bench.scene import KEY_KINDS, Scene
from csire_bridge.lab.bench.service import service_process
from csire_bridge.lab.shared.measure import Track, peak_rss_mib, percentiles, rate, ratio, round_sizes
from csire_bridge.lab.simulators.pki import Algorithm
from csire_bridge.service.wiring.bridge import Bridge

__all__ = ["WebhookReport", "measure_webhook"]

_WARM_UP = 64
_ROUNDS = 5
_PATH = "/hub/messages?organisationUser=bench"
_Side = Callable[[Sequence[bytes]], float]


@dataclass(frozen=True)
class WebhookReport:
    """Rates are messages per second, the median of all rounds; ratios are those to ``intake_per_second``, which is the
    intake in batches within one process. ``p50_ms`` and ``p99_ms`` are those of one request with one process.
    """

    messages: int
    rounds: int
    connections: int
    key_kind: str
    batch: int
    intake_per_second: float
    one_process_per_second: float
    two_processes_per_second: float
    ratio: float
    ratio_two_processes: float
    p50_ms: float
    p99_ms: float
    two_processes_p50_ms: float
    two_processes_p99_ms: float
    peak_rss_mib: float


def measure_webhook(
    place: Path, count: int, connections: int, algorithm: Algorithm, batch: int, track: Track
) -> WebhookReport:
    """Push ``count`` messages in each of three ways, round by round in turn, with files in the empty folder ``place``.

    Raises OurFault when a message was not accepted: then the rates would mean nothing.
    """
    scene = Scene(place, algorithm)
    rates: dict[str, list[float]] = {"intake": [], "one": [], "two": []}
    with ExitStack() as stack:
        ours = stack.enter_context(closing(scene.bridge("intake", batch)))
        one, two = (_pushed(stack, scene, number, batch, connections) for number in (1, 2))
        sides: Mapping[str, _Side] = {"intake": partial(_intake, ours, batch), "one": one.run, "two": two.run}
        _round(sides, scene, _WARM_UP)
        one.each.clear()
        two.each.clear()
        sizes = round_sizes(count, _ROUNDS)
        for size in track(sizes, len(sizes)):
            for name, pace in _round(sides, scene, size).items():
                rates[name].append(pace)
            sides = dict(reversed(list(sides.items())))  # no side always comes after the same other one
    (p50, p99), (two_p50, two_p99) = percentiles(one.each), percentiles(two.each)
    return WebhookReport(
        messages=count,
        rounds=len(sizes),
        connections=connections,
        key_kind=KEY_KINDS[algorithm],
        batch=batch,
        intake_per_second=median(rates["intake"]),
        one_process_per_second=median(rates["one"]),
        two_processes_per_second=median(rates["two"]),
        ratio=ratio(rates["one"], rates["intake"]),
        ratio_two_processes=ratio(rates["two"], rates["intake"]),
        p50_ms=p50 * 1000,
        p99_ms=p99 * 1000,
        two_processes_p50_ms=two_p50 * 1000,
        two_processes_p99_ms=two_p99 * 1000,
        peak_rss_mib=peak_rss_mib(),
    )


def _round(sides: Mapping[str, _Side], scene: Scene, size: int) -> dict[str, float]:
    """All sides take the same messages, each into a database of its own."""
    raws = [message.raw for message in scene.workload.take(size)]
    return {name: side(raws) for name, side in sides.items()}


def _intake(bridge: Bridge, batch: int, raws: Sequence[bytes]) -> float:
    return rate(len(raws), partial(take_in_batches, bridge, batch, raws))


class _Pushed:
    """One service with its load; ``each`` gathers the seconds of every request."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self.each: list[float] = []

    def run(self, raws: Sequence[bytes]) -> float:
        """Messages per second; raises OurFault unless all were accepted."""
        posted = self._load.post(raws)
        if posted.others:
            raise OurFault(f"the service answered {posted.others[0]} to {len(posted.others)} messages", "report it")
        self.each += posted.each
        return len(raws) / posted.seconds


def _pushed(stack: ExitStack, scene: Scene, processes: int, batch: int, connections: int) -> _Pushed:
    settings = scene.service_settings(f"service-{processes}", batch)
    url = stack.enter_context(service_process(settings, processes))
    return _Pushed(stack.enter_context(closing(Load(url, _PATH, connections))))
