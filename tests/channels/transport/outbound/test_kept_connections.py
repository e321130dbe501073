"""Kept connections to the hub and to SID: which are used again, and what happens when they have died meanwhile."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from csire_bridge.channels.transport.outbound.http_exchange import AnswerTooLarge, HttpAnswer, NoAnswer, PartnerClient
from tests.support.patience import PATIENCE


class Partner(ThreadingHTTPServer):
    """Answers every request and keeps each connection, unless told otherwise; counts connections and requests."""

    daemon_threads = True
    connections = 0
    requests = 0
    hangs_up_after_answers = False
    hangs_up_at_request = 0

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.hung_up = threading.Event()
        self._lock = threading.Lock()

    def process_request(self, request: object, client_address: object) -> None:
        self.connections += 1
        super().process_request(request, client_address)  # type: ignore[arg-type]

    def shutdown_request(self, request: object) -> None:
        super().shutdown_request(request)  # type: ignore[arg-type]
        self.hung_up.set()

    def count(self) -> int:
        with self._lock:
            self.requests += 1
            return self.requests

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"


class Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Partner

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        if self.server.count() == self.server.hangs_up_at_request:
            self.close_connection = True
            return
        self.send_response(200)
        self.send_header("Content-Length", "4")
        self.end_headers()
        self.wfile.write(b"good")
        self.close_connection = self.server.hangs_up_after_answers

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def partner() -> Iterator[Partner]:
    with Partner() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join(PATIENCE)


def ask(client: PartnerClient, partner: Partner) -> HttpAnswer:
    return client.post(partner.address, b"<a/>", {}, connect_seconds=5, seconds=30, max_bytes=1000)


@pytest.mark.parametrize(("kept", "connections"), [(20.0, 1), (0.0, 3)])
def test_given_a_firewall_that_forgets_idle_connections_when_they_were_idle_for_longer_than_kept_then_another_is_opened(
    partner: Partner, kept: float, connections: int
) -> None:
    with closing(PartnerClient(None, None, kept=kept)) as client:
        for _ in range(3):
            assert ask(client, partner).body == b"good"
    assert (partner.connections, partner.requests) == (connections, 3)


def test_given_a_partner_that_has_closed_the_kept_connection_when_asked_again_then_another_is_opened(
    partner: Partner,
) -> None:
    partner.hangs_up_after_answers = True
    with closing(PartnerClient(None, None)) as client:
        for _ in range(3):
            partner.hung_up.clear()
            assert ask(client, partner).body == b"good"
            assert partner.hung_up.wait(10)
    assert (partner.connections, partner.requests) == (3, 3)


def test_given_a_partner_that_hangs_up_when_it_has_the_request_then_it_is_open_and_nothing_is_sent_again(
    partner: Partner,
) -> None:
    partner.hangs_up_at_request = 2
    with closing(PartnerClient(None, None)) as client:
        ask(client, partner)
        with pytest.raises(NoAnswer):
            ask(client, partner)
        assert partner.requests == 2
        assert ask(client, partner).body == b"good"


def test_given_a_client_that_was_closed_when_asked_again_then_it_opens_a_connection(partner: Partner) -> None:
    client = PartnerClient(None, None)
    for _ in range(2):
        ask(client, partner)
        client.close()
    assert partner.connections == 2


def test_given_several_threads_then_each_keeps_a_connection_of_its_own(partner: Partner) -> None:
    together = threading.Barrier(4)

    def work() -> None:
        together.wait(10)
        for _ in range(5):
            ask(client, partner)
        together.wait(10)

    with closing(PartnerClient(None, None)) as client:
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    assert (partner.connections, partner.requests) == (4, 20)


def test_given_an_answer_that_was_given_up_then_what_still_comes_is_not_taken_for_the_next_answer() -> None:
    def serve(listener: socket.socket) -> None:
        for body in (b"x" * 5000 + b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad", b"good"):
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
                connection.recv(65536)

    with socket.create_server(("127.0.0.1", 0)) as listener, closing(PartnerClient(None, None)) as client:
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        with pytest.raises(AnswerTooLarge):
            client.post(address, b"<a/>", {}, connect_seconds=5, seconds=5, max_bytes=100)
        answer = client.post(address, b"<a/>", {}, connect_seconds=5, seconds=5, max_bytes=100)
    assert answer.body == b"good"
