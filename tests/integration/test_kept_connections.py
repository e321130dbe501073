"""Idle connections to the hub and to SID: firewalls forget them without a word, so they are not used again for long."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from csire_bridge.channels.transport.http_exchange import KeptSession, exchange


class Partner(ThreadingHTTPServer):
    """Answers every request, keeps each connection, and counts them."""

    connections = 0

    def process_request(self, request: object, client_address: object) -> None:
        self.connections += 1
        super().process_request(request, client_address)  # type: ignore[arg-type]


class Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "4")
        self.end_headers()
        self.wfile.write(b"good")

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def partner() -> Iterator[Partner]:
    with Partner(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join(5)


def test_given_a_firewall_that_forgot_an_idle_connection_when_a_partner_is_asked_again_then_another_one_is_opened(
    partner: Partner,
) -> None:
    now = [100.0]
    session = KeptSession(20.0, lambda: now[0])
    address = f"http://127.0.0.1:{partner.server_port}/"
    for idle, connections in [(0.0, 1), (20.0, 1), (20.1, 2)]:
        now[0] += idle
        answer = exchange(session, address, b"<a/>", {}, connect_seconds=5, seconds=30, max_bytes=1000)
        assert answer.body == b"good"
        assert partner.connections == connections
    session.close()
