"""One kept-alive HTTP/1.1 connection to the head-end system, for POST requests of one address.

It does only what this exchange needs: a request is sent in one piece, httptools parses the answer. General HTTP clients
take three times as long: 0.36 ms an exchange, two an order, where this takes 0.11 ms (docs/decisions/0017). Failures
are classified by one question: can a byte have left?
"""

from __future__ import annotations

import errno
import os
import select
import selectors
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from urllib.parse import SplitResult, quote, urlsplit

import httptools

from csire_bridge.config.sections.peers.parties import KEPT_SECONDS
from csire_bridge.runtime.green_calls import until_ready, wait_readable

__all__ = ["Connection", "ExchangeFailed", "NeverConnected", "request_head", "split_address"]

_IN_TARGETS = "/%:=&?~#+!$,;'@()*[]"
_CHUNK = 64 * 1024
_MAX_ANSWER = 4 * 1024 * 1024


class NeverConnected(Exception):
    """No connection was established, so no byte of the request was sent."""


class ExchangeFailed(Exception):
    """The connection was established, but there was no complete answer: the request may have arrived."""


def split_address(url: str) -> SplitResult:
    """The parts of an http or https address; raises ValueError if there is no host, or an invalid port."""
    parts = urlsplit(url)
    if not parts.hostname or parts.port == 0:
        raise ValueError("it has no host" if not parts.hostname else "its port is 0")
    parts.hostname.encode("idna")
    return parts


def request_head(address: SplitResult, headers: Mapping[str, str]) -> bytes:
    """The head of a POST request to ``address`` up to the body's length, which comes last.

    Raises ValueError for headers that are not allowed in HTTP.
    """
    target = quote((address.path or "/") + (f"?{address.query}" if address.query else ""), safe=_IN_TARGETS)
    host = address.netloc.rpartition("@")[2].encode("idna").decode()
    lines = [f"POST {target} HTTP/1.1", f"Host: {host}"]
    lines += [f"{name}: {value}" for name, value in headers.items() if name.lower() != "content-length"]
    lines += ["Accept-Encoding: identity", "User-Agent: csire-bridge", "Content-Length: "]
    if any("\r" in line or "\n" in line for line in lines):
        raise ValueError("a header has a line break in it")
    return "\r\n".join(lines).encode("latin-1")


