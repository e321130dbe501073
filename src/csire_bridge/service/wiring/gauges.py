"""The gauges of ``/metrics``, read from the database and the certificates when somebody asks.

Every process of the service would read the same, so they are never added up.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import version

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from csire_bridge.domain.errors import BridgeError
from csire_bridge.service.wiring.bridge import Bridge
from csire_bridge.store.queries.gauges import GaugeValue, read_gauges
from csire_bridge.telemetry.logs import logger
from csire_bridge.telemetry.metric_names import METRICS

__all__ = ["Gauges"]

_log = logger(__name__)
_SECONDS_OF_A_DAY = 86400


class Gauges(Collector):
    """Reads the gauges of one bridge."""

    def __init__(self, bridge: Bridge, hold: float, ticks: Callable[[], float] = time.monotonic) -> None:
        """What was read is given again for ``hold`` seconds, by ``ticks``, which only go forward."""
        self._bridge = bridge
        self._hold = hold
        self._ticks = ticks
        self._lock = threading.Lock()
        self._read_at = -hold
        self._known: list[GaugeValue] = []

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """Nothing: so that registering it reads no database."""
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Every gauge with its values."""
        families: dict[str, list[GaugeValue]] = defaultdict(list)
        for value in self._values():
            families[value.name].append(value)
        for name, values in families.items():
            metric = METRICS[name]
            family = GaugeMetricFamily(name, metric.meaning, labels=metric.labels)
            for value in values:
                family.add_metric(value.labels, value.value)
            yield family

    def _values(self) -> list[GaugeValue]:
        with self._lock:
            if self._ticks() - self._read_at >= self._hold:
                self._known = [*self._own(), *self._of_the_database()]
                self._read_at = self._ticks()
            return self._known

    def _own(self) -> Iterator[GaugeValue]:
        yield GaugeValue("csire_bridge_build_info", 1, (version("csire-bridge"),))
        now = self._bridge.clock()
        days: dict[tuple[str, str], float] = {}
        for named in self._bridge.certificates.all():
            days[named.whose, named.fingerprint[:16]] = (named.not_after - now).total_seconds() / _SECONDS_OF_A_DAY
        for labels, left in days.items():
            yield GaugeValue("csire_bridge_certificate_days", round(left, 2), labels)

    def _of_the_database(self) -> list[GaugeValue]:
        """What it knows; without an answer, only that it is not up."""
        bridge = self._bridge
        try:
            with bridge.database.reading() as connection:
                found = list(read_gauges(connection, bridge.clock(), bridge.policy.disconnections_per_hour))
        except BridgeError as error:
            _log.warning("metrics.incomplete", why=error)
            return [GaugeValue("csire_bridge_database_up", 0)]
        return [GaugeValue("csire_bridge_database_up", 1), *found]
