"""The HTTP side of the simulated SID: SOAP 1.1 by POST, the contract by GET; 127.0.0.1 only."""

from __future__ import annotations

import base64
import contextlib
import socket
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import PurePosixPath

from csire_bridge.resources import folder
from csire_bridge.simulators.http_server import Reply

__all__ = ["SOAP_11", "SidHttpServer"]

SOAP_11 = "text/xml; charset=utf-8"
_MAX_BYTES = 4 * 1024 * 1024
_ADDRESS = b'location="http://127.0.0.1/sid"'


class SidHttpServer:
    """Hands the body of each POST to ``answer`` and does what the reply says.

    Whoever does not name user and password gets 401. Stopped and started again it listens on the same port, which is
    what an outage looks like.
    """

    def __init__(
        self, answer: Callable[[bytes], Reply], credentials: tuple[str, str] | None = None, port: int = 0
    ) -> None:
        self._answer = answer
        self._expected = _basic(*credentials) if credentials else None
        self._server = _Server(answer, self._expected, port)
        self._port = self._server.server_port
        self._running = False

    @property
    def url(self) -> str:
        """The address of the service."""
        return f"http://127.0.0.1:{self._port}/sid"

    def start(self) -> None:
        """Begin to answer; the socket itself listens since construction, or since now after a stop."""
        if self._server.stopping.is_set():
            self._server = _Server(self._answer, self._expected, self._port)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        self._running = True

    def stop(self) -> None:
        """Close the port and every connection, kept-alive ones too; replies that wait are dropped."""
        server = self._server
        if server.stopping.is_set():
            return
        server.stopping.set()
        if self._running:
            server.shutdown()
        server.server_close()
        for connection in list(server.connections):
            with contextlib.suppress(OSError):  # the client was faster
                connection.shutdown(socket.SHUT_RDWR)


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def __init__(self, answer: Callable[[bytes], Reply], expected: str | None, port: int) -> None:
        self.answer, self.expected = answer, expected
        self.connections: set[socket.socket] = set()
        self.stopping = threading.Event()
        super().__init__(("127.0.0.1", port), _Handler)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = 60
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.server.connections.add(self.connection)

    def finish(self) -> None:
        self.server.connections.discard(self.connection)
        with contextlib.suppress(OSError):  # the client has gone
            super().finish()

    def do_POST(self) -> None:
        announced = self.headers.get("Content-Length") or ""
        length = int(announced) if announced.isdecimal() else 0
        if not 0 < length <= _MAX_BYTES:
            self.close_connection = True
            self._send(Reply(413 if length else 411, b"", "text/plain"))
            return
        raw = self.rfile.read(length)
        if self.server.expected not in (None, self.headers.get("Authorization")):
            self._send(Reply(401, b"who are you?", "text/plain", {"WWW-Authenticate": "Basic"}))
            return
        reply = self.server.answer(raw)
        self.server.stopping.wait(reply.wait)
        with contextlib.suppress(OSError):  # the client has given up
            self._send(reply)

    def do_GET(self) -> None:
        """The WSDL, and the schema beside it by its file name."""
        path, _, query = self.path.partition("?")
        name = "sid.wsdl" if query.lower() == "wsdl" else PurePosixPath(path).name
        file = folder("schemas") / "sid" / name
        if name not in ("sid.wsdl", "sid.xsd") or not file.is_file():
            self._send(Reply(404, b"no such document", "text/plain"))
            return
        address = f'location="http://127.0.0.1:{self.server.server_port}/sid"'.encode()
        self._send(Reply(200, file.read_bytes().replace(_ADDRESS, address), SOAP_11))

    def _send(self, reply: Reply) -> None:
        if reply.silent or reply.cut:
            self.close_connection = True
        if reply.silent:
            return
        self.send_response_only(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(reply.body)))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.body[: len(reply.body) // 2] if reply.cut else reply.body)
        self.wfile.flush()

    def log_message(self, *_args: object) -> None:
        """Nothing."""
