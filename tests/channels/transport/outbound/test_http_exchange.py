"""One HTTP exchange against servers of every bad kind: what is certain, what is open, and what a person is told."""

from __future__ import annotations

import gzip
import logging
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from csire_bridge.channels.transport.outbound.http_exchange import (
    AnswerTooLarge,
    HttpAnswer,
    NeverArrived,
    NoAnswer,
    NotHttp,
    PartnerClient,
)
from csire_bridge.channels.transport.outbound.zeep_contract import ContractTransport
from csire_bridge.domain.errors import ConfigurationError
from tests.support.hub import answering, raw_server, read_request
from tests.support.tls_servers import DAY, NOW, Authority, Files, http, serving

Behaviour = Callable[[socket.socket], None]
GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood"


@contextmanager
def client(
    authority: Authority | None = None, pair: Files | None = None, *, kept: float = 20.0
) -> Iterator[PartnerClient]:
    ours = (pair.certificate, pair.key) if pair else None
    with closing(PartnerClient(authority.file.certificate if authority else None, ours, kept=kept)) as made:
        yield made


def post(asker: PartnerClient, url: str, message: bytes = b"<a/>", seconds: float = 5.0) -> HttpAnswer:
    return asker.post(url, message, {}, connect_seconds=0.5, seconds=seconds, max_bytes=10_000)


def saying(*parts: bytes) -> Behaviour:
    """Reads the request, says ``parts``, and hangs up."""

    def behave(connection: socket.socket) -> None:
        read_request(connection)
        for part in parts:
            connection.sendall(part)
        connection.shutdown(socket.SHUT_WR)

    return behave


def repeating(head: bytes, part: bytes, pause: float = 0.0) -> Behaviour:
    """Reads the request, and then speaks without end."""

    def behave(connection: socket.socket) -> None:
        read_request(connection)
        tick = threading.Event()
        try:
            connection.sendall(head)
            while True:
                connection.sendall(part)
                tick.wait(pause)
        except OSError:
            return

    return behave


def reset(connection: socket.socket) -> None:
    read_request(connection)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    connection.close()


def silent(connection: socket.socket) -> None:
    while connection.recv(65536):
        pass


OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
BROKEN: dict[str, tuple[Behaviour, type[Exception], str]] = {
    "hangs up": (saying(), NotHttp, "ended without an answer"),
    "resets the connection": (reset, NoAnswer, "reset by peer"),
    "speaks another protocol": (saying(b"SSH-2.0-OpenSSH_9.9\r\n"), NotHttp, "is not HTTP"),
    "says nothing": (silent, NoAnswer, "no answer in time"),
    "cuts the head": (saying(b"HTTP/1.1 200 OK\r\nContent-"), NoAnswer, "cut off"),
    "cuts the body": (saying(OK + b"Content-Length: 100\r\n\r\nhalf"), NoAnswer, "cut off"),
    "cuts the chunks": (saying(CHUNKED + b"5\r\nhel"), NoAnswer, "cut off"),
    "says two lengths": (saying(OK + b"Content-Length: 4\r\nContent-Length: 5\r\n\r\ngood"), NoAnswer, "broken"),
    "has a broken chunk": (saying(CHUNKED + b"zz\r\nhello\r\n"), NoAnswer, "broken"),
    "floods with headers": (repeating(OK, b"X-Flood: " + b"x" * 1000 + b"\r\n"), NoAnswer, "broken"),
    "has a header without end": (repeating(OK + b"X-Flood: ", b"x" * 4096), NoAnswer, "broken"),
    "goes on saying 100": (repeating(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), NoAnswer, "not complete in time"),
    "sends its head in drops": (repeating(OK + b"X-Slow: ", b"x", 0.02), NoAnswer, "not complete in time"),
    "sends its body in drops": (
        repeating(OK + b"Content-Length: 9999\r\n\r\n", b"x", 0.02), NoAnswer, "not complete in time"
    ),
    "sends a chunk's size in drops": (repeating(CHUNKED + b"1;", b"x", 0.02), NoAnswer, "not complete in time"),
    "sends chunks without end": (repeating(CHUNKED, b"400\r\n" + b"x" * 1024 + b"\r\n"), AnswerTooLarge, "10000 bytes"),
    "has no length and no end": (repeating(OK + b"\r\n", b"x" * 1024), AnswerTooLarge, "10000 bytes"),
    "says more than allowed": (saying(OK + b"Content-Length: 10001\r\n\r\n" + b"x" * 10_001), AnswerTooLarge, "10000"),
}  # fmt: skip


