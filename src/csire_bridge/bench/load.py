"""Load for a webhook: several kept-alive connections, each a thread that posts one message after the other."""

from __future__ import annotations

import http.client
import queue
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from csire_bridge.domain.errors import OurFault

__all__ = ["Load", "Posted"]

_SECONDS = 60.0


@dataclass
class Posted:
    """What came of one round: ``seconds`` in all, and of each request; statuses other than 200."""

    seconds: float
    each: list[float] = field(default_factory=list)
    others: list[int] = field(default_factory=list)


class Load:
    """``connections`` threads that live as long as this does. Close it."""

    def __init__(self, url: str, path: str, connections: int) -> None:
        parts = urlsplit(url)
        self._address = (parts.hostname or "", parts.port or 80)
        self._path = path
        self._todo: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._done: queue.SimpleQueue[tuple[int, float] | Exception] = queue.SimpleQueue()
        self._threads = [threading.Thread(target=self._post, daemon=True) for _ in range(connections)]
        for thread in self._threads:
            thread.start()

    def post(self, raws: Sequence[bytes]) -> Posted:
        """Post all of ``raws`` and wait for the answers; raises OurFault when one does not come."""
        posted, start = Posted(0.0), time.perf_counter()
        for raw in raws:
            self._todo.put(raw)
        for _ in raws:
            answer = self._done.get(timeout=_SECONDS)
            if isinstance(answer, Exception):
                raise OurFault(f"the service gave no answer: {answer!r}", "run it again with -v") from answer
            status, seconds = answer
            posted.each.append(seconds)
            posted.others += [status] if status != 200 else []
        posted.seconds = time.perf_counter() - start
        return posted

    def close(self) -> None:
        """Close every connection."""
        for _ in self._threads:
            self._todo.put(None)
        for thread in self._threads:
            thread.join()

    def _post(self) -> None:
        connection = http.client.HTTPConnection(*self._address, timeout=_SECONDS)
        while (raw := self._todo.get()) is not None:
            try:
                start = time.perf_counter()
                connection.request("POST", self._path, raw, {"Content-Type": "application/xml"})
                answer = connection.getresponse()
                answer.read()
                self._done.put((answer.status, time.perf_counter() - start))
            except (OSError, http.client.HTTPException) as error:
                self._done.put(error)
                connection.close()
        connection.close()
