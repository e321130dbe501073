"""Tests the connection to a partner step by step, and stops at the first failure. Never sends a business document.

Steps: name, connection, TLS with our certificate, the server's certificate (RFC 5280, names by RFC 9525), an HTTP
answer to a plain GET, and, if that is allowed, a peek, which leaves the queue as it is. What comes before HTTP is done
by hand, because the HTTP client does it in one; GET and peek go through that client, over a connection of their own.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from csire_bridge.channels.hub.probe import findings as words
from csire_bridge.channels.hub.probe.findings import ProbeStep, Stopped
from csire_bridge.channels.hub.profile import HubProfile
from csire_bridge.channels.transport.outbound.http_exchange import NeverArrived, NoAnswer, NotHttp, PartnerClient
from csire_bridge.channels.transport.outbound.tls import UnusableTlsFile, tls_context
from csire_bridge.domain.errors import BridgeError

__all__ = ["ProbeStep", "ProbeTarget", "try_door"]

_REFUSAL_SECONDS = 0.5


@dataclass(frozen=True)
class ProbeTarget:
    """What to connect to, and with what; time-outs in the profile are in seconds. ``peek`` returns what it found."""

    profile: HubProfile
    peek: Callable[[], str] | None = None


def try_door(door: ProbeTarget, now: datetime) -> Iterator[ProbeStep]:
    """Yield each step when it is done; stops after the first failure. ``now`` is aware. Never raises."""
    try:
        yield from _steps(door, now)
    except Stopped as stopped:
        yield stopped.step


def _steps(door: ProbeTarget, now: datetime) -> Iterator[ProbeStep]:
    profile, parts = door.profile, urlsplit(door.profile.endpoint)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    shown = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()  # no password on a screen
    if not shown.isascii() or " " in shown:
        raise Stopped("address", f"{shown} has characters that no url may have", words.ASCII)
    yield ProbeStep("address", True, shown)
    addresses = _resolve(host, port)
    yield ProbeStep("dns", True, f"{host} is {', '.join(addresses)}")
    with ExitStack() as stack:
        plain = stack.enter_context(closing(_connect(host, port, profile.connect_seconds)))
        yield ProbeStep("tcp", True, f"port {port} answers")
        if parts.scheme == "https":
            stream = stack.enter_context(closing(_secure(plain, host, port, profile)))
            _wait_for_refusal(stream, with_ours=profile.client_certificate is not None)
            yield ProbeStep("tls", True, words.tls_text(stream, with_ours=profile.client_certificate is not None))
            yield ProbeStep("certificate", True, words.certificate_text(_certificate(stream), now))
    yield _http(profile, peek_follows=door.peek is not None)
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
    """The same TLS settings as the hub's client."""
    try:
        return tls_context(profile.ca_bundle, profile.client_certificate)
    except UnusableTlsFile as error:
        raise Stopped("tls", str(error), words.OURS if error.ours else words.CA_FILE) from error


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


def _http(profile: HubProfile, *, peek_follows: bool) -> ProbeStep:
    """Send a GET with the hub's own client, over another connection, and judge the answer."""
    with closing(PartnerClient(profile.ca_bundle, profile.client_certificate)) as client:
        try:
            answer = client.look(
                profile.endpoint, connect_seconds=profile.connect_seconds, seconds=profile.send_seconds
            )
        except NotHttp as error:
            raise Stopped("http", str(error), words.WRONG_URL) from error
        except (NeverArrived, NoAnswer) as error:
            if (refusal := _tls_failure(error)) is not None:
                raise words.no_tls(refusal, with_ours=profile.client_certificate is not None) from error
            raise Stopped("http", f"there is no HTTP answer: {error}", words.SILENT_HTTP) from error
    return words.http_step(answer, peek_follows=peek_follows)


def _tls_failure(error: BaseException | None) -> ssl.SSLError | None:
    """The TLS error behind ``error``, if any: a server that is slow to check our certificate refuses it only now."""
    while error is not None and not isinstance(error, ssl.SSLError):
        error = error.__cause__ or error.__context__
    return error


def _peek(peek: Callable[[], str]) -> ProbeStep:
    try:
        return ProbeStep("peek", True, peek())
    except BridgeError as error:
        raise Stopped("peek", error.text, error.remedy) from error
