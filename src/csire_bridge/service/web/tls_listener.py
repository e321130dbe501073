"""Accepts connections by TLS. A connection counts from its first byte on, and its handshake has a time limit.

asyncio's own server tells a protocol of a connection only after the handshake, so callers that never finish one could
take all file descriptors.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable

from csire_bridge.service.web.connections import Connections
from csire_bridge.service.web.tls_files import TlsFiles
from csire_bridge.telemetry.logs import logger

__all__ = ["Handshake", "TlsListener"]

_log = logger(__name__)
_AFTER_FAILURE_SECONDS = 0.5


class Handshake:
    """A connection that is not secure yet; it counts as one that waits for its first request."""

    has_served = False
    is_idle = True

    def __init__(self) -> None:
        self.task: asyncio.Task[None] | None = None

    def abort(self) -> None:
        """Give it up, so that another connection has room."""
        if self.task:
            self.task.cancel()


class TlsListener:
    """``protocol`` makes the protocol of a connection whose handshake begins; for the running event loop."""

    def __init__(
        self,
        listener: socket.socket,
        files: TlsFiles,
        crowd: Connections,
        protocol: Callable[[Handshake], asyncio.Protocol],
        handshake_seconds: float,
    ) -> None:
        listener.setblocking(False)
        self._loop = asyncio.get_running_loop()
        self._listener = listener
        self._files = files
        self._crowd = crowd
        self._protocol = protocol
        self._seconds = handshake_seconds
        self._handshakes: set[asyncio.Task[None]] = set()
        self._accepting = self._loop.create_task(self._accept())

    async def close(self) -> None:
        """Accept nothing more, and give up handshakes."""
        tasks = [self._accepting, *self._handshakes]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _accept(self) -> None:
        while True:
            try:
                connection, address = await self._loop.sock_accept(self._listener)
            except OSError as error:  # such as too many open files
                _log.error("door.not_accepting", why=error)
                await asyncio.sleep(_AFTER_FAILURE_SECONDS)
                continue
            handshake = Handshake()
            if not self._crowd.add(handshake, address[0]):
                self._crowd.remove(handshake, address[0])
                connection.close()
                continue
            handshake.task = task = self._loop.create_task(self._secure(handshake, connection, address[0]))
            self._handshakes.add(task)
            task.add_done_callback(self._handshakes.discard)

    async def _secure(self, handshake: Handshake, connection: socket.socket, address: str) -> None:
        """Make the connection secure; a caller that fails to do so is let go in silence, as any stranger may."""
        try:
            with contextlib.suppress(OSError):
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                await self._loop.connect_accepted_socket(
                    lambda: self._protocol(handshake),
                    connection,
                    ssl=self._files.context(),
                    ssl_handshake_timeout=self._seconds,
                )
        finally:
            self._crowd.remove(handshake, address)
