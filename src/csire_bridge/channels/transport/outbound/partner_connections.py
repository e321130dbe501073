"""The connections below httpx: they limit the total time of an exchange, and classify its failures.

httpx limits each single read and write, so an answer that comes byte by byte would never end. It has neither a limit
for the whole exchange nor a parameter for the network backend; httpcore, which it is built on, has the latter.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import httpcore
import httpx

from csire_bridge.channels.transport.outbound.tls import UnusableTlsFile

__all__ = ["ENDS", "NeverArrived", "NoAnswer", "NotHttp", "PartnerTransport"]

ENDS = "ends"
"""Extension of a request: the moment, by ``time.monotonic``, at which its exchange is given up."""

_PIECE = 64 * 1024
_NEVER_CONNECTED = (
    httpcore.ConnectError,
    httpcore.ConnectTimeout,
    httpcore.PoolTimeout,
    httpcore.UnsupportedProtocol,
    UnusableTlsFile,
    UnicodeError,  # a host that no name can be
)
_BROKE_OFF = (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError)


class NeverArrived(Exception):
    """No byte of the request can have left."""


class NoAnswer(Exception):
    """The request may have arrived; no whole answer came."""


class NotHttp(NoAnswer):
    """The server at the address does not speak HTTP, or closes the connection without an answer."""


class PartnerTransport(httpx.BaseTransport):
    """The connections of one thread, closed when idle for ``kept`` seconds: a firewall may have dropped them by then.

    If the partner has closed an idle connection, this is noticed before the request is sent, and a new one is opened.
    Nothing is ever sent twice. ``context`` is called for each new connection, so renewed TLS files are used at once.
    """

    def __init__(self, context: Callable[[], ssl.SSLContext], kept: float) -> None:
        self._exchange = _Exchange(context)
        self._pool = httpcore.ConnectionPool(
            ssl_context=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),  # trusts nobody; each connection has its own
            keepalive_expiry=kept,
            network_backend=_Network(self._exchange),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send and return the answer once its head is there; raise NeverArrived or NoAnswer, here or in its body."""
        url = request.url
        self._exchange.begin(request.extensions[ENDS])
        with self._exchange.failures():
            answer = self._pool.handle_request(
                httpcore.Request(
                    request.method,
                    httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                    headers=request.headers.raw,
                    content=request.stream,
                    extensions=request.extensions,
                )
            )
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(answer, self._exchange))

    def close(self) -> None:
        """Close the connections; the next request opens another."""
        self._pool.close()


class _Exchange:
    """The exchange in progress: when its time ends, and the first bytes received."""

    def __init__(self, context: Callable[[], ssl.SSLContext]) -> None:
        self.context = context
        self.begin(0.0)

    def begin(self, ends: float) -> None:
        self._ends = ends
        self.received = b""

    def left(self, timeout: float | None) -> float:
        """How long the next wait may take; raises ReadTimeout when the time is over."""
        left = self._ends - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout
        return left if timeout is None else min(left, timeout)

    @contextmanager
    def failures(self) -> Iterator[None]:
        """Classify what goes wrong by one question: can the request have arrived?"""
        try:
            yield
        except _NEVER_CONNECTED as error:
            raise NeverArrived(_why(error)) from error
        except _BROKE_OFF as error:
            raise self._broken_off(error) from error

    def _broken_off(self, error: Exception) -> NoAnswer:
        kind, why = NoAnswer, _why(error)
        if isinstance(error, httpcore.WriteTimeout):
            why = "the request could not be sent in time"
        elif isinstance(error, httpcore.TimeoutException):
            why = "the answer was not complete in time" if self.received else "no answer in time"
        elif isinstance(error, httpcore.RemoteProtocolError):
            if not self.received:
                kind, why = NotHttp, "the connection ended without an answer"
            elif not self.received.startswith(b"HTTP/"[: len(self.received)]):
                kind, why = NotHttp, "what answers is not HTTP"
            else:
                why = f"the answer was cut off or is broken: {why}"
        return kind(why)


class _Network(httpcore.NetworkBackend):
    """Opens the connections."""

    def __init__(self, exchange: _Exchange) -> None:
        self._exchange = exchange
        self._plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        stream = self._plain.connect_tcp(host, port, timeout, local_address, socket_options)
        return _Stream(stream, self._exchange)


class _Stream(httpcore.NetworkStream):
    """A connection on which no read or write lasts longer than the exchange may."""

    def __init__(self, stream: httpcore.NetworkStream, exchange: _Exchange) -> None:
        self._stream = stream
        self._exchange = exchange

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data = self._stream.read(max_bytes, self._exchange.left(timeout))
        self._exchange.received = self._exchange.received or data[:5]
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), _PIECE):
            self._stream.write(buffer[start : start + _PIECE], self._exchange.left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        try:
            own = self._exchange.context()
        except UnusableTlsFile:
            self.close()
            raise
        own.set_alpn_protocols(["http/1.1"])
        return _Stream(self._stream.start_tls(own, server_hostname, timeout), self._exchange)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _Body(httpx.SyncByteStream):
    """The body of an answer as it comes in."""

    def __init__(self, answer: httpcore.Response, exchange: _Exchange) -> None:
        self._answer = answer
        self._exchange = exchange

    def __iter__(self) -> Iterator[bytes]:
        with self._exchange.failures():
            yield from self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()


def _why(error: Exception) -> str:
    """The cause in plain words, whichever library reports it."""
    cause = error if isinstance(error, UnusableTlsFile) else error.__context__ or error  # httpcore drops the __cause__
    match cause:
        case ssl.SSLCertVerificationError():
            why = f"the server's certificate is not trusted: {cause.verify_message}"
        case ssl.SSLError():
            why = f"TLS failed: {cause.reason or cause}"
        case socket.gaierror():
            why = f"the host name is not known: {cause.strerror}"
        case UnicodeError():
            why = "the host is not a valid name"
        case ConnectionRefusedError():
            why = "the connection was refused"
        case TimeoutError():
            why = "no connection in time"
        case OSError():
            why = f"the connection broke: {cause.strerror or cause}"
        case _:
            why = str(cause)[:300] or type(cause).__name__
    return why
