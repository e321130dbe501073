"""Measures whether memory stays constant: very many orders through the whole bridge in one process."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from csire_bridge.lab.bench.head_end import head_end_process
from csire_bridge.lab.bench.roundtrip import OurTrip
from csire_bridge.lab.bench.scene import Scene
from csire_bridge.lab.shared.measure import Track, peak_rss_mib, rate, round_sizes
from csire_bridge.lab.simulators.pki import Algorithm

__all__ = ["MemoryReport", "measure_memory"]

_WARM_UP = 10
_PARTS = 10


@dataclass(frozen=True)
class MemoryReport:
    """``peaks_mib``: the most memory that the process ever held, in MiB, by the end of each tenth of the orders."""

    orders: int
    batch: int
    per_second: float
    peaks_mib: tuple[float, ...]

    @property
    def growth(self) -> float:
        """The last peak as a multiple of that after the first tenth."""
        return self.peaks_mib[-1] / self.peaks_mib[0]


def measure_memory(place: Path, count: int, algorithm: Algorithm, batch: int, track: Track) -> MemoryReport:
    """Carry ``count`` orders out, from signed message to signed answer, with files in the empty folder ``place``.

    The messages are made and signed in the same process, a chunk at a time, and are a part of what is measured.
    Raises OurFault when an order did not end as done and answered.
    """
    scene, seconds, done = Scene(place, algorithm), 0.0, 0
    peaks: list[float] = []
    with ExitStack() as stack:
        url = stack.enter_context(head_end_process(count + _WARM_UP))
        ours = OurTrip(stack.enter_context(scene.bridge("ours", batch, url)))
        _carry_out(scene, ours, _WARM_UP, batch)
        sizes = round_sizes(count, _PARTS)
        for size in track(sizes, len(sizes)):
            seconds += size / _carry_out(scene, ours, size, batch)
            done += size
            while done * _PARTS >= count * (len(peaks) + 1):
                peaks.append(peak_rss_mib())
        ours.check(count + _WARM_UP)
    return MemoryReport(count, batch, count / seconds, tuple(peaks))


def _carry_out(scene: Scene, ours: OurTrip, size: int, batch: int) -> float:
    """Orders per second."""
    chunk = scene.workload.take(size)
    ours.prepare(chunk)
    return rate(size, lambda: ours.run(chunk, batch, 2 * batch))
