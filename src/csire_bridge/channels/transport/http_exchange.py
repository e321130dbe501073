"""One HTTP exchange with a partner: sends exactly the bytes that it is given, and keeps the bytes that come back.

It knows nothing of SOAP faults. It limits the memory and time that an answer may take, and classifies failures by one
question: can the request have arrived?
"""

from __future__ import annotations

import http.client
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
import urllib3.exceptions
import zeep
from requests.exceptions import ConnectTimeout
from urllib3.exceptions import MaxRetryError, NewConnectionError

from csire_bridge.domain.errors import ConfigurationError

__all__ = [
    "AnswerTooLarge",
    "ContractTransport",
    "HttpAnswer",
    "KeptSession",
    "NeverArrived",
    "NoAnswer",
    "exchange",
    "new_session",
]

_CHUNK = 64 * 1024
_FAILURES = (OSError, urllib3.exceptions.HTTPError, http.client.HTTPException)  # requests' own are OSErrors


class NeverArrived(Exception):
    """No byte of the request can have left."""


class NoAnswer(Exception):
    """The request may have arrived; no whole answer came."""


class AnswerTooLarge(Exception):
    """The answer has more bytes than allowed."""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What came back: ``body`` are the bytes as received; names in ``headers`` are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class ContractTransport(zeep.Transport):
    """Reads the WSDL and its schemas from the folder ``contract``, and from nowhere else."""

    def __init__(self, contract: Path, session: requests.Session | None = None) -> None:
        super().__init__(session=session)  # type: ignore[no-untyped-call]
        self._contract = contract.resolve()

    def load(self, url: str) -> bytes:
        """The bytes of a file of the contract; raises ConfigurationError for every other address."""
        path = Path(url.removeprefix("file://")).resolve()
        if not path.is_relative_to(self._contract):
            raise ConfigurationError(f"the contract points outside its folder: {url}", "ship the schema with it")
        return path.read_bytes()


class KeptSession(requests.Session):
    """A session whose connection is not used again once it was idle for longer than ``kept`` (seconds).

    A firewall may have dropped it silently, and a request would be lost.
    """

    def __init__(self, kept: float = 20.0, monotonic: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._kept = kept
        self._monotonic = monotonic
        self._idle_since = monotonic()

    def used(self) -> None:
        """Note that an exchange has just ended."""
        self._idle_since = self._monotonic()

    def drop_idle(self) -> None:
        """Close a connection that was idle for too long; the next request opens another."""
        if self._monotonic() - self._idle_since > self._kept:
            self.close()


def new_session(ca_bundle: Path | None, client_certificate: tuple[Path, Path] | None) -> KeptSession:
    """One thread's connection; ``ca_bundle`` None means the public authorities."""
    session = KeptSession()
    session.trust_env = False  # no proxy, no .netrc
    if ca_bundle is not None:
        session.verify = str(ca_bundle)
    if client_certificate is not None:
        session.cert = tuple(str(path) for path in client_certificate)  # type: ignore[assignment]
    return session


def exchange(
    session: KeptSession,
    address: str,
    message: bytes,
    headers: Mapping[str, str],
    *,
    connect_seconds: float,
    seconds: float,
    max_bytes: int,
) -> HttpAnswer:
    """Send and return the answer, whatever it is; raise NeverArrived, NoAnswer or AnswerTooLarge.

    A very slow answer is given up after twice ``seconds`` at the latest.
    """
    session.drop_idle()
    end = time.monotonic() + seconds
    try:
        response = session.post(
            address,
            data=message,
            headers={**headers, "Accept-Encoding": "identity"},
            timeout=(connect_seconds, seconds),
            allow_redirects=False,
            stream=True,
        )
        with response:
            names = {name.lower(): value for name, value in response.headers.items()}
            return HttpAnswer(response.status_code, names, _read(response.raw, end, max_bytes))
    except _FAILURES as error:
        kind = NeverArrived if _never_connected(error) else NoAnswer
        raise kind(str(error)[:300] or type(error).__name__) from error
    finally:
        session.used()


def _read(stream: Any, end: float, max_bytes: int) -> bytes:
    """Read the answer in pieces, with limits on size and total time."""
    body = bytearray()
    while chunk := stream.read1(_CHUNK, decode_content=False):
        body += chunk
        if len(body) > max_bytes:
            raise AnswerTooLarge(f"the answer has more than {max_bytes} bytes")
        if time.monotonic() > end:
            raise NoAnswer("the answer was not complete in time")
    return bytes(body)


def _never_connected(error: BaseException) -> bool:
    """True when no byte of the request can have left: refused, no such host, no connection in time, no trust."""
    if isinstance(error, ConnectTimeout):
        return True
    cause = error.args[0] if error.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else None
    distrusted = bool(reason and reason.args and isinstance(reason.args[0], ssl.SSLCertVerificationError))
    return distrusted or isinstance(reason, NewConnectionError)
