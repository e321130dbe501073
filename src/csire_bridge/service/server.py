"""uvicorn in a thread: it starts when told, and ends when told, with every open request answered."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import threading
import time

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from csire_bridge.domain.errors import ConfigurationError, OurFault
from csire_bridge.settings_doors import WebSettings

__all__ = ["WebServer", "listening_socket"]

_START_SECONDS = 20.0
_BACKLOG = 512
_MAX_HEAD = 64 * 1024


def listening_socket(host: str, port: int, *, shared: bool = False) -> socket.socket:
    """A socket bound to ``port`` (0 = any free one); ``shared`` lets other processes listen on the same port.

    The protocol is named, because asyncio sets TCP_NODELAY only then; without it each answer waits 40 ms for an ACK.
    Raises ConfigurationError when the address can't be had.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind((host, port))
    except OSError as error:
        raise ConfigurationError(
            f"{host}:{port} can't be listened on: {error.strerror}", "choose another web.host or web.port"
        ) from error
    return listener


class _Protocol(HttpToolsProtocol):
    """uvicorn's own, but whoever does not send the headers of a request in time, or sends no end of them, is cut off.

    What follows a body (trailers) is no header of the request, as in HTTP itself.
    """

    header_seconds = 10.0
    _watch: asyncio.TimerHandle | None = None
    _before_request = 0
    _in_head = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._watch_headers()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._before_request = 0 if self._has_request() else self._before_request + len(data)
        if self._before_request > _MAX_HEAD:
            self.transport.close()
        self._watch_headers()

    def on_message_begin(self) -> None:
        self._in_head = True
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._in_head = False
        super().on_headers_complete()

    def _watch_headers(self) -> None:
        if self._has_request():
            if self._watch:
                self._watch.cancel()
            self._watch = None
        elif self._watch is None:
            self._watch = self.loop.call_later(self.header_seconds, self._look)

    def _look(self) -> None:
        self._watch = None
        if not self._has_request() and not self.transport.is_closing():
            self.transport.close()

    def _has_request(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is not None and not cycle.response_complete


class WebServer:
    """Serves ``app`` on ``listener``, which it closes at the end."""

    def __init__(self, app: ASGIApp, listener: socket.socket, web: WebSettings) -> None:
        protocol = type("_Protocol", (_Protocol,), {"header_seconds": web.header_seconds})
        config = uvicorn.Config(
            app,
            http=protocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_keep_alive=web.keep_alive_seconds,
            timeout_graceful_shutdown=web.stop_seconds,
        )
        logging.getLogger("uvicorn").setLevel(logging.WARNING)
        self._server = uvicorn.Server(config)
        self._socket = listener
        self._thread = threading.Thread(target=self._run, name="web", daemon=True)

    def start(self) -> None:
        """Return when the server answers; raise OurFault when it does not."""
        self._socket.listen(_BACKLOG)
        self._thread.start()
        deadline = time.monotonic() + _START_SECONDS
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                raise OurFault("the web server did not start", "run it again with -v")
            time.sleep(0.002)

    @property
    def runs(self) -> bool:
        """Whether it serves."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """Accept nothing more, answer what is open, and end."""
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join()
        self._socket.close()

    def _run(self) -> None:
        with contextlib.suppress(SystemExit):
            self._server.run([self._socket])
