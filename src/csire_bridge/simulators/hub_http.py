"""The HTTP side of the simulated hub: SOAP by POST, the contract by GET; 127.0.0.1 only."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import PurePosixPath

from csire_bridge.resources import folder

__all__ = ["HubHttpServer", "Reply"]

_MAX_BYTES = 64 * 1024 * 1024
_ADDRESS = b'location="http://127.0.0.1/soap"'


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer and how it leaves: after ``wait`` seconds; ``cut`` in half; or ``silent``, with nothing at all."""

    status: int
    body: bytes
    content_type: str = "application/soap+xml;charset=UTF-8"
    headers: Mapping[str, str] = field(default_factory=dict)
    wait: float = 0.0
    cut: bool = False
    silent: bool = False


class HubHttpServer:
    """Hands path, content type and body of each POST to ``answer`` and does what the reply says."""

    def __init__(self, answer: Callable[[str, str, bytes], Reply], port: int = 0) -> None:
        self._server = _Server(answer, port)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        """Scheme, host and port."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def connections(self) -> int:
        """How many connections were ever opened."""
        return self._server.opened

    def start(self) -> None:
        """Begin to answer; the socket itself listens since construction."""
        self._thread.start()

    def stop(self) -> None:
        """Close the port and every connection, kept-alive ones too; replies that wait are dropped."""
        self._server.stopping.set()
        if self._thread.is_alive():
            self._server.shutdown()
        self._server.server_close()
        for connection in list(self._server.connections):
            with contextlib.suppress(OSError):  # the client was faster
                connection.shutdown(socket.SHUT_RDWR)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def __init__(self, answer: Callable[[str, str, bytes], Reply], port: int) -> None:
        self.answer = answer
        self.connections: set[socket.socket] = set()
        self.opened = 0
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
        self.server.opened += 1

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
        reply = self.server.answer(self.path, self.headers.get("Content-Type", ""), raw)
        self.server.stopping.wait(reply.wait)
        with contextlib.suppress(OSError):  # the client has given up
            self._send(reply)

    def do_GET(self) -> None:
        """The WSDL, and the schema beside it by its file name."""
        path, _, query = self.path.partition("?")
        name = "cms.wsdl" if query.lower() == "wsdl" else PurePosixPath(path).name
        file = folder("schemas") / "hub" / name
        if not name.endswith((".wsdl", ".xsd")) or not file.is_file():
            self._send(Reply(404, b"no such document", "text/plain"))
            return
        address = f'location="http://127.0.0.1:{self.server.server_port}{path}"'.encode()
        self._send(Reply(200, file.read_bytes().replace(_ADDRESS, address), "text/xml; charset=utf-8"))

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
        """Nothing: a bench sends thousands of requests."""
