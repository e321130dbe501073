"""A real receiver of the alerts' webhook, on loopback."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

__all__ = ["AlertReceiver", "alert_receiver"]


@dataclass
class AlertReceiver:
    """What has arrived: the headers and the bytes of each call. ``status`` is what it answers."""

    url: str = ""
    status: int = 204
    calls: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    def changes(self) -> list[tuple[str, str]]:
        """Every change that was told, with the kind of its alert."""
        bodies = [json.loads(body) for _, body in self.calls]
        return [(one["change"], one["kind"]) for body in bodies for one in body["changes"]]

    def bodies(self) -> list[dict[str, Any]]:
        """What was told, call by call."""
        return [json.loads(body) for _, body in self.calls]


@contextmanager
def alert_receiver() -> Iterator[AlertReceiver]:
    """Takes calls on loopback."""
    receiver = AlertReceiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.calls.append((dict(self.headers), body))
            self.send_response(receiver.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_port}/alerts"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
