"""uvicorn in a thread, with a controlled start and a shutdown that answers every open request.

Of uvicorn's protocol only this is our own: the limits of connections and of headers (decision 41). The limits of bodies
are in ``channels/transport/inbound``.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from csire_bridge.channels.transport.inbound.caller_address import is_among, networks
from csire_bridge.config.sections.web import WebSettings
from csire_bridge.domain.errors import OurFault
from csire_bridge.service.web.response_headers import ALWAYS

__all__ = ["WebServer"]

_START_SECONDS = 20.0
_BACKLOG = 512
_MAX_HEAD = 64 * 1024


class _Connections:
    """All open connections of one server, the oldest first. At the limit, a new one closes an idle one.

    Named proxies have no limit of their own, because many callers use each of them.
    """

    def __init__(self, web: WebSettings) -> None:
        self._most, self._most_of_address = web.connections, web.connections_per_address
        self._proxies = networks(web.trusted_proxies)
        self._open: dict[str, dict[_Protocol, None]] = {}

    def add(self, one: _Protocol, address: str) -> bool:
        """Enter a connection; False when there is no room, because all that could go are busy."""
        mine = self._open.setdefault(address, {})
        mine[one] = None
        if len(mine) > self._most_of_address and not is_among(self._proxies, address):
            return self._push_out(mine, one)
        if sum(map(len, self._open.values())) > self._most:
            crowds = sorted(self._open.values(), key=len, reverse=True)
            return any(self._push_out(crowd, one) for crowd in crowds)
        return True

    def remove(self, one: _Protocol, address: str) -> None:
        """A connection is closed."""
        mine = self._open.get(address, {})
        mine.pop(one, None)
        if not mine:
            self._open.pop(address, None)

    @staticmethod
    def _push_out(crowd: dict[_Protocol, None], newcomer: _Protocol) -> bool:
        """Close the oldest that waits for a request, before all others one that has never sent a whole one."""
        idle = [one for one in crowd if one is not newcomer and one.is_idle]
        chosen = next((one for one in idle if not one.has_served), idle[0] if idle else None)
        if chosen is None:
            return False
        del crowd[chosen]
        chosen.transport.abort()
        return True


class _Protocol(HttpToolsProtocol):
    """uvicorn's protocol, which also closes a connection whose request headers are late or too long.

    Trailers after a body don't count as headers of the request, as in HTTP itself.
    """

    header_seconds = 10.0
    crowd: _Connections
    has_served = False
    _address = ""
    _watch: asyncio.TimerHandle | None = None
    _before_request = 0
    _in_head = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._address = self.client[0] if self.client else ""
        if self.crowd.add(self, self._address):
            self._watch_headers()
        else:
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self.crowd.remove(self, self._address)
        super().connection_lost(exc)

    @property
    def is_idle(self) -> bool:
        """Whether no request is in work."""
        return not self._has_request()

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
        self.has_served = True
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
    """Serves ``app`` on ``listener``, which it closes at the end; ``name`` is its thread's."""

    def __init__(self, app: ASGIApp, listener: socket.socket, web: WebSettings, *, name: str) -> None:
        facts = {"header_seconds": web.header_seconds, "crowd": _Connections(web)}
        protocol = type("_Protocol", (_Protocol,), facts)
        config = uvicorn.Config(
            app,
            http=protocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,  # who calls is judged by inbound/caller_address.py, for named proxies only
            server_header=False,
            headers=list(ALWAYS),
            timeout_keep_alive=web.keep_alive_seconds,
            timeout_graceful_shutdown=web.stop_seconds,
        )
        self._server = uvicorn.Server(config)
        self._socket = listener
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

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
