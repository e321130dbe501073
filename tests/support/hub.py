"""A client and a simulated hub, wired together for tests; and servers that answer anything."""

from __future__ import annotations

import functools
import socket
import socketserver
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from csire_bridge.channels.hub.client import HubClient
from csire_bridge.channels.hub.payload_bytes import CMS
from csire_bridge.channels.hub.profile import HubProfile, HubSecurity
from csire_bridge.channels.transport.outbound.zeep_wss import WsSecurityPlugin
from csire_bridge.config.resources import folder
from csire_bridge.domain.identifiers import MessageId, MessageNumber
from csire_bridge.domain.message.documents import DocumentState, OutgoingDocument
from csire_bridge.lab.simulators.hub.simulator import HubSimulator
from csire_bridge.lab.simulators.pki import DemoPki, make_demo_pki
from csire_bridge.xml.envelope import read_header
from csire_bridge.xml.parser import parse
from csire_bridge.xml.security.certificates.keys import CertificateBook
from csire_bridge.xml.security.signature import serialise, sign_enveloped

SOAP = "http://www.w3.org/2003/05/soap-envelope"
GOOD = folder("samples") / "good"


def now() -> datetime:
    return datetime.now(UTC)


@functools.cache
def pki() -> DemoPki:
    return make_demo_pki(Path(tempfile.mkdtemp(prefix="hub-pki-")), now())


def sample(name: str, message_id: MessageId | None = None, **texts: str) -> Any:
    """A good sample with a fresh id, as a tree."""
    root = parse((GOOD / f"{name}.xml").read_bytes())
    for local, text in ({"MessageId": str(message_id or MessageId.new())} | texts).items():
        next(root.iter(f"{{*}}{local}")).text = text
    return root


def our_document(name: str = "8.1.1.11-disconnected", message_id: MessageId | None = None, **texts: str) -> bytes:
    return sign_enveloped(sample(name, message_id, **texts), pki().operator.signing)


def plain_document(name: str = "8.1.1.11-disconnected", message_id: MessageId | None = None) -> bytes:
    return serialise(sample(name, message_id))


def hub_document(name: str = "8.1.1.5-debt", message_id: MessageId | None = None) -> bytes:
    return sign_enveloped(sample(name, message_id), pki().hub.signing)


def outgoing(document: bytes) -> OutgoingDocument:
    message_id = read_header(parse(document)).message_id
    number = MessageNumber("8.1.1.11")
    return OutgoingDocument(1, 1, number, message_id, document, "", DocumentState.PENDING, now())


def profile_of(simulator: HubSimulator, **changes: Any) -> HubProfile:
    profile = HubProfile(url=simulator.url, tenant=simulator.tenant, user=simulator.user)
    return replace(profile, connect_seconds=5, **changes)


def plugin() -> WsSecurityPlugin:
    return WsSecurityPlugin(pki().operator.signing, lambda: CertificateBook([pki().hub.trusted]), now)


@contextmanager
def client_of(profile: HubProfile) -> Iterator[HubClient]:
    client = HubClient(profile, plugin() if profile.security is HubSecurity.WSS else None)
    try:
        yield client
    finally:
        client.close()


@contextmanager
def running(security: HubSecurity = HubSecurity.ENVELOPED, **options: Any) -> Iterator[tuple[HubSimulator, HubClient]]:
    """A hub and a client of it; options of the profile begin with ``profile_``."""
    changes = {k.removeprefix("profile_"): v for k, v in options.items() if k.startswith("profile_")}
    rest = {k: v for k, v in options.items() if not k.startswith("profile_")}
    with (
        HubSimulator(pki(), security=security, **rest) as simulator,
        client_of(profile_of(simulator, security=security, **changes)) as client,
    ):
        yield simulator, client


@contextmanager
def raw_server(behave: Callable[[socket.socket], None]) -> Iterator[str]:
    """A TCP server that does ``behave`` with each connection."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            behave(self.request)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        server.block_on_close = False
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/soap"
        finally:
            server.shutdown()


def read_request(connection: socket.socket) -> bytes:
    """The body of the request that is on its way."""
    got = b""
    while b"\r\n\r\n" not in got:
        got += connection.recv(65536)
    head, _, body = got.partition(b"\r\n\r\n")
    length = next(
        int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
    )
    while len(body) < length:
        body += connection.recv(65536)
    return body


def answering(
    status: str, body: bytes, content_type: str = "application/soap+xml", headers: str = ""
) -> Callable[[socket.socket], None]:
    def behave(connection: socket.socket) -> None:
        read_request(connection)
        head = f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n{headers}"
        connection.sendall(head.encode() + b"Connection: close\r\n\r\n" + body)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass

    return behave


def envelope(body: str) -> bytes:
    return f'<s:Envelope xmlns:s="{SOAP}" xmlns:c="{CMS[1:-1]}"><s:Body>{body}</s:Body></s:Envelope>'.encode()


@contextmanager
def client_at(behave: Callable[[socket.socket], None], **changes: Any) -> Iterator[HubClient]:
    """A client of a server that does ``behave``."""
    with raw_server(behave) as url, client_of(replace(HubProfile(url=url), **changes)) as client:
        yield client
