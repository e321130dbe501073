"""Where log lines go and in which form: standard error, as JSON, or readable where a person sits at a terminal."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, MutableMapping
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TextIO

from csire_bridge.domain.clock import WARSAW
from csire_bridge.telemetry.log_masking import masked_text
from csire_bridge.telemetry.log_storms import Storms
from csire_bridge.telemetry.logs import FLOORS, floor_of
from csire_bridge.telemetry.metrics import count

if TYPE_CHECKING:
    from structlog.typing import Processor

__all__ = ["LogForm", "LogHandler", "set_up_logs"]


class LogForm(StrEnum):
    """How lines are written. ``AUTO`` is ``TEXT`` at a terminal, and ``JSON`` elsewhere."""

    AUTO = "auto"
    JSON = "json"
    TEXT = "text"


class LogHandler(logging.StreamHandler[TextIO]):
    """Writes lines to a stream; a storm of them becomes one with a count."""

    def __init__(self, stream: TextIO, form: LogForm, ticks: Callable[[], float] = time.monotonic) -> None:
        super().__init__(stream)
        self._storms = Storms(ticks)
        as_json = form is LogForm.JSON or (form is LogForm.AUTO and not stream.isatty())
        self.setFormatter(_formatter(as_json, stream.isatty()))

    def emit(self, record: logging.LogRecord) -> None:
        """Write ``record`` unless it is only counted."""
        count("csire_bridge_log_lines_total", level=record.levelname.lower())
        self._write(self._storms.admit(record))

    def tell_storms(self) -> None:
        """Write the counts of storms whose minute is over; to be called now and then."""
        with self._held():
            self._write(self._storms.over())

    def close(self) -> None:
        """Write the counts of all storms."""
        with self._held():
            self._write(self._storms.end())
        super().close()

    def _held(self) -> AbstractContextManager[object]:
        return self.lock or nullcontext()

    def _write(self, lines: list[logging.LogRecord]) -> None:
        for line in lines:
            super().emit(line)


def set_up_logs(
    stream: TextIO, level: int, levels: Mapping[str, int] | None = None, form: LogForm = LogForm.AUTO
) -> LogHandler:
    """Write the lines of this process to ``stream``, from ``level`` on; ``levels`` are those of single loggers.

    No library goes below its floor (``logs.FLOORS``). Calling it again replaces what was set up before, also the plain
    handler that commands have.
    """
    root = logging.getLogger()
    for before in [one for one in root.handlers if type(one) in (LogHandler, logging.StreamHandler)]:
        root.removeHandler(before)
        before.close()
    handler = LogHandler(stream, form)
    root.addHandler(handler)
    root.setLevel(level)
    for name, floor in FLOORS.items():
        logging.getLogger(name).setLevel(max(floor, level))
    for name in _named - set(levels or {}):
        logging.getLogger(name).setLevel(max(floor_of(name), level) if name in FLOORS else floor_of(name))
    _named.update(levels or {})
    for name, wanted in (levels or {}).items():
        logging.getLogger(name).setLevel(max(wanted, floor_of(name)))
    return handler


_named: set[str] = set()  # loggers that have had a level of their own


def _formatter(as_json: bool, colours: bool) -> logging.Formatter:
    """structlog's formatter, for our events and for the lines of libraries."""
    from structlog.dev import ConsoleRenderer, plain_traceback  # noqa: PLC0415 - it takes longer than a small command
    from structlog.processors import JSONRenderer, format_exc_info  # noqa: PLC0415
    from structlog.stdlib import ProcessorFormatter  # noqa: PLC0415

    render: Processor = JSONRenderer(ensure_ascii=False)
    if not as_json:
        render = ConsoleRenderer(
            colors=colours, exception_formatter=plain_traceback, timestamp_key="time", sort_keys=False, pad_event_to=0
        )
    return ProcessorFormatter(
        processors=[_place, format_exc_info, _mask_exception, ProcessorFormatter.remove_processors_meta, render],
        foreign_pre_chain=[_of_a_library],
    )


def _of_a_library(_logger: Any, _name: str, told: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A line that a library wrote: one line, without metering point codes."""
    told["event"] = masked_text(" ".join(str(told["event"]).split()))
    return told


def _place(_logger: Any, _name: str, told: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """When and where a line was written, the time first."""
    record: logging.LogRecord = told["_record"]
    at = datetime.fromtimestamp(record.created, WARSAW).isoformat(timespec="milliseconds")
    first = {"time": at, "level": record.levelname.lower(), "event": told.pop("event")}
    return {**first, **told, "logger": record.name, "pid": record.process}


def _mask_exception(_logger: Any, _name: str, told: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The traceback of an error of ours may quote values."""
    if "exception" in told:
        told["exception"] = masked_text(str(told["exception"]))
    return told
