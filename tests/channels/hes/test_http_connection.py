"""The connection to the head-end system on real sockets: what counts as an answer, and what is never connected."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from csire_bridge.channels.hes.http_connection import (
    Connection,
    ExchangeFailed,
    NeverConnected,
    request_head,
    split_address,
)
from csire_bridge.runtime.green_calls import CallGroup, GreenScheduler
from tests.support.patience import PATIENCE
from tests.support.tls_servers import Authority, http, serving

HEADERS = {"Content-Type": "text/xml"}
WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood"


@dataclass
class Peer:
    """A server that gives each request of each connection the next answer; an empty list closes after the answer."""

    url: str = ""
    connections: int = 0
    requests: list[bytes] = field(default_factory=list)


@contextmanager
def peer(*answers: Sequence[bytes]) -> Iterator[Peer]:
    """``answers`` are those of each connection; it is closed after the last one."""
    told = Peer()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        told.url = f"http://127.0.0.1:{listener.getsockname()[1]}/hes?a=b"

        def run() -> None:
            for of_one in answers:
                stream, _ = listener.accept()
                told.connections += 1
                with stream:
                    for answer in of_one:
                        told.requests.append(stream.recv(65536))
                        stream.sendall(answer)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        yield told
    thread.join(PATIENCE)


def connection_to(url: str, context: ssl.SSLContext | None = None, read_timeout: float = 2.0) -> Connection:
    return Connection(split_address(url), context, 2.0, read_timeout)


def post(connection: Connection, url: str) -> bytes:
    return connection.post(request_head(split_address(url), HEADERS), b"<a/>")


@pytest.mark.parametrize(
    "answer",
    [
        WHOLE,
        b"HTTP/1.1 100 Continue\r\n\r\n" + WHOLE,
        b"HTTP/1.1 500 Oops\r\nTransfer-Encoding: chunked\r\n\r\n2\r\ngo\r\n2\r\nod\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\ngood",
        b"HTTP/1.0 200 OK\r\n\r\ngood",
    ],
)
def test_given_an_answer_of_any_form_when_posted_then_its_body_is_whole(answer: bytes) -> None:
    with peer([answer]) as server:
        connection = connection_to(server.url)
        assert post(connection, server.url) == b"good"
        connection.close()
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0] == "POST /hes?a=b HTTP/1.1"
    assert {"Content-Type: text/xml", "Content-Length: 4", "Accept-Encoding: identity"} < set(lines)
    assert body == b"<a/>"


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\ngood",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ngood\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (5 * 1024 * 1024),
    ],
)
def test_given_an_answer_that_is_not_whole_when_posted_then_the_exchange_failed(answer: bytes) -> None:
    with peer([answer]) as server:
        connection = connection_to(server.url)
        with pytest.raises(ExchangeFailed, match=r"."):
            post(connection, server.url)
        connection.close()


def test_given_several_requests_when_posted_then_they_share_a_connection() -> None:
    with peer([WHOLE, WHOLE, WHOLE]) as server:
        connection = connection_to(server.url)
        assert [post(connection, server.url) for _ in range(3)] == [b"good"] * 3
        connection.close()
    assert server.connections == 1


def test_given_a_peer_that_closed_when_posted_again_then_a_new_connection_and_no_failure() -> None:
    with peer([WHOLE], [WHOLE]) as server:
        connection = connection_to(server.url)
        assert post(connection, server.url) == b"good"
        while server.connections == 1 and not _readable(connection):
            pass
        assert post(connection, server.url) == b"good"
        connection.close()
    assert server.connections == 2


def _readable(connection: Connection) -> bool:
    stream = connection._stream
    assert stream is not None
    stream.settimeout(5)
    return stream.recv(1, socket.MSG_PEEK) == b""


def test_given_silence_when_posted_then_the_exchange_failed_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        connection = connection_to(url, read_timeout=0.1)
        with pytest.raises(ExchangeFailed, match="timed out"):
            post(connection, url)
        connection.close()


def test_given_nobody_listens_when_posted_then_never_connected() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
    with pytest.raises(NeverConnected, match="refused"):
        post(connection_to(url), url)


def test_given_tls_when_the_peer_is_trusted_then_answered_else_never_connected(tmp_path: Path) -> None:
    authority, stranger = Authority(tmp_path, "ours"), Authority(tmp_path, "stranger")
    with serving(lambda _: http("200 OK", "text/xml", b"good"), authority.issue("127.0.0.1")) as server:
        url = f"https://127.0.0.1:{server.port}/hes"
        trusting = ssl.create_default_context(cafile=str(authority.file.certificate))
        assert post(connection_to(url, trusting), url) == b"good"
        with pytest.raises(NeverConnected, match="certificate"):
            post(connection_to(url, ssl.create_default_context(cafile=str(stranger.file.certificate))), url)
    assert len(server.requests) == 1


def test_given_tls_when_our_certificate_is_wanted_and_not_shown_then_the_outcome_is_not_known(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    ours = authority.issue("bridge")
    pair, clients = authority.issue("127.0.0.1"), authority.file.certificate
    with serving(lambda _: http("200 OK", "text/xml", b"good"), pair, clients=clients) as server:
        url = f"https://127.0.0.1:{server.port}/hes"
        context = ssl.create_default_context(cafile=str(clients))
        with pytest.raises(ExchangeFailed):
            post(connection_to(url, context), url)
        context.load_cert_chain(ours.certificate, ours.key)
        assert post(connection_to(url, context), url) == b"good"
    assert len(server.requests) == 1


@pytest.mark.parametrize("url", ["http://", "http:///path", "http://host:0/", "http://host:port/", "http://[::1/"])
def test_given_what_is_no_address_when_split_then_a_sentence(url: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        split_address(url)


def test_given_an_address_with_other_letters_when_a_request_is_written_then_it_is_plain_ascii() -> None:
    address = split_address("http://user:word@bücher.example:81/ścieżka?x=ą")
    head = request_head(address, {}).decode("ascii")
    assert head.startswith("POST /%C5%9Bcie%C5%BCka?x=%C4%85 HTTP/1.1\r\nHost: xn--bcher-kva.example:81\r\n")
    assert "word" not in head


def test_given_a_header_with_a_line_break_when_a_request_is_written_then_it_is_refused() -> None:
    with pytest.raises(ValueError, match="line break"):
        request_head(split_address("http://h/"), {"SOAPAction": "a\r\nX: y"})


def test_given_a_firewall_that_forgot_an_idle_connection_when_posted_again_then_another_one_is_opened() -> None:
    now = [100.0]
    with peer([WHOLE, WHOLE], [WHOLE]) as server:
        address = split_address(server.url)
        connection = Connection(address, None, 2.0, 2.0, kept=20.0, monotonic=lambda: now[0])
        for idle, connections in [(0.0, 1), (20.0, 1), (20.1, 2)]:
            now[0] += idle
            assert post(connection, server.url) == b"good"
            assert server.connections == connections
        connection.close()


def test_given_a_peer_that_never_ends_the_tls_handshake_then_other_calls_of_the_thread_go_on() -> None:
    """On a line, connecting steps aside too."""
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        peer([WHOLE]) as server,
        closing(GreenScheduler(most=4)) as lines,
    ):
        url = f"https://127.0.0.1:{silent.getsockname()[1]}/hes"
        told: list[object] = []

        def hung() -> None:
            with pytest.raises(ExchangeFailed):
                post(Connection(split_address(url), ssl.create_default_context(), 1.0, 1.0), url)
            told.append("hung")

        def quick() -> None:
            told.append(post(connection_to(server.url), server.url))

        calls = CallGroup([hung, quick])
        lines.begin(calls)
        lines.finish(calls)
    assert told == [b"good", "hung"]
