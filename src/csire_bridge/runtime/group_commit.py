"""Group commit: items that many callers submit at the same moment are handled together, in one transaction.

No caller gets an answer before the handler has returned, so nothing that was acknowledged exists in memory only.

It stays because it was measured: a commit is a write to the disk, and messages that share it come in at several times
the rate of one commit each (docs/decisions/0010).
"""

from __future__ import annotations

import asyncio
import queue
import threading
from asyncio import AbstractEventLoop, Future
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from csire_bridge.telemetry.logs import logger

__all__ = ["GroupCommitter"]

_log = logger(__name__)
_In = TypeVar("_In")
_Out = TypeVar("_Out")
_Told = tuple["Future[_Out]", _Out | None, Exception | None]
"""Who is told what: a result, or an exception."""


class GroupCommitter(Generic[_In, _Out]):
    """One thread that calls ``handle`` with all waiting items, at most ``most`` at a time.

    ``handle`` returns one result for each item. If it raises, each item of the group is handled alone, so that a broken
    item does not affect other callers.
    """

    def __init__(
        self,
        handle: Callable[[Sequence[_In]], Sequence[_Out]],
        most: int = 64,
        name: str = "group",
        *,
        linger: float = 0.0,
    ) -> None:
        """``linger`` is for how many seconds a group waits for each of those who were seen to come at the same time.

        A caller that does not come in that time is not waited for again; a single caller never waits for others.
        """
        self._handle = handle
        self._most = most
        self._linger = linger
        self._callers = 0
        self._waiting: queue.SimpleQueue[tuple[_In, Future[_Out]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def submit(self, item: _In) -> Future[_Out]:
        """Submit an item from an event loop; the returned future gets its result or its exception.

        Cancelling the future changes nothing: the item is handled all the same.
        """
        future: Future[_Out] = asyncio.get_running_loop().create_future()
        self._waiting.put((item, future))
        return future

    @property
    def runs(self) -> bool:
        """Whether submitted items are handled."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """Handle what waits, then end."""
        self._waiting.put(None)
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        goes_on = True
        while goes_on:
            group, goes_on = self._next_group()
            self._settle(group)

    def _next_group(self) -> tuple[list[tuple[_In, Future[_Out]]], bool]:
        group: list[tuple[_In, Future[_Out]]] = []
        piece = self._waiting.get()
        while piece is not None:
            group.append(piece)
            if len(group) == self._most:
                return group, True
            try:
                piece = self._another(len(group))
            except queue.Empty:
                return group, True
        return group, False

    def _another(self, have: int) -> tuple[_In, Future[_Out]] | None:
        """The next item; waits a moment if callers are missing that came at the same time before."""
        if have >= self._callers:
            return self._waiting.get_nowait()
        try:
            return self._waiting.get(timeout=self._linger)
        except queue.Empty:
            self._callers = have
            raise

    def _settle(self, group: Sequence[tuple[_In, Future[_Out]]]) -> None:
        """Handle a group and set all its futures at once, so that an event loop wakes up only once."""
        told = self._handled(group)
        self._callers = max(self._callers, len(group) + self._waiting.qsize())  # who waits now is none of the group
        for loop in {future.get_loop() for future, _, _ in told}:
            _tell(loop, [one for one in told if one[0].get_loop() is loop])

    def _handled(self, group: Sequence[tuple[_In, Future[_Out]]]) -> list[_Told[_Out]]:
        if not group:
            return []
        try:
            results = self._handle([item for item, _ in group])
        except Exception as error:  # noqa: BLE001 - it belongs to whoever waits for the future
            if len(group) > 1:
                return [told for piece in group for told in self._handled([piece])]
            return [(group[0][1], None, error)]
        return [(future, result, None) for (_, future), result in zip(group, results, strict=True)]


def _tell(loop: AbstractEventLoop, told: Sequence[_Told[_Out]]) -> None:
    try:
        loop.call_soon_threadsafe(_end, told)
    except RuntimeError:
        _log.info("door.callers_gone", callers=len(told))


def _end(told: Sequence[_Told[_Out]]) -> None:
    for future, result, error in told:
        if future.done():
            continue  # its caller has gone away
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)  # type: ignore[arg-type]  # without an error there is one, which may be None
