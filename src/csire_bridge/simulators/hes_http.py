"""The HTTP side of the simulated head-end system: SOAP by POST, the contract by GET."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import PurePosixPath

from csire_bridge.resources import folder

__all__ = ["HeadEndHttpServer"]

_PATH = "/hes/EndDeviceControls"
_WSDL = "EndDeviceControls.wsdl"
_ADDRESS = b'location="http://127.0.0.1/hes"'
_MAX_BYTES = 256 * 1024


class HeadEndHttpServer:
    """Hands the body of each POST to ``answer`` and sends back what it returns; 127.0.0.1 only."""

    def __init__(self, answer: Callable[[bytes], bytes], port: int = 0) -> None:
        self._server = _Server(answer, port)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        """The address that takes requests."""
        return f"http://127.0.0.1:{self._server.server_port}{_PATH}"

    def start(self) -> None:
        """Begin to answer; the socket itself listens since construction."""
        self._thread.start()

    def stop(self) -> None:
        """Close the port and every connection, kept-alive ones too: an outage looks like that."""
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

    def __init__(self, answer: Callable[[bytes], bytes], port: int) -> None:
        self.answer = answer
        self.connections: set[socket.socket] = set()
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
            self._send(413 if length else 411, b"", "text/plain")
            return
        self._send(200, self.server.answer(self.rfile.read(length)), "text/xml; charset=utf-8")

    def do_GET(self) -> None:
        """The WSDL, and the schemas beside it by their file names."""
        path, _, query = self.path.partition("?")
        name = _WSDL if query.lower() == "wsdl" else PurePosixPath(path).name
        file = folder("schemas") / "hes" / name
        if not name.endswith((".wsdl", ".xsd")) or not file.is_file():
            self._send(404, b"no such document", "text/plain")
            return
        address = f'location="http://127.0.0.1:{self.server.server_port}{_PATH}"'.encode()
        self._send(200, file.read_bytes().replace(_ADDRESS, address), "text/xml; charset=utf-8")

    def _send(self, status: int, body: bytes, content_type: str) -> None:
        self.send_response_only(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, *_args: object) -> None:
        """Nothing: a bench sends thousands of requests."""
