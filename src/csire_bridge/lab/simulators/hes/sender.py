"""Posts events of the simulated head-end system to the bridge, over kept-alive connections, one per thread."""

from __future__ import annotations

import contextlib
import http.client
import threading
from collections.abc import Callable
from urllib.parse import urlsplit

from csire_bridge.lab.simulators.hes.delayed_work import DelayedWork

__all__ = ["EventSender"]

_RETRY_DELAYS = (0.2, 0.5, 1.0, 2.0)
_HEADERS = {"Content-Type": "application/xml; charset=utf-8"}


class EventSender:
    """Sends each event until it is taken, refused, or was tried five times; the waits in between block no thread."""

    def __init__(self, work: DelayedWork, on_lost: Callable[[bytes], None]) -> None:
        self._work = work
        self._on_lost = on_lost
        self._local = threading.local()
        self._opened: list[http.client.HTTPConnection] = []

    def close(self) -> None:
        """Close the connections of all threads."""
        for connection in self._opened:
            connection.close()

    def send(self, address: str, key: str, body: bytes, attempt: int = 0) -> None:
        """Post ``body`` to the URL ``address`` (http only); later tries are queued under ``key``."""
        status = self._post(address, body)
        if 200 <= status < 300:
            return
        if attempt < len(_RETRY_DELAYS) and not 400 <= status < 500:
            self._work.add(key, _RETRY_DELAYS[attempt], lambda: self.send(address, key, body, attempt + 1))
        else:
            self._on_lost(body)

    def _post(self, address: str, body: bytes) -> int:
        """The HTTP status; 0 when there was none. A kept connection that the peer closed is opened again once."""
        url = urlsplit(address)
        for _ in range(2):
            with contextlib.suppress(OSError, ValueError, http.client.HTTPException):
                return self._exchange(url.netloc, (url.path or "/") + (f"?{url.query}" if url.query else ""), body)
            broken = self._connections().pop(url.netloc, None)
            if broken is not None:
                broken.close()
                self._opened.remove(broken)
        return 0

    def _exchange(self, netloc: str, path: str, body: bytes) -> int:
        connections = self._connections()
        if netloc not in connections:
            connections[netloc] = http.client.HTTPConnection(netloc, timeout=10)
            self._opened.append(connections[netloc])
        connection = connections[netloc]
        connection.request("POST", path, body, _HEADERS)
        response = connection.getresponse()
        response.read()
        return response.status

    def _connections(self) -> dict[str, http.client.HTTPConnection]:
        found: dict[str, http.client.HTTPConnection] = self._local.__dict__.setdefault("connections", {})
        return found
