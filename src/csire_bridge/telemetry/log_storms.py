"""A storm is one line with a count: the same event is told, and what follows within a minute is only counted.

A database that is away for a minute would otherwise write thousands of lines, and a flood of bad messages would fill
the disk. Which events are the same, and how many of them are told one by one, stands in the catalogue. Debug lines are
all told.
"""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from csire_bridge.telemetry.log_events import EVENTS

__all__ = ["Storms"]

_WINDOW_SECONDS = 60.0


@dataclass(slots=True)
class _Window:
    """The lines of one event since ``began``; ``last`` is the last of those that were only counted."""

    began: float
    told: int = 1
    counted: int = 0
    last: logging.LogRecord | None = None


class Storms:
    """Says which lines are written. For one thread at a time."""

    def __init__(self, ticks: Callable[[], float], window: float = _WINDOW_SECONDS) -> None:
        """``ticks`` gives seconds that only go forward; ``window`` is how long lines of one event are counted."""
        self._ticks = ticks
        self._length = window
        self._windows: dict[Hashable, _Window] = {}  # the oldest first

    def admit(self, record: logging.LogRecord) -> list[logging.LogRecord]:
        """The lines to write now: those that sum up windows that are over, and ``record`` if it is not counted."""
        lines = self.over()
        if record.levelno < logging.INFO:
            return [*lines, record]
        key, burst = _key_of(record)
        window = self._windows.get(key)
        if window is None:
            self._windows[key] = _Window(self._ticks())
        elif window.told < burst:
            window.told += 1
        else:
            window.counted += 1
            window.last = record
            return lines
        return [*lines, record]

    def over(self) -> list[logging.LogRecord]:
        """The lines that sum up windows that are over."""
        return self._close(before=self._ticks() - self._length)

    def end(self) -> list[logging.LogRecord]:
        """The lines that sum up all windows, because the process ends."""
        return self._close(before=float("inf"))

    def _close(self, before: float) -> list[logging.LogRecord]:
        ended = []
        for key, window in self._windows.items():
            if window.began > before:
                break
            ended.append((key, window))
        for key, _ in ended:
            del self._windows[key]
        return [_summary(window.last, window.counted) for _, window in ended if window.last]


def _key_of(record: logging.LogRecord) -> tuple[Hashable, int]:
    """What is the same event, and how many of it are told one by one."""
    if not isinstance(record.msg, dict):
        return (record.name, record.levelno, str(record.msg)), 1
    told: dict[str, object] = record.msg
    name = str(told["event"])
    event = EVENTS.get(name)
    if event is None:
        return (name, str(told)), 1
    chosen = event.fields if event.same is None else event.same
    return (name, *(str(told.get(field)) for field in chosen)), event.burst


def _summary(last: logging.LogRecord, counted: int) -> logging.LogRecord:
    """The last line that was only counted, with ``repeated``: how many there were."""
    record = copy.copy(last)
    if isinstance(last.msg, dict):
        record.msg = {**last.msg, "repeated": counted}
        record.msg.pop("exc_info", None)
    else:
        record.msg, record.args = f"{last.getMessage()} (repeated {counted} times)", ()
        record.exc_info = None
    return record
