"""One HTTP exchange with a partner: sends exactly the bytes that it is given, and keeps the bytes that come back.

It knows nothing of SOAP faults. It limits the memory and time that an answer may take, and classifies failures by one
question: can the request have arrived? Redirects are not followed, nothing is decompressed, and neither proxies nor
passwords are taken from the environment.
"""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx

from csire_bridge.channels.transport.outbound.partner_connections import (
    ENDS,
    NeverArrived,
    NoAnswer,
    NotHttp,
    PartnerTransport,
)
from csire_bridge.channels.transport.outbound.tls import tls_context
from csire_bridge.channels.transport.redact import excerpt, redacted
from csire_bridge.config.sections.peers.parties import KEPT_SECONDS

__all__ = ["AnswerTooLarge", "HttpAnswer", "NeverArrived", "NoAnswer", "NotHttp", "PartnerClient"]


class AnswerTooLarge(Exception):
    """The answer has more bytes than allowed."""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What came back: ``body`` are the bytes as received; names in ``headers`` are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def excerpt(self) -> str:
        """What a person may see of it."""
        coding = self.headers.get("content-encoding", "identity").strip().lower()
        if coding == "identity":
            return excerpt(self.body)
        return f"(compressed as {redacted(coding, 20)}, which we did not ask for; not decompressed)"


class PartnerClient:
    """Calls one partner over HTTP. Safe to use from several threads: each keeps a connection of its own.

    ``ca_bundle`` None means the public authorities, ``credentials`` are a user and a password for basic authentication.
    A connection that was idle for longer than ``kept`` (seconds) is not used again.
    """

    def __init__(
        self,
        ca_bundle: Path | None,
        client_certificate: tuple[Path, Path] | None,
        credentials: tuple[str, str] | None = None,
        kept: float = KEPT_SECONDS,
    ) -> None:
        self._context = partial(tls_context, ca_bundle, client_certificate)
        self._credentials = credentials
        self._kept = kept
        self._local = threading.local()
        self._open: weakref.WeakSet[PartnerTransport] = weakref.WeakSet()
        self._lock = threading.Lock()

    def post(
        self,
        address: str,
        message: bytes,
        headers: Mapping[str, str],
        *,
        connect_seconds: float,
        seconds: float,
        max_bytes: int,
    ) -> HttpAnswer:
        """Send and return the answer, whatever it is; raise NeverArrived, NoAnswer or AnswerTooLarge.

        However slowly the answer comes, it is given up after ``connect_seconds`` and ``seconds`` together.
        """
        body = bytearray()
        with self._asked("POST", address, message, headers, connect_seconds, seconds) as response:
            for part in response.iter_raw():
                body += part
                if len(body) > max_bytes:
                    raise AnswerTooLarge(f"the answer has more than {max_bytes} bytes")
        return HttpAnswer(response.status_code, dict(response.headers), bytes(body))

    def look(self, address: str, *, connect_seconds: float, seconds: float) -> HttpAnswer:
        """The head of the answer to a plain GET; raises NeverArrived or NoAnswer."""
        with self._asked("GET", address, None, {}, connect_seconds, seconds) as response:
            return HttpAnswer(response.status_code, dict(response.headers))

    def close(self) -> None:
        """Close the connections of all threads."""
        with self._lock:
            transports = list(self._open)
        for transport in transports:
            transport.close()

    @contextmanager
    def _asked(
        self,
        method: str,
        address: str,
        message: bytes | None,
        headers: Mapping[str, str],
        connect_seconds: float,
        seconds: float,
    ) -> Iterator[httpx.Response]:
        client = self._client()
        try:
            request = client.build_request(
                method,
                address,
                content=message,
                headers={**headers, "Accept-Encoding": "identity"},
                timeout=httpx.Timeout(seconds, connect=connect_seconds),
                extensions={ENDS: time.monotonic() + connect_seconds + seconds},
            )
        except httpx.InvalidURL as error:
            raise NeverArrived(f"the address is not valid: {error}") from error
        response = client.send(request, stream=True)
        try:
            yield response
        finally:
            response.close()

    def _client(self) -> httpx.Client:
        """This thread's client."""
        client: httpx.Client | None = getattr(self._local, "client", None)
        if client is None:
            transport = PartnerTransport(self._context, self._kept)
            with self._lock:
                self._open.add(transport)
            client = self._local.client = httpx.Client(
                transport=transport, auth=self._credentials, trust_env=False, follow_redirects=False
            )
        return client
