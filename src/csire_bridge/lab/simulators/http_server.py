"""The HTTP server of every simulator: requests by POST, the contract by GET; 127.0.0.1 only."""

from __future__ import annotations

import base64
import contextlib
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import PurePosixPath

from csire_bridge.config.resources import folder

__all__ = ["SOAP_11", "SOAP_12", "Answer", "Contract", "HttpServer", "Reply"]

SOAP_11 = "text/xml; charset=utf-8"
SOAP_12 = "application/soap+xml;charset=UTF-8"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer and how it leaves: after ``wait`` seconds; ``cut`` in half; or ``silent``, with nothing at all."""

    status: int
    body: bytes
    content_type: str = SOAP_12
    headers: Mapping[str, str] = field(default_factory=dict)
    wait: float = 0.0
    cut: bool = False
    silent: bool = False


Answer = Callable[[str, str, bytes], Reply]
"""Takes path, content type and body of a POST."""


@dataclass(frozen=True, slots=True)
class Contract:
    """What GET gives: a WSDL of ``schemas/{name}``, and the schemas beside it by their file names.

    ``location`` is the address that stands in the file, in whose place the server's own is put.
    """

    name: str
    wsdl: str
    location: str

    def document(self, url: str, path: str, query: str) -> bytes | None:
        """The document that is asked for; None where there is no such one."""
        name = self.wsdl if query.lower() == "wsdl" else PurePosixPath(path).name
        file = folder("schemas") / self.name / name
        if not name.endswith((".wsdl", ".xsd")) or not file.is_file():
            return None
        own = f'location="{url}{path}"'
        return file.read_bytes().replace(f'location="{self.location}"'.encode(), own.encode())


class HttpServer:
    """Hands each POST to ``answer`` and does what the reply says.

    Stopped and started again it listens on the same port, which is what an outage looks like.
    """

    def __init__(
        self,
        answer: Answer,
        *,
        contract: Contract | None = None,
        max_bytes: int,
        port: int = 0,
        credentials: tuple[str, str] | None = None,
    ) -> None:
        """Whoever posts without naming user and password of ``credentials`` gets 401."""
        self._made_of = _MadeOf(answer, contract, max_bytes, _basic(*credentials) if credentials else None)
        self._server = _Server(self._made_of, port)
        self._port = self._server.server_port
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Scheme, host and port."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def connections(self) -> int:
        """How many connections were ever opened."""
        return self._server.opened

    def start(self) -> None:
        """Begin to answer; the socket itself listens since construction, or since now after a stop."""
        if self._server.stopping.is_set():
            self._server, self._thread = _Server(self._made_of, self._port), None
        if self._thread is not None:
            return
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Close the port and every connection, kept-alive ones too; replies that wait are dropped."""
        server = self._server
        if not server.stopping.is_set():
            server.stopping.set()
            if self._thread is not None:
                server.shutdown()
            with contextlib.suppress(OSError):  # not every system lets a listening socket be shut down
                server.socket.shutdown(socket.SHUT_RDWR)  # nobody is let in from here on, whoever else holds it
            server.server_close()
            for connection in list(server.connections):
                with contextlib.suppress(OSError):  # the client was faster
                    connection.shutdown(socket.SHUT_RDWR)


@dataclass(frozen=True, slots=True)
class _MadeOf:
    answer: Answer
    contract: Contract | None
    max_bytes: int
    authorization: str | None


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def __init__(self, made_of: _MadeOf, port: int) -> None:
        self.made_of = made_of
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

    def handle(self) -> None:
        with contextlib.suppress(ConnectionError):  # the client was killed
            super().handle()

    def finish(self) -> None:
        self.server.connections.discard(self.connection)
        with contextlib.suppress(OSError):  # the client has gone
            super().finish()

    def do_POST(self) -> None:
        announced = self.headers.get("Content-Length") or ""
        length = int(announced) if announced.isdecimal() else 0
        if not 0 < length <= self.server.made_of.max_bytes:
            self.close_connection = True
            self._send(Reply(413 if length else 411, b"", "text/plain"))
            return
        raw = self.rfile.read(length)
        if self.server.made_of.authorization not in (None, self.headers.get("Authorization")):
            self._send(Reply(401, b"who are you?", "text/plain", {"WWW-Authenticate": "Basic"}))
            return
        reply = self.server.made_of.answer(self.path, self.headers.get("Content-Type", ""), raw)
        if reply.wait:
            self.server.stopping.wait(reply.wait)
        with contextlib.suppress(OSError):  # the client has given up
            self._send(reply)

    def do_GET(self) -> None:
        """The contract, where there is one."""
        path, _, query = self.path.partition("?")
        url = f"http://127.0.0.1:{self.server.server_port}"
        contract = self.server.made_of.contract
        found = contract.document(url, path, query) if contract else None
        missing = Reply(404, b"no such document", "text/plain")
        self._send(missing if found is None else Reply(200, found, SOAP_11))

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