@pytest.mark.parametrize("what", BROKEN)
def test_given_a_partner_that_has_the_request_when_its_answer_is_not_whole_then_it_may_have_arrived(what: str) -> None:
    behave, kind, told = BROKEN[what]
    patient = 0.4 if "time" in told else 30.0
    with raw_server(behave) as url, client() as asker, pytest.raises(kind, match=told) as caught:
        post(asker, url, seconds=patient)
    assert type(caught.value) is kind


def test_given_a_partner_that_does_not_read_when_the_time_is_over_then_the_request_may_have_arrived() -> None:
    done = threading.Event()

    def deaf(_connection: socket.socket) -> None:
        done.wait(30)

    with raw_server(deaf) as url, client() as asker:
        with pytest.raises(NoAnswer, match="could not be sent in time"):
            post(asker, url, b"x" * 50_000_000, seconds=0.3)
        done.set()


def test_given_an_answer_that_comes_before_all_is_read_then_it_counts() -> None:
    def refuse(connection: socket.socket) -> None:
        connection.recv(1000)
        connection.sendall(b"HTTP/1.1 413 Too large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)
        silent(connection)

    with raw_server(refuse) as url, client() as asker:
        assert post(asker, url, b"x" * 3_000_000).status == 413


# --- answers that are whole


def test_given_a_redirect_then_it_is_an_answer_and_nobody_follows_it() -> None:
    with raw_server(saying(GOOD)) as other, client() as asker:
        for status in ("301 Moved", "302 Found", "307 Again", "308 Always"):
            with raw_server(answering(status, b"", headers=f"Location: {other}\r\n")) as url:
                answer = post(asker, url)
            assert (answer.status, answer.headers["location"]) == (int(status[:3]), other)


def test_given_a_packed_bomb_then_it_is_not_unpacked_and_a_person_is_told_so() -> None:
    bomb = gzip.compress(bytes(5_000_000))
    with raw_server(answering("200 OK", bomb, headers="Content-Encoding: gzip\r\n")) as url, client() as asker:
        answer = post(asker, url)
    assert answer.body == bomb
    assert "compressed as gzip" in answer.excerpt


def test_given_a_request_then_it_asks_for_nothing_packed_and_leaves_byte_for_byte() -> None:
    message = "<a>\r\nzażółć\n</a>".encode()
    with serving(lambda _: http("200 OK", "text/xml", b"<b/>")) as server, client() as asker:
        url = f"http://127.0.0.1:{server.port}/soap/A%20B?organisationUser=a%26b"
        answer = asker.post(url, message, {"SOAPAction": '"x"'}, connect_seconds=5, seconds=5, max_bytes=10)
    assert answer == HttpAnswer(
        200, {"content-type": "text/xml", "content-length": "4", "connection": "close"}, b"<b/>"
    )
    [request] = server.requests
    head, _, body = request.partition(b"\r\n\r\n")
    assert body == message
    assert head.startswith(b"POST /soap/A%20B?organisationUser=a%26b HTTP/1.1\r\n")
    assert b'\r\nSOAPAction: "x"\r\n' in head + b"\r\n"
    assert b"\r\nAccept-Encoding: identity\r\n" in head + b"\r\n"


# --- nothing arrived


@pytest.mark.parametrize(
    ("host", "told"),
    [
        ("no-such-host.invalid", "not known"),
        ("a" * 70 + ".example", "not a valid name"),
        ("x..example", "not a valid name"),
    ],
)
def test_given_a_host_that_is_none_then_nothing_arrived(monkeypatch: pytest.MonkeyPatch, host: str, told: str) -> None:
    real = socket.getaddrinfo

    def no_such_host(name: str, *rest: object, **more: object) -> object:
        if name.endswith(".invalid"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return real(name, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", no_such_host)
    with client() as asker, pytest.raises(NeverArrived, match=told):
        post(asker, f"https://{host}/")


@pytest.mark.parametrize(
    "address", ["https://[::1", "https://host:port/", "https://a\nb/", "ftp://127.0.0.1/", "https:///x"]
)
def test_given_an_address_that_is_none_then_nothing_arrived(address: str) -> None:
    with client() as asker, pytest.raises(NeverArrived):
        post(asker, address)


def test_given_nobody_listens_then_nothing_arrived() -> None:
    with socket.socket() as holder:  # bound and not listening: nobody else can take the port meanwhile
        holder.bind(("127.0.0.1", 0))
        with client() as asker, pytest.raises(NeverArrived, match="the connection was refused"):
            post(asker, f"http://127.0.0.1:{holder.getsockname()[1]}/")


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.mark.parametrize(
    ("issue", "told"),
    [
        ({"until": NOW - DAY}, "has expired"),
        ({"after": DAY}, "not yet valid"),
        ({"name": "other.example"}, "localhost"),
    ],
    ids=["expired", "not-yet", "wrong-name"],
)
def test_given_a_server_certificate_that_does_not_hold_then_nothing_arrived(
    authority: Authority, issue: dict[str, object], told: str
) -> None:
    pair = authority.issue(**issue)  # type: ignore[arg-type]
    with serving(lambda _: GOOD, pair) as server, client(authority) as asker:
        with pytest.raises(NeverArrived, match=f"the server's certificate is not trusted: .*{told}"):
            post(asker, f"https://localhost:{server.port}/")
        assert server.requests == []


def test_given_an_authority_that_is_not_ours_then_nothing_arrived(authority: Authority, tmp_path: Path) -> None:
    other = Authority(tmp_path, "another authority")
    with serving(lambda _: GOOD, other.issue()) as server:
        for trusted in (authority, None):
            with client(trusted) as asker, pytest.raises(NeverArrived, match="certificate is not trusted"):
                post(asker, f"https://localhost:{server.port}/")
        assert server.requests == []


def test_given_a_port_without_tls_then_nothing_arrived(authority: Authority) -> None:
    with serving(lambda _: http("400 Bad Request", "text/plain")) as server, client(authority) as asker:
        with pytest.raises(NeverArrived, match="TLS failed"):
            post(asker, f"https://localhost:{server.port}/")
        assert not any(request.startswith(b"POST") for request in server.requests)


@pytest.mark.parametrize(
    ("behave", "told"),
    [(silent, "no connection in time"), (lambda connection: connection.close(), "TLS failed|the connection broke")],
    ids=["silent", "drops"],
)
def test_given_a_port_that_does_not_shake_hands_then_nothing_arrived(behave: Behaviour, told: str) -> None:
    with raw_server(behave) as url, client() as asker, pytest.raises(NeverArrived, match=told):
        post(asker, url.replace("http:", "https:"))


@pytest.mark.parametrize("tls12", [True, False], ids=["1.2", "1.3"])
def test_given_a_server_that_wants_our_certificate_then_who_shows_none_is_told_and_who_shows_it_is_served(
    authority: Authority, tls12: bool
) -> None:
    with serving(lambda _: GOOD, authority.issue(), clients=authority.file.certificate, tls12=tls12) as server:
        url = f"https://localhost:{server.port}/"
        # TLS 1.3 judges our certificate after the handshake, when the request may have left
        with client(authority) as asker, pytest.raises(NeverArrived if tls12 else NoAnswer):
            post(asker, url)
        with client(authority, authority.issue("operator")) as asker:
            assert post(asker, url).body == b"good"


def with_password(key: bytes, password: bytes) -> bytes:
    return load_pem_private_key(key, None).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(password)
    )


def test_given_tls_files_that_cannot_serve_then_nothing_arrived_and_the_file_is_named(
    authority: Authority, tmp_path: Path
) -> None:
    text, stranger = tmp_path / "text.pem", Authority(tmp_path, "stranger").issue()
    text.write_text("no certificate", "utf-8")
    pair = authority.issue()
    locked = Files(pair.certificate, tmp_path / "locked.key")
    locked.key.write_bytes(with_password(pair.key.read_bytes(), b"x"))
    with serving(lambda _: GOOD, authority.issue()) as server:
        for bad in (Files(text, text), Files(stranger.certificate, authority.file.key), locked):
            with (
                client(authority, bad) as asker,
                pytest.raises(NeverArrived, match="our client certificate or its key"),
            ):
                post(asker, f"https://localhost:{server.port}/")
        with (
            closing(PartnerClient(text, None)) as asker,
            pytest.raises(NeverArrived, match="the file of trusted authorities"),
        ):
            post(asker, f"https://localhost:{server.port}/")
        assert server.requests == []


def test_given_a_tls_file_that_was_renewed_then_the_next_connection_goes_by_it(
    authority: Authority, tmp_path: Path
) -> None:
    renewed = Authority(tmp_path, "renewed authority")
    with serving(lambda _: http("200 OK", "text/xml"), renewed.issue()) as server, client(authority) as asker:
        url = f"https://localhost:{server.port}/"
        with pytest.raises(NeverArrived):
            post(asker, url)
        authority.file.certificate.write_bytes(renewed.file.certificate.read_bytes())
        assert post(asker, url).status == 200


# --- what the environment says


def test_given_proxies_passwords_and_authorities_in_the_environment_then_none_of_them_counts(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc, keys = tmp_path / "netrc", tmp_path / "keys.log"
    netrc.write_text("machine localhost login somebody password secret\n", "utf-8")
    with serving(lambda _: http("200 OK", "text/xml"), authority.issue()) as server:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, "http://127.0.0.1:9/")
        monkeypatch.setenv("NETRC", str(netrc))
        monkeypatch.setenv("SSLKEYLOGFILE", str(keys))
        with client(authority) as asker:
            assert post(asker, f"https://localhost:{server.port}/").status == 200
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.file.certificate))
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.file.certificate))
        with client() as asker, pytest.raises(NeverArrived, match="certificate is not trusted"):
            post(asker, f"https://localhost:{server.port}/")
    assert b"authorization" not in server.requests[0].lower()
    assert not keys.exists() or b"SECRET" not in keys.read_bytes()


