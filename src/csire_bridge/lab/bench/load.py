"""Load for a webhook: several kept-alive connections, each posts one message after the other.

One thread, and only a parser instead of an HTTP library: on a small machine the load must not use the time of what it
measures.
"""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httptools

from csire_bridge.domain.errors import OurFault

__all__ = ["Load", "Posted"]

_SECONDS = 60.0
_CHUNK = 64 * 1024


@dataclass
class Posted:
    """What came of one round: ``seconds`` in all, and of each request; statuses other than 200."""

    seconds: float
    each: list[float] = field(default_factory=list)
    others: list[int] = field(default_factory=list)


class Load:
    """``connections`` to one address that stay open as long as this does. Close it."""

    def __init__(self, url: str, path: str, connections: int) -> None:
        parts = urlsplit(url)
        address = (parts.hostname or "", parts.port or 80)
        head = f"POST {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/xml\r\nContent-Length: "
        self._lines = [_GreenCall(address, head.encode()) for _ in range(connections)]

    def post(self, raws: Sequence[bytes]) -> Posted:
        """Post all of ``raws`` and wait for the answers; raises OurFault when one does not come."""
        posted, todo, start = Posted(0.0), iter(raws), time.perf_counter()
        try:
            with selectors.DefaultSelector() as waiting:
                for line in self._lines:
                    _next(line, todo, waiting)
                while waiting.get_map():
                    ready = waiting.select(_SECONDS)
                    if not ready:
                        raise TimeoutError(f"silent for {_SECONDS:.0f} s")
                    for key, _ in ready:
                        if key.data.read(posted):
                            waiting.unregister(key.data.stream)
                            _next(key.data, todo, waiting)
        except (OSError, httptools.HttpParserError) as error:
            raise OurFault(f"the service gave no answer: {error!r}", "run it again with -v") from error
        posted.seconds = time.perf_counter() - start
        return posted

    def close(self) -> None:
        """Close every connection."""
        for line in self._lines:
            line.stream.close()


def _next(line: _GreenCall, todo: Iterator[bytes], waiting: selectors.BaseSelector) -> None:
    raw = next(todo, None)
    if raw is not None:
        line.send(raw)
        waiting.register(line.stream, selectors.EVENT_READ, line)


class _GreenCall:
    """One connection, with at most one request on its way."""

    def __init__(self, address: tuple[str, int], head: bytes) -> None:
        self.stream = socket.create_connection(address, _SECONDS)
        self.stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._head = head
        self._begun = 0.0
        self._whole = False
        self._parser = httptools.HttpResponseParser(self)

    def send(self, raw: bytes) -> None:
        """Send a request."""
        self._whole, self._parser = False, httptools.HttpResponseParser(self)
        self._begun = time.perf_counter()
        self.stream.sendall(b"%b%d\r\n\r\n%b" % (self._head, len(raw), raw))

    def read(self, posted: Posted) -> bool:
        """Read what is there; True, with the answer noted in ``posted``, when it is whole."""
        data = self.stream.recv(_CHUNK)
        if not data:
            raise ConnectionError("the connection was closed")
        self._parser.feed_data(data)
        if self._whole:
            posted.each.append(time.perf_counter() - self._begun)
            status = self._parser.get_status_code()
            posted.others += [status] if status != 200 else []
        return self._whole

    def on_message_complete(self) -> None:
        """Called by the parser when the answer is complete."""
        self._whole = True
