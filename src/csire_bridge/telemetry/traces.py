"""Traces by OpenTelemetry: one trace for each message, from the door to the hub's result, across all processes.

The ids of a trace and of its first span follow from the id of the message, so each process finds them by what stands in
the database anyway, also after a crash, days later, or on another host (decision 49). OpenTelemetry is an extra:
nothing of it is loaded, and nothing is done, until ``set_up_traces`` is called.
"""

from __future__ import annotations

import hashlib
import threading
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from csire_bridge.domain.errors import ConfigurationError
from csire_bridge.telemetry.log_masking import masked

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter

__all__ = ["set_up_traces", "tell_span", "trace_id_of", "traces_are_on", "turn_off_traces", "web_exporter"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_live: list[_Tracing] = []


def traces_are_on() -> bool:
    """Whether spans are told to anybody."""
    return bool(_live)


def trace_id_of(key: str) -> str:
    """The id of the trace of a message (by its id), 32 hexadecimal digits, as in W3C's traceparent."""
    return f"{_trace_id(key):032x}"


def tell_span(
    name: str, key: str, begun: datetime, ended: datetime, *, first: bool = False, failed: bool = False, **facts: object
) -> None:
    """Tell what was done for the message ``key`` between two moments (UTC). ``first`` is the span above all others.

    Facts are masked as in logs.
    """
    for tracing in _live:
        tracing.tell(name, key, (_nanoseconds(begun), _nanoseconds(ended)), first=first, failed=failed, facts=facts)


def set_up_traces(exporter: SpanExporter, share: float = 1.0, *, at_once: bool = False) -> None:
    """Give spans to ``exporter`` from now on, of a ``share`` of all traces; ``at_once`` without waiting for others."""
    turn_off_traces()
    _live.append(_Tracing(exporter, share, at_once=at_once))


def turn_off_traces() -> None:
    """Give away what was told, and tell nothing any more."""
    while _live:
        _live.pop().close()


def web_exporter(endpoint: str) -> SpanExporter:
    """Gives spans to a collector by OTLP over HTTP. Raises ConfigurationError where the extra is not installed."""
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
    except ImportError as error:
        raise ConfigurationError(
            "traces.endpoint is set, but OpenTelemetry is not installed", "install csire-bridge[traces]"
        ) from error
    return OTLPSpanExporter(endpoint=endpoint)


class _Tracing:
    """A tracer whose ids follow from the message."""

    def __init__(self, exporter: SpanExporter, share: float, *, at_once: bool) -> None:
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor  # noqa: PLC0415
        from opentelemetry.sdk.trace.id_generator import RandomIdGenerator  # noqa: PLC0415
        from opentelemetry.sdk.trace.sampling import TraceIdRatioBased  # noqa: PLC0415

        named = self._named = threading.local()

        class GivenIds(RandomIdGenerator):
            """The ids that were named for the next span of this thread, otherwise random ones."""

            def generate_trace_id(self) -> int:
                return int(named.trace)

            def generate_span_id(self) -> int:
                return named.span or super().generate_span_id()

        resource = Resource.create({"service.name": "csire-bridge", "service.version": version("csire-bridge")})
        self._provider = TracerProvider(
            sampler=TraceIdRatioBased(share), resource=resource, id_generator=GivenIds(), shutdown_on_exit=False
        )
        processor = SimpleSpanProcessor(exporter) if at_once else BatchSpanProcessor(exporter)
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("csire_bridge")

    def tell(
        self, name: str, key: str, times: tuple[int, int], *, first: bool, failed: bool, facts: dict[str, object]
    ) -> None:
        from opentelemetry.trace import Status, StatusCode  # noqa: PLC0415

        self._named.trace, self._named.span = _trace_id(key), _first_span_id(key) if first else None
        span = self._tracer.start_span(
            name, context=self._around(key, first=first), start_time=times[0], attributes=_attributes(facts)
        )
        if failed:
            span.set_status(Status(StatusCode.ERROR))
        span.end(max(times))

    @staticmethod
    def _around(key: str, *, first: bool) -> Any:
        """Where a span belongs: nowhere, if it is the first, and below the first one otherwise."""
        from opentelemetry.context import Context  # noqa: PLC0415
        from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, set_span_in_context  # noqa: PLC0415

        if first:
            return Context()
        above = SpanContext(_trace_id(key), _first_span_id(key), is_remote=True, trace_flags=TraceFlags(1))
        return set_span_in_context(NonRecordingSpan(above), Context())

    def close(self) -> None:
        self._provider.shutdown()


def _attributes(facts: dict[str, object]) -> dict[str, Any]:
    return {f"csire_bridge.{name}": masked(value) for name, value in facts.items() if value is not None}


def _trace_id(key: str) -> int:
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=16, person=b"trace").digest(), "big") or 1


def _first_span_id(key: str) -> int:
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8, person=b"first span").digest(), "big") or 1


def _nanoseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND * 1000
