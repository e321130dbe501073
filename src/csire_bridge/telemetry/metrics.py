"""Counts and times as things happen: ``count`` and ``observe``, by a name of the catalogue ``metric_names``.

Nothing is counted until ``set_up_metrics`` is called, and ``prometheus_client`` is loaded there only: small commands
don't pay for it. Several processes on one host add up where they share a folder, in which each keeps its counts.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from csire_bridge.domain.errors import ConfigurationError
from csire_bridge.telemetry.metric_names import METRICS, Metric, MetricKind

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry
    from prometheus_client.registry import Collector

__all__ = ["MetricsPage", "count", "observe", "set_up_metrics", "timed", "turn_off_metrics"]

_live: dict[str, Any] = {}
_children: dict[tuple[object, ...], Any] = {}
_folders: list[Path | None] = []
_MOST_ENDED = 400


def count(name: str, by: float = 1, **labels: str) -> None:
    """Add to a counter."""
    if _live:
        _child(name, labels).inc(by)


def observe(name: str, seconds: float, **labels: str) -> None:
    """Add a duration to a histogram."""
    if _live:
        _child(name, labels).observe(max(seconds, 0.0))


@contextmanager
def timed(name: str, **labels: str) -> Iterator[None]:
    """Observe how long the block takes, with ``result`` ``answered``, or ``failed`` when it raises."""
    if not _live:
        yield
        return
    begun, result = time.monotonic(), "failed"
    try:
        yield
        result = "answered"
    finally:
        observe(name, time.monotonic() - begun, **labels, result=result)


def _child(name: str, labels: dict[str, str]) -> Any:
    key = (name, *labels.values())
    child = _children.get(key)
    if child is None:
        metric = _live[name]
        child = _children[key] = metric.labels(**labels) if labels else metric
    return child


class MetricsPage:
    """What ``/metrics`` answers: the counts of all processes that share a folder, and what ``gauges`` reads now."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def add(self, gauges: Collector) -> None:
        """Ask ``gauges`` at each reading."""
        self._registry.register(gauges)

    def text(self, accept: str) -> tuple[bytes, str]:
        """The page in the format that ``accept`` (the header of the request) asks for, and its content type."""
        from prometheus_client.exposition import choose_encoder  # noqa: PLC0415

        encode, content_type = choose_encoder(accept)
        return encode(self._registry), content_type


def set_up_metrics(folder: Path | None = None) -> MetricsPage:
    """Count from now on. ``folder`` is shared by the processes of one host; None: this process is alone.

    A process that counts already goes on with its counts, unless it gets another folder. Counts of processes that have
    ended are kept as long as another one runs. Raises ConfigurationError.
    """
    from prometheus_client import CollectorRegistry, ProcessCollector  # noqa: PLC0415
    from prometheus_client.multiprocess import MultiProcessCollector  # noqa: PLC0415

    if not _live or _folders != [folder]:
        turn_off_metrics()
        _begin(folder)
    registry = CollectorRegistry()
    if folder is not None:
        MultiProcessCollector(registry, path=str(folder))  # type: ignore[no-untyped-call]
        return MetricsPage(registry)
    ProcessCollector(registry=registry)
    for metric in _live.values():
        registry.register(metric)
    return MetricsPage(registry)


def turn_off_metrics() -> None:
    """Count nothing any more."""
    _live.clear()
    _children.clear()
    _folders.clear()
    os.environ.pop("PROMETHEUS_MULTIPROC_DIR", None)


def _begin(folder: Path | None) -> None:
    """Make all that is counted, in memory or in the folder."""
    from prometheus_client import CollectorRegistry, values  # noqa: PLC0415

    if folder is None:
        values.ValueClass = values.MutexValue
    else:
        _prepare(folder)
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
        values.ValueClass = values.MultiProcessValue()  # type: ignore[no-untyped-call]
    _folders.append(folder)
    made = CollectorRegistry()
    for name, metric in METRICS.items():
        if metric.kind is not MetricKind.GAUGE:
            _live[name] = _made(name, metric, made)


def _made(name: str, metric: Metric, registry: CollectorRegistry) -> Any:
    from prometheus_client import Counter, Histogram  # noqa: PLC0415

    if metric.kind is MetricKind.COUNTER:
        return Counter(name.removesuffix("_total"), metric.meaning, metric.labels, registry=registry)
    return Histogram(name, metric.meaning, metric.labels, registry=registry, buckets=metric.buckets)


def _prepare(folder: Path) -> None:
    """Make the folder; clear it of processes that have ended, once no other counts in it.

    While one does, the sums must not fall: whoever reads them would take what remains for new. Only a process that is
    started again and again must not fill the folder.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        files = list(folder.glob("*.db"))
        ended = [file for file in files if not _lives(_process_of(file))]
        if len(ended) == len(files) or len(ended) > _MOST_ENDED:
            for file in ended:
                file.unlink(missing_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"the folder of the metrics {folder} can't be used: {error.strerror}", "correct metrics.folder"
        ) from error


def _process_of(file: Path) -> int:
    """Whose counts the file has; our own, which count as ended, where its name does not say it."""
    number = file.stem.rpartition("_")[2]
    return int(number) if number.isdigit() else os.getpid()


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return process != os.getpid()  # a file with our number is of a process before us
