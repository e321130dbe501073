"""uvicorn in a thread, with a controlled start and a shutdown that answers every open request.

Of uvicorn's protocol and server only this is our own: the limits of connections and of headers (decision 41), and how
connections by TLS are accepted. The limits of bodies
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

from csire_bridge.config.sections.running.doors import TlsSettings
from csire_bridge.config.sections.running.web import WebSettings
from csire_bridge.domain.errors import OurFault
from csire_bridge.service.web.connections import Connections
from csire_bridge.service.web.doors import not_to_be_had
from csire_bridge.service.web.response_headers import ALWAYS
from csire_bridge.service.web.tls_files import TlsFiles, tls_facts
from csire_bridge.service.web.tls_listener import Handshake, TlsListener

__all__ = ["WebServer"]

_START_SECONDS = 20.0
_BACKLOG = 512
_MAX_HEAD = 64 * 1024


class _Protocol(HttpToolsProtocol):
    """uvicorn's protocol, which also closes a connection whose request headers are late or too long.

    Trailers after a body don't count as headers of the request, as in HTTP itself.
    """

    header_seconds = 10.0
    crowd: Connections
    has_served = False
    handshake: Handshake | None = None
    _address = ""
    _tls: dict[object, object] | None = None
    _watch: asyncio.TimerHandle | None = None
    _before_request = 0
    _in_head = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._address = self.client[0] if self.client else ""
        self._tls = tls_facts(transport)
        if self.handshake:
            self.crowd.remove(self.handshake, self._address)
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

    def abort(self) -> None:
        """Close the connection at once."""
        self.transport.abort()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._before_request = 0 if self._has_request() else self._before_request + len(data)
        if self._before_request > _MAX_HEAD:
            self.transport.close()
        self._watch_headers()

    def on_message_begin(self) -> None:
        self._in_head = True
        super().on_message_begin()
        if self._tls:
            self.scope["extensions"] = {"tls": self._tls}

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


class _Server(uvicorn.Server):
    """uvicorn's server; with ``tls`` it accepts connections by ``TlsListener``."""

    def __init__(
        self,
        config: uvicorn.Config,
        protocol: type[_Protocol],
        crowd: Connections,
        tls: TlsFiles | None,
        handshake_seconds: float,
    ) -> None:
        super().__init__(config)
        self._protocol, self._crowd, self._tls = protocol, crowd, tls
        self._handshake_seconds = handshake_seconds
        self._secure: list[TlsListener] = []

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        if self._tls is None:
            await super().startup(sockets)
            return
        await super().startup([])  # uvicorn itself listens nowhere
        for listener in sockets or []:
            self._secure.append(TlsListener(listener, self._tls, self._crowd, self._begin, self._handshake_seconds))

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for listener in self._secure:
            await listener.close()
        await super().shutdown(sockets)

    def _begin(self, handshake: Handshake) -> asyncio.Protocol:
        protocol = self._protocol(self.config, self.server_state, self.lifespan.state)
        protocol.handshake = handshake
        return protocol


class WebServer:
    """Serves ``app`` on ``listener``, which it closes at the end; ``name`` is its thread's and its setting's."""

    def __init__(
        self, app: ASGIApp, listener: socket.socket, web: WebSettings, *, name: str, tls: TlsSettings | None = None
    ) -> None:
        """Raises ConfigurationError for files of ``tls`` that can't be used."""
        crowd = Connections(web)
        protocol = type("_Protocol", (_Protocol,), {"header_seconds": web.header_seconds, "crowd": crowd})
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
        files = TlsFiles(tls, f"{name}.tls") if tls else None
        self._server = _Server(config, protocol, crowd, files, web.header_seconds)
        self._socket = listener
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Return when the server answers; raise OurFault when it does not, ConfigurationError for a taken address."""
        try:
            self._socket.listen(_BACKLOG)
        except OSError as error:  # two processes may have bound it at the same moment; only one can listen
            host, port = self._socket.getsockname()[:2]
            raise not_to_be_had(host, port, self._thread.name, error) from error
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
