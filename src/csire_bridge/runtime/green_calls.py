"""Calls side by side in one thread: each runs on a line, and steps aside while its partner thinks.

A line is a greenlet: code on it is written as if it were alone, and other lines go on only where it waits for a socket.
So nothing on a line needs a lock, and a thousand waits cost no thread. Where no line is, waiting is plain waiting.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import ssl
import time
from collections import deque
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from functools import cached_property

from greenlet import GreenletExit, getcurrent, greenlet
from greenlet import error as greenlet_error

__all__ = ["CallGroup", "GreenScheduler", "until_ready", "wait_readable"]

_SLOW_SECONDS = 0.02
_STUCK_SECONDS = 1.0
_AT_FIRST = 2
_line: ContextVar[_GreenCall | None] = ContextVar("line", default=None)


def wait_readable(stream: socket.socket) -> None:
    """Return when there is something to receive; on a line, others go on meanwhile.

    Raises TimeoutError when nothing comes for as long as the socket's own timeout. Off a line it returns at once,
    because there the socket itself may wait.
    """
    line = _line.get()
    if line is None or (isinstance(stream, ssl.SSLSocket) and stream.pending()):
        return
    if not line.waits(stream, selectors.EVENT_READ, stream.gettimeout()):
        raise TimeoutError("timed out")


def until_ready(stream: socket.socket, event: int, seconds: float) -> None:
    """Return when ``event`` (of ``selectors``) holds for ``stream``, which does not block; others go on meanwhile.

    Raises TimeoutError after ``seconds``. Off a line it waits just so, but nobody goes on.
    """
    line = _line.get()
    if line is not None:
        ready = line.waits(stream, event, seconds)
    else:
        with selectors.DefaultSelector() as waiting:
            waiting.register(stream, event)
            ready = bool(waiting.select(seconds))
    if not ready:
        raise TimeoutError("timed out")


class CallGroup:
    """Calls that were begun together; ``ended`` when each has come to its end."""

    def __init__(self, jobs: Iterable[Callable[[], None]]) -> None:
        self.waiting = deque(jobs)
        self.under_way = 0

    @property
    def ended(self) -> bool:
        """Whether nothing is left to do."""
        return not self.waiting and not self.under_way


class GreenScheduler:
    """At most ``most`` lines at once, for one thread, and beside them ``stuck`` more that wait for a second and longer.

    Calls begin on two lines, which is fastest where answers are quick. They get more, one by one, when an answer takes
    longer than 20 ms. A line that has waited for a second takes nobody's place any more: meters that hang hold up only
    themselves. An exception that a call raises comes out of whichever method has it go on.
    """

    def __init__(self, most: int, stuck: int = 0, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._most_stuck = stuck
        self._monotonic = monotonic
        self._calls: list[CallGroup] = []
        self._open: set[_GreenCall] = set()
        self._made = False

    def begin(self, calls: CallGroup) -> None:
        """Begin ``calls`` in their order, as far as there are lines; each goes on until it waits."""
        self._calls.append(calls)
        for _ in range(_AT_FIRST):
            self._open_line(calls)

    def look(self, seconds: float = 0.0) -> None:
        """Go on with whatever was answered. Wait for it so long at most; where nothing is under way, not at all."""
        if not self._calls:
            return
        for key, _ in self._selector.select(self._patience(seconds)):
            self._go_on(key.data, answered=True)
        now = self._monotonic()
        for line in [line for line in self._open if line.until <= now]:
            self._go_on(line, answered=False)
        self._calls = [calls for calls in self._calls if not calls.ended]
        for calls in self._calls:
            if calls.waiting and (not calls.under_way or self._is_slow(calls, now)):
                self._open_line(calls)

    def wait(self, enough: Callable[[], bool], longest: float = float("inf")) -> None:
        """Go on with whatever is answered, until it is ``enough`` or ``longest`` seconds have passed.

        Raises RuntimeError on a line of these: it would wait for itself.
        """
        if _line.get() in self._open:
            raise RuntimeError("a call waits for the calls of its own thread, and so for itself")
        end = time.monotonic() + longest
        while not enough() and (left := end - time.monotonic()) > 0:
            self.look(min(_SLOW_SECONDS, left))

    def finish(self, calls: CallGroup) -> None:
        """Wait until ``calls`` have ended; others go on meanwhile."""
        self.wait(lambda: calls.ended)

    def busy(self, calls: CallGroup) -> bool:
        """Whether ``calls`` have work for lines still: some wait to begin, or were begun within the last second."""
        now = self._monotonic()
        return bool(calls.waiting) or any(line.calls is calls and not _stuck(line, now) for line in self._open)

    def close(self) -> None:
        """Give up what is under way: each such call ends where it waits. What another thread left so, ended with it."""
        for line in list(self._open):
            with contextlib.suppress(greenlet_error):
                line.throw(GreenletExit)
        if self._made:
            self._selector.close()

    @cached_property
    def _selector(self) -> selectors.BaseSelector:
        """Made when it is first needed: a worker that asks no meters holds none."""
        self._made = True
        return selectors.DefaultSelector()

    def _has_room(self) -> bool:
        if len(self._open) < self._most:
            return True
        now = self._monotonic()
        stuck = sum(_stuck(line, now) for line in self._open)
        return len(self._open) - min(stuck, self._most_stuck) < self._most

    def _open_line(self, calls: CallGroup) -> None:
        if calls.waiting and (not calls.under_way or self._has_room()):
            calls.under_way += 1
            line = _GreenCall(calls, self._selector, self._monotonic)
            self._open.add(line)
            self._go_on(line, answered=True)

    def _go_on(self, line: _GreenCall, *, answered: bool) -> None:
        try:
            line.switch(answered)
        finally:
            if line.dead:
                self._open.discard(line)
                line.calls.under_way -= 1

    def _patience(self, seconds: float) -> float:
        if seconds <= 0:
            return 0.0
        first = min((line.until for line in self._open), default=0.0)
        return max(0.0, min(seconds, first - self._monotonic()))

    def _is_slow(self, calls: CallGroup, now: float) -> bool:
        return any(line.calls is calls and now - line.since > _SLOW_SECONDS for line in self._open)


def _stuck(line: _GreenCall, now: float) -> bool:
    return now - line.since > _STUCK_SECONDS


class _GreenCall(greenlet):
    """Does one job after the other; ``since`` and ``until`` are when its wait began, and how long it may last."""

    def __init__(self, calls: CallGroup, selector: selectors.BaseSelector, monotonic: Callable[[], float]) -> None:
        super().__init__(self._work)
        self.calls = calls
        self.since = monotonic()
        self.until = float("inf")
        self._monotonic = monotonic
        self._selector = selector
        self._home = getcurrent()

    def waits(self, stream: socket.socket, event: int, patience: float | None) -> bool:
        """Step aside until ``event`` holds for ``stream``; False when ``patience`` (seconds) ended first."""
        self.since = self._monotonic()
        self.until = float("inf") if patience is None else self.since + patience
        self._selector.register(stream, event, self)
        try:
            return bool(self._home.switch())
        finally:
            self.until = float("inf")
            self._selector.unregister(stream)

    def _work(self, _answered: bool) -> None:
        _line.set(self)
        while self.calls.waiting:
            self.calls.waiting.popleft()()
