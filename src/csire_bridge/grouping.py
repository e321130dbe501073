"""Group commit: what many callers hand in at the same moment is handled together, in one transaction.

Nobody is told anything before the handler has returned, so nothing that was acknowledged ever waits in memory.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Generic, TypeVar

__all__ = ["Grouped"]

_In = TypeVar("_In")
_Out = TypeVar("_Out")


class Grouped(Generic[_In, _Out]):
    """One thread that calls ``handle`` with whatever waits, ``most`` items at a time.

    ``handle`` returns one result for each item. When it raises, each item of the group is handled by itself, so that
    one broken item is no other caller's affair.
    """

    def __init__(self, handle: Callable[[Sequence[_In]], Sequence[_Out]], most: int = 64, name: str = "group") -> None:
        self._handle = handle
        self._most = most
        self._waiting: queue.SimpleQueue[tuple[_In, Future[_Out]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin to handle."""
        self._thread.start()

    def submit(self, item: _In) -> Future[_Out]:
        """Hand an item in, from any thread; the future holds its result or its exception."""
        future: Future[_Out] = Future()
        self._waiting.put((item, future))
        return future

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
        first = self._waiting.get()
        group = []
        while first is not None:
            group.append(first)
            if len(group) == self._most or self._waiting.empty():
                return group, True
            first = self._waiting.get()
        return group, False

    def _settle(self, group: Sequence[tuple[_In, Future[_Out]]]) -> None:
        if not group:
            return
        try:
            results = self._handle([item for item, _ in group])
        except Exception as error:  # noqa: BLE001 - it belongs to whoever waits for the future
            if len(group) > 1:
                for piece in group:
                    self._settle([piece])
            else:
                group[0][1].set_exception(error)
            return
        for (_, future), result in zip(group, results, strict=True):
            future.set_result(result)