class Connection:
    """Connects at the first request, and again when the peer has closed; for one request at a time.

    A connection that was idle for longer than ``kept`` (seconds) is not used again: a firewall may have dropped it
    silently, and then nobody would know whether a request arrived.
    """

    def __init__(
        self,
        address: SplitResult,
        context: ssl.SSLContext | None,
        connect_timeout: float,
        read_timeout: float,
        kept: float = KEPT_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """``context`` is for https. Times are in seconds; ``read_timeout`` is the longest silence."""
        self._address = address
        self._context = context
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout
        self._kept = kept
        self._monotonic = monotonic
        self._idle_since = 0.0
        self._stream: socket.socket | None = None

    def post(self, head: bytes, body: bytes) -> bytes:
        """Send a request and return its answer's body, whatever the status.

        Raises NeverConnected or ExchangeFailed; the connection is given up then.
        """
        stream = self._ready()
        try:
            stream.sendall(b"%b%d\r\n\r\n%b" % (head, len(body), body))
            answer = _Answer()
            while not answer.whole:
                wait_readable(stream)
                answer.feed(stream.recv(_CHUNK))
        except (OSError, ValueError, httptools.HttpParserError) as error:
            self.close()
            raise ExchangeFailed(_words(error)) from error
        except BaseException:  # given up in the middle: what comes now would be taken for the next answer
            self.close()
            raise
        if not answer.keeps:
            self.close()
        self._idle_since = self._monotonic()
        return bytes(answer.body)

    def close(self) -> None:
        """Close it; the next request opens another."""
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()

    def _ready(self) -> socket.socket:
        """The connection; a new one if there is none, if it was idle for too long, or if the peer has closed it or sent
        unexpected data.
        """
        if self._stream is not None and (self._too_old() or _has_news(self._stream)):
            self.close()
        if self._stream is None:
            self._stream = self._open()
        return self._stream

    def _too_old(self) -> bool:
        return self._monotonic() - self._idle_since > self._kept

    def _open(self) -> socket.socket:
        host, secure = self._address.hostname or "", self._context
        port = self._address.port or (443 if secure else 80)
        try:
            stream = _connected(host, port, self._connect_timeout)
        except (OSError, UnicodeError) as error:
            raise NeverConnected(_words(error)) from error
        try:
            stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if secure is not None:
                stream = _secured(stream, secure, host, self._connect_timeout)
            stream.settimeout(self._read_timeout)
        except ssl.SSLCertVerificationError as error:
            stream.close()
            raise NeverConnected(_words(error)) from error
        except OSError as error:
            stream.close()
            raise ExchangeFailed(_words(error)) from error
        return stream


def _has_news(stream: socket.socket) -> bool:
    """Whether there is something to receive at this moment, be it only the peer's end."""
    if not hasattr(select, "poll"):  # Windows
        return bool(select.select([stream], [], [], 0)[0])
    waiting = select.poll()
    waiting.register(stream, select.POLLIN)
    return bool(waiting.poll(0))


def _connected(host: str, port: int, seconds: float) -> socket.socket:
    """A connection to the first address of ``host`` that accepts; other green calls run meanwhile. Raises OSError."""
    failure = OSError(f"{host} has no address")
    for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        stream = socket.socket(family, kind, protocol)
        try:
            _connect(stream, address, seconds)
        except OSError as error:
            stream.close()
            failure = error
        except BaseException:
            stream.close()
            raise
        else:
            return stream
    raise failure


def _connect(stream: socket.socket, address: object, seconds: float) -> None:
    stream.setblocking(False)
    failed = stream.connect_ex(address)  # type: ignore[arg-type]
    if failed == errno.EINPROGRESS:
        until_ready(stream, selectors.EVENT_WRITE, seconds)
        failed = stream.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if failed:
        raise OSError(failed, os.strerror(failed))
    stream.settimeout(seconds)


def _secured(stream: socket.socket, context: ssl.SSLContext, host: str, seconds: float) -> ssl.SSLSocket:
    """The connection after the TLS handshake; other green calls run meanwhile. Raises OSError after closing it."""
    secure = context.wrap_socket(stream, server_hostname=host, do_handshake_on_connect=False)
    try:
        secure.setblocking(False)
        end = time.monotonic() + seconds
        while True:
            try:
                secure.do_handshake()
            except ssl.SSLWantReadError:
                until_ready(secure, selectors.EVENT_READ, max(0.0, end - time.monotonic()))
            except ssl.SSLWantWriteError:
                until_ready(secure, selectors.EVENT_WRITE, max(0.0, end - time.monotonic()))
            else:
                return secure
    except BaseException:
        secure.close()
        raise


class _Answer:
    """One answer as it comes in. Raises ValueError for one that is cut off or too large."""

    def __init__(self) -> None:
        self.body = bytearray()
        self.whole = False
        self.keeps = False
        self._parser = httptools.HttpResponseParser(self)
        self._measured = False
        self._begun = False
        self._received = 0

    def feed(self, data: bytes) -> None:
        """Take received bytes; an empty value means that the peer has closed."""
        if not data:
            if not self._begun or self._measured:
                raise ValueError("the connection was closed before the answer was whole")
            self.whole = True
            return
        self._received += len(data)
        if self._received > _MAX_ANSWER:
            raise ValueError("the answer has no end")
        self._parser.feed_data(data)

    def on_header(self, name: bytes, _value: bytes) -> None:
        self._measured |= name.lower() in (b"content-length", b"transfer-encoding")

    def on_headers_complete(self) -> None:
        self._begun = self._parser.get_status_code() >= 200

    def on_body(self, data: bytes) -> None:
        self.body += data

    def on_message_complete(self) -> None:
        if self._begun:  # else it was an interim answer
            self.whole, self.keeps = True, self._parser.should_keep_alive()


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__