def test_given_a_password_in_the_address_then_it_goes_to_the_partner_and_into_no_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with (
        serving(lambda _: http("200 OK", "text/xml")) as server,
        client() as asker,
        caplog.at_level(logging.INFO),
    ):
        post(asker, f"http://somebody:secret@127.0.0.1:{server.port}/")
    assert b"Authorization: Basic c29tZWJvZHk6c2VjcmV0" in server.requests[0]
    assert "secret" not in caplog.text


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/x.xsd", "https://example.org/x.xsd", "/etc/hostname", "../x.xsd"])
def test_given_a_contract_that_points_elsewhere_then_nothing_is_fetched(tmp_path: Path, url: str) -> None:
    transport = ContractTransport(tmp_path)
    with pytest.raises(ConfigurationError, match="outside its folder"):
        transport.load(url)
    with pytest.raises(ConfigurationError):
        transport.get(url, {}, {})


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_given_a_server_of_the_past_then_there_is_no_tls_older_than_one_point_two(authority: Authority) -> None:
    pair = authority.issue()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")

    def behave(connection: socket.socket) -> None:
        try:
            context.wrap_socket(connection, server_side=True).close()
        except OSError:
            return

    with raw_server(behave) as url, client(authority) as asker, pytest.raises(NeverArrived, match="TLS failed"):
        post(asker, url.replace("http://127.0.0.1", "https://localhost"))
