"""Tests the connection to a partner step by step, and stops at the first failure. Never sends a business document.

Steps: name, connection, TLS with our certificate, the server's certificate (RFC 5280, names by RFC 9525), an HTTP
answer to a plain GET, and, if that is allowed, a peek, which leaves the queue as it is.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import SplitResult, urlsplit

from csire_bridge.channels.hub.probe import findings as words
from csire_bridge.channels.hub.probe.findings import DoorStep, Stopped
from csire_bridge.channels.hub.profile import HubProfile
from csire_bridge.domain.errors import BridgeError

__all__ = ["DoorStep", "ProbeTarget", "try_door"]

_MOST_BYTES = 64 * 1024
_REFUSAL_SECONDS = 0.5


@dataclass(frozen=True)
class ProbeTarget:
    """What to connect to, and with what; time-outs in the profile are in seconds. ``peek`` returns what it found."""

    profile: HubProfile
    peek: Callable[[], str] | None = None


def try_door(door: ProbeTarget, now: datetime) -> Iterator[DoorStep]:
    """Yield each step when it is done; stops after the first failure. ``now`` is aware. Never raises."""
    try:
        yield from _steps(door, now)
    except Stopped as stopped:
        yield stopped.step


def _steps(door: ProbeTarget, now: datetime) -> Iterator[DoorStep]:
    profile, parts = door.profile, urlsplit(door.profile.endpoint)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    shown = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()  # no password on a screen
    if not shown.isascii() or " " in shown:
        raise Stopped("address", f"{shown} has characters that no url may have", words.ASCII)
    yield DoorStep("address", True, shown)
    addresses = _resolve(host, port)
    yield DoorStep("dns", True, f"{host} is {', '.join(addresses)}")
    with ExitStack() as stack:
        plain = stack.enter_context(closing(_connect(host, port, profile.connect_seconds)))
        yield DoorStep("tcp", True, f"port {port} answers")
        stream = plain
        if parts.scheme == "https":
            stream = stack.enter_context(closing(_secure(plain, host, port, profile)))
            _wait_for_refusal(stream, with_ours=profile.client_certificate is not None)
            yield DoorStep("tls", True, words.tls_text(stream, with_ours=profile.client_certificate is not None))
            yield DoorStep("certificate", True, words.certificate_text(_certificate(stream), now))
        yield _http(stream, parts, profile, peek_follows=door.peek is not None)
    if door.peek is not None:
        yield _peek(door.peek)


def _resolve(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Stopped("dns", f"the name {host} is not known: {error}", words.NAME) from error
    return sorted({str(entry[4][0]) for entry in found})


def _connect(host: str, port: int, seconds: float) -> socket.socket:
    try:
        return socket.create_connection((host, port), timeout=seconds)
    except ConnectionRefusedError as error:
        raise Stopped("tcp", f"{host} refuses connections to port {port}", words.REFUSED) from error
    except TimeoutError as error:
        raise Stopped("tcp", f"{host} gave no answer on port {port} within {seconds:g} s", words.SILENT) from error
    except OSError as error:
        raise Stopped("tcp", f"no connection to {host}, port {port}: {error}", words.SILENT) from error


def _secure(plain: socket.socket, host: str, port: int, profile: HubProfile) -> ssl.SSLSocket:
    context = _context(profile)
    try:
        return context.wrap_socket(plain, server_hostname=host)
    except ssl.SSLCertVerificationError as error:
        shown = _shown_anyway(host, port, profile.connect_seconds)
        raise words.distrusted(error, host, shown) from error
    except ssl.SSLError as error:
        raise words.no_tls(error, with_ours=profile.client_certificate is not None) from error
    except TimeoutError as error:
        raise Stopped("tls", "the other side says nothing when TLS begins", words.NO_TLS) from error
    except OSError as error:
        raise Stopped("tls", f"the connection was dropped when TLS began: {error}", words.NO_TLS) from error


def _wait_for_refusal(stream: ssl.SSLSocket, *, with_ours: bool) -> None:
    """Wait for an alert: with TLS 1.3 the server checks our certificate after our handshake (RFC 8446, 4.4.2.4).

    If we sent at once, the connection might be closed before the alert could be read.
    """
    if stream.version() != "TLSv1.3":
        return
    stream.settimeout(_REFUSAL_SECONDS)
    try:
        stream.recv(1)
    except TimeoutError:
        return
    except ssl.SSLEOFError as error:
        raise words.dropped(with_ours=with_ours) from error
    except ssl.SSLError as error:
        raise words.no_tls(error, with_ours=with_ours) from error
    except OSError as error:
        raise words.dropped(with_ours=with_ours) from error
    raise words.dropped(with_ours=with_ours)


def _context(profile: HubProfile) -> ssl.SSLContext:
    """The same TLS settings as the hub's client: TLS 1.2 or newer, the profile's authorities, our certificate."""
    ca_file = str(profile.ca_bundle) if profile.ca_bundle else _public_authorities()
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        raise Stopped("tls", f"the file of trusted authorities can't be used: {error}", words.CA_FILE) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if profile.client_certificate is not None:
        certificate, key = profile.client_certificate
        try:
            context.load_cert_chain(certificate, key, password=_no_password)
        except (OSError, ssl.SSLError, ValueError) as error:
            raise Stopped("tls", f"our client certificate or its key can't be used: {error}", words.OURS) from error
    return context


def _public_authorities() -> str:
    """The public authorities, the same as the hub's client trusts."""
    import certifi  # noqa: PLC0415 - comes with requests, which the client uses

    return certifi.where()


def _no_password() -> str:
    raise ValueError("the key has a password")


def _certificate(stream: ssl.SSLSocket) -> bytes:
    return stream.getpeercert(binary_form=True) or b""


def _shown_anyway(host: str, port: int, seconds: float) -> bytes | None:
    """The certificate that the server shows, only for the report: nothing is sent over this connection."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with (
            socket.create_connection((host, port), timeout=seconds) as plain,
            context.wrap_socket(plain, server_hostname=host) as stream,
        ):
            return _certificate(stream)
    except OSError:
        return None


def _http(stream: socket.socket, parts: SplitResult, profile: HubProfile, *, peek_follows: bool) -> DoorStep:
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    request = f"GET {path} HTTP/1.1\r\nHost: {parts.netloc.rpartition('@')[2]}\r\nConnection: close\r\n\r\n"
    try:
        received = _head_of_answer(stream, request.encode("ascii"), profile.send_seconds)
    except ssl.SSLError as error:
        raise words.no_tls(error, with_ours=profile.client_certificate is not None) from error
    except TimeoutError as error:
        raise Stopped("http", f"no HTTP answer within {profile.send_seconds:g} s", words.SILENT_HTTP) from error
    except OSError as error:
        raise Stopped("http", f"the connection was dropped: {error}", words.SILENT_HTTP) from error
    return words.http_step(received, peek_follows=peek_follows)


def _head_of_answer(stream: socket.socket, request: bytes, seconds: float) -> bytes:
    """The answer up to the end of its header; reading stops after ``seconds``, however slowly it comes."""
    end, received = time.monotonic() + seconds, b""
    stream.settimeout(seconds)
    stream.sendall(request)
    while b"\r\n\r\n" not in received and len(received) < _MOST_BYTES and (chunk := stream.recv(4096)):
        received += chunk
        if time.monotonic() > end:
            raise TimeoutError
    return received


def _peek(peek: Callable[[], str]) -> DoorStep:
    try:
        return DoorStep("peek", True, peek())
    except BridgeError as error:
        raise Stopped("peek", error.text, error.remedy) from error
