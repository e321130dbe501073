"""TLS servers on loopback with certificates made at run time."""

from __future__ import annotations

import datetime as dt
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from csire_bridge.config.private_files import write_private
from tests.support.patience import PATIENCE

NOW = dt.datetime.now(dt.UTC)
DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Files:
    """A certificate and its key, as PEM files."""

    certificate: Path
    key: Path


class Authority:
    """Makes certificates for servers and clients in ``place``."""

    def __init__(self, place: Path, name: str = "test authority") -> None:
        self._place, self._name, self._count = place, name, 0
        self._key = ec.generate_private_key(ec.SECP256R1())
        constraints = x509.BasicConstraints(ca=True, path_length=None)
        self.file = self._write(self._builder(name, self._key, NOW + 400 * DAY, -400 * DAY, constraints), self._key)

    def issue(
        self, name: str = "localhost", *, until: dt.datetime = NOW + 90 * DAY, after: dt.timedelta = -100 * DAY
    ) -> Files:
        """A pair for ``name``, which may be an address; valid from ``after`` now on."""
        key = ec.generate_private_key(ec.SECP256R1())
        try:
            shown: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(name))
        except ValueError:
            shown = x509.DNSName(name)
        constraints = x509.BasicConstraints(ca=False, path_length=None)
        builder = self._builder(name, key, until, after, constraints)
        return self._write(builder.add_extension(x509.SubjectAlternativeName([shown]), critical=False), key)

    def _builder(
        self,
        name: str,
        key: ec.EllipticCurvePrivateKey,
        until: dt.datetime,
        after: dt.timedelta,
        constraints: x509.BasicConstraints,
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(_named(name))
            .issuer_name(_named(self._name))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW + after)
            .not_valid_after(until)
            .add_extension(constraints, critical=True)
        )

    def _write(self, builder: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey) -> Files:
        self._count += 1
        stem = f"{self._name.replace(' ', '-')}-{self._count}"
        pair = Files(self._place / f"{stem}.pem", self._place / f"{stem}.key")
        certificate = builder.sign(self._key, hashes.SHA256())
        pair.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        pem = serialization.Encoding.PEM
        write_private(pair.key, key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
        return pair


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


@dataclass
class Server:
    """A running server: its port, and every request that it got."""

    port: int
    requests: list[bytes]


Answer = Callable[[bytes], bytes]


def http(status: str, media: str, body: bytes = b"") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {media}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return head.encode() + body


@contextmanager
def serving(
    answer: Answer, pair: Files | None = None, *, clients: Path | None = None, tls12: bool = False
) -> Iterator[Server]:
    """A server that answers each request; with TLS if ``pair`` is given, for certified ``clients`` only if that is."""
    context = _server_context(pair, clients, tls12) if pair else None
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Server(listener.getsockname()[1], [])
        thread = threading.Thread(target=_accept, args=(listener, context, answer, server.requests), daemon=True)
        thread.start()
        yield server
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(PATIENCE)


def _server_context(pair: Files, clients: Path | None, tls12: bool) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    if tls12:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    if clients is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(clients)
    return context


def _accept(listener: socket.socket, context: ssl.SSLContext | None, answer: Answer, requests: list[bytes]) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        try:
            _serve(connection, context, answer, requests)
        except OSError:
            connection.close()


def _serve(connection: socket.socket, context: ssl.SSLContext | None, answer: Answer, requests: list[bytes]) -> None:
    connection.settimeout(PATIENCE)
    with context.wrap_socket(connection, server_side=True) if context else connection as stream:
        request = _request(stream)
        if request:
            requests.append(request)
            stream.sendall(answer(request))


def _request(stream: socket.socket) -> bytes:
    got = b""
    while b"\r\n\r\n" not in got and not got.startswith(b"\x16\x03") and (chunk := stream.recv(65536)):
        got += chunk
    head, _, body = got.partition(b"\r\n\r\n")
    lengths = [int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")]
    while lengths and len(body) < lengths[0] and (chunk := stream.recv(65536)):
        body += chunk
        got += chunk
    return got
