"""The catalogue of metrics: name, kind, labels and meaning. ``docs/metrics.md`` is made of it.

No label holds personal data, and each takes a small number of values, so that their number is bounded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["METRICS", "Metric", "MetricKind"]


class MetricKind(StrEnum):
    """How a metric is taken. A ``GAUGE`` is read when somebody asks; the others are counted as things happen."""

    COUNTER = "counter"
    HISTOGRAM = "histogram"
    GAUGE = "gauge"


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric. ``buckets`` are a histogram's upper bounds in seconds."""

    kind: MetricKind
    meaning: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


_SHORT = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_LONG = (1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 14400.0, 43200.0, 86400.0, 259200.0, 604800.0)


def _counter(meaning: str, labels: str = "") -> Metric:
    return Metric(MetricKind.COUNTER, meaning, tuple(labels.split()))


def _histogram(meaning: str, labels: str, buckets: tuple[float, ...]) -> Metric:
    return Metric(MetricKind.HISTOGRAM, meaning, tuple(labels.split()), buckets)


def _gauge(meaning: str, labels: str = "") -> Metric:
    return Metric(MetricKind.GAUGE, meaning, tuple(labels.split()))


METRICS: Mapping[str, Metric] = {
    "csire_bridge_messages_received_total": _counter(
        "messages that were judged; the number of a refused message is `none`, as nobody vouches for it",
        "channel number result",
    ),
    "csire_bridge_messages_refused_total": _counter("refused messages, by the first thing that is wrong", "code"),
    "csire_bridge_deliveries_total": _counter(
        "attempts to hand over an answer or a report; `result` is `delivered`, `refused` or `failed`",
        "partner number result",
    ),
    "csire_bridge_events_total": _counter(
        "events of the head-end system; `matched` is whether they answer a command of ours", "matched"
    ),
    "csire_bridge_orders_total": _counter("changes of state of orders, by the new state", "kind state"),
    "csire_bridge_order_terms_total": _counter(
        "orders that ended, by what became of their strictest term of the law or of ours: `kept`, `missed`, or "
        "`dropped` where the order ended without being carried out",
        "kind fate",
    ),
    "csire_bridge_order_seconds": _histogram("from an order's registration to its proven end", "kind", _LONG),
    "csire_bridge_work_wait_seconds": _histogram("how long due work waited for a worker", "step", _SHORT),
    "csire_bridge_step_seconds": _histogram(
        "how long a step took: `prepare` and `commit` for a batch, `perform` for one piece", "step phase", _SHORT
    ),
    "csire_bridge_partner_seconds": _histogram(
        "how long a call to a partner took; `result` is `answered` or `failed`", "partner operation result", _SHORT
    ),
    "csire_bridge_log_lines_total": _counter("log lines, also those that are only counted in a storm", "level"),
    "csire_bridge_build_info": _gauge("1, with the version", "version"),
    "csire_bridge_work_due": _gauge("pieces of work that are due", "step"),
    "csire_bridge_work_later": _gauge("pieces of work that are due later", "step"),
    "csire_bridge_work_parked": _gauge("pieces of work that wait for a person", "step"),
    "csire_bridge_work_oldest_seconds": _gauge("how long the oldest due piece of work has been due", "step"),
    "csire_bridge_orders_open": _gauge("orders that have not ended; `reason` is what they wait for", "state reason"),
    "csire_bridge_alerts_open": _gauge("open alerts", "kind"),
    "csire_bridge_circuit_open": _gauge("1 while no commands are sent, as the head-end system is down"),
    "csire_bridge_stop_switch": _gauge("1 while the stop switch is thrown"),
    "csire_bridge_cap_limit": _gauge("how many disconnections may be sent in an hour, with what was allowed above"),
    "csire_bridge_cap_used": _gauge("how many disconnections were sent in the last hour"),
    "csire_bridge_certificate_days": _gauge("days until a certificate ends, negative afterwards", "whose fingerprint"),
    "csire_bridge_database_bytes": _gauge("size of the database"),
    "csire_bridge_database_wal_bytes": _gauge("size of the write-ahead log; SQLite only"),
    "csire_bridge_database_up": _gauge("1 while the database can be read; otherwise its gauges are left out"),
}
