"""Runs blocking calls concurrently in one thread: each is a greenlet that yields while it waits for its socket.

Code in a green call is written as ordinary blocking code, and other green calls run only while it waits for a socket.
So it needs no locks, and a thousand waiting calls need no threads. Outside of a green call, waiting is ordinary
blocking.

It stays because it was measured: of 4.6 ms an order, 2.4 were waiting for two replies; green calls take them away, and
threads side by side cost as much as they save (docs/decisions/0021).
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
    """Return when there is something to receive; in a green call, others run meanwhile.

    Raises TimeoutError if nothing comes within the socket's own timeout. Outside of a green call it returns at once,
    because there the socket itself may block.
    """
    line = _line.get()
    if line is None or (isinstance(stream, ssl.SSLSocket) and stream.pending()):
        return
    if not line.waits(stream, selectors.EVENT_READ, stream.gettimeout()):
        raise TimeoutError("timed out")


def until_ready(stream: socket.socket, event: int, seconds: float) -> None:
    """Return when ``event`` (of ``selectors``) holds for the non-blocking ``stream``; other green calls run meanwhile.

    Raises TimeoutError after ``seconds``. Outside of a green call it simply blocks.
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
    """A group of calls that were started together; ``ended`` once all of them have finished."""

    def __init__(self, jobs: Iterable[Callable[[], None]]) -> None:
        self.waiting = deque(jobs)
        self.under_way = 0

    @property
    def ended(self) -> bool:
        """Whether all calls of the group have finished."""
        return not self.waiting and not self.under_way


class GreenScheduler:
    """At most ``most`` green calls at once, in one thread, and ``stuck`` more that have waited for a second or longer.

    Calls start two at a time, which is fastest if answers are quick; the number grows by one whenever an answer takes
    longer than 20 ms. A call that has waited for a second does not count any more, so meters that hang hold up only
    themselves. An exception of a call is raised by the method that resumed it.
    """

    def __init__(self, most: int, stuck: int = 0, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._most_stuck = stuck
        self._monotonic = monotonic
        self._calls: list[CallGroup] = []
        self._open: set[_GreenCall] = set()
        self._made = False

    def begin(self, calls: CallGroup) -> None:
        """Start ``calls`` in their order, as far as the limit allows; each runs until it waits."""
        self._calls.append(calls)
        for _ in range(_AT_FIRST):
            self._open_line(calls)

    def look(self, seconds: float = 0.0) -> None:
        """Resume calls that were answered. Waits at most that long, and not at all if no call is under way."""
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
        """Resume calls that are answered, until ``enough`` says so or ``longest`` seconds have passed.

        Raises RuntimeError inside one of its own green calls, which would wait for itself.
        """
        if _line.get() in self._open:
            raise RuntimeError("a call waits for the calls of its own thread, and so for itself")
        end = time.monotonic() + longest
        while not enough() and (left := end - time.monotonic()) > 0:
            self.look(min(_SLOW_SECONDS, left))

    def finish(self, calls: CallGroup) -> None:
        """Wait until ``calls`` have finished; others run meanwhile."""
        self.wait(lambda: calls.ended)

    def busy(self, calls: CallGroup) -> bool:
        """Whether some of ``calls`` still wait to start, or started within the last second."""
        now = self._monotonic()
        return bool(calls.waiting) or any(line.calls is calls and not _stuck(line, now) for line in self._open)

    def close(self) -> None:
        """Abort calls under way: each ends where it waits. Calls of a thread that has ended are gone with it."""
        for line in list(self._open):
            with contextlib.suppress(greenlet_error):
                line.throw(GreenletExit)
        if self._made:
            self._selector.close()

    @cached_property
    def _selector(self) -> selectors.BaseSelector:
        """Created at first use, so a worker that calls no meters has none."""
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
    """Runs one job after the other; ``since`` is when its wait began, ``until`` when it must end."""

    def __init__(self, calls: CallGroup, selector: selectors.BaseSelector, monotonic: Callable[[], float]) -> None:
        super().__init__(self._work)
        self.calls = calls
        self.since = monotonic()
        self.until = float("inf")
        self._monotonic = monotonic
        self._selector = selector
        self._home = getcurrent()

    def waits(self, stream: socket.socket, event: int, patience: float | None) -> bool:
        """Yield until ``event`` holds for ``stream``; False if ``patience`` (seconds) ended first."""
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
