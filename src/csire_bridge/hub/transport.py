"""HTTP to the hub: sends exactly the bytes that it is given, and keeps the bytes that come back.

It knows nothing of SOAP faults. It bounds what an answer may take of memory and of time, and sorts what goes wrong
on the way by one question: can the request have arrived?
"""

from __future__ import annotations

import http.client
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
import urllib3.exceptions
import zeep
from lxml import etree
from requests.exceptions import ConnectTimeout
from urllib3.exceptions import MaxRetryError, NewConnectionError

from csire_bridge.domain.errors import ConfigurationError
from csire_bridge.hub.faults import Operation
from csire_bridge.hub.profile import ContentTypeStyle, HubProfile
from csire_bridge.hub.splice import splice

__all__ = ["AnswerTooLarge", "HttpAnswer", "HubTransport", "NeverArrived", "NoAnswer"]

_CHUNK = 64 * 1024
_FAILURES = (OSError, urllib3.exceptions.HTTPError, http.client.HTTPException)  # requests' own are OSErrors


class NeverArrived(Exception):
    """No byte of the request can have left."""


class NoAnswer(Exception):
    """The request may have arrived; no whole answer came."""


class AnswerTooLarge(Exception):
    """The answer has more bytes than the profile allows."""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What came back: ``body`` are the bytes as received; names in ``headers`` are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class HubTransport(zeep.Transport):
    """One thread's connection; ``prepare`` it for each request."""

    def __init__(self, profile: HubProfile) -> None:
        super().__init__(session=_session(profile))  # type: ignore[no-untyped-call]
        self._profile = profile
        self._contract = profile.contract.resolve()
        self._operation = Operation.PEEK
        self._document: bytes | None = None

    def prepare(self, operation: Operation, document: bytes | None) -> None:
        """Say what the next request is; ``document`` takes the place of the one in its payload."""
        self._operation, self._document = operation, document

    def load(self, url: str) -> bytes:
        """Read the WSDL and its schema, from the contract's folder only."""
        path = Path(url.removeprefix("file://")).resolve()
        if not path.is_relative_to(self._contract):
            raise ConfigurationError(f"the hub's contract points outside its folder: {url}", "ship the schema with it")
        return path.read_bytes()

    def post_xml(self, address: str, envelope: etree._Element, headers: Mapping[str, str]) -> HttpAnswer:
        """Send and return the answer, whatever it is; raise NeverArrived, NoAnswer or AnswerTooLarge."""
        if self._document is None:
            message = etree.tostring(envelope, encoding="UTF-8", xml_declaration=True)
        else:
            message = splice(envelope, self._document)
        try:
            return self._exchange(address, message)
        except _FAILURES as error:
            kind = NeverArrived if _never_connected(error) else NoAnswer
            raise kind(str(error)[:300] or type(error).__name__) from error

    def _exchange(self, address: str, message: bytes) -> HttpAnswer:
        profile, waits = self._profile, self._operation is Operation.PEEK
        seconds = profile.peek_seconds if waits else profile.send_seconds
        end = time.monotonic() + seconds
        response = self.session.post(
            address,
            data=message,
            headers={"Content-Type": self._content_type(), "Accept-Encoding": "identity"},
            timeout=(profile.connect_seconds, seconds),
            allow_redirects=False,
            stream=True,
        )
        with response:
            headers = {name.lower(): value for name, value in response.headers.items()}
            return HttpAnswer(response.status_code, headers, self._read(response.raw, end))

    def _read(self, stream: Any, end: float) -> bytes:
        """Read what is there as it comes, so that neither drops of bytes nor floods of them hold us up."""
        body = bytearray()
        while chunk := stream.read1(_CHUNK, decode_content=False):
            body += chunk
            if len(body) > self._profile.max_bytes:
                raise AnswerTooLarge(f"the answer has more than {self._profile.max_bytes} bytes")
            if time.monotonic() > end:
                raise NoAnswer(f"the answer to {self._operation} was not complete in time")
        return bytes(body)

    def _content_type(self) -> str:
        if self._profile.content_type_style is ContentTypeStyle.TEXT_XML:
            return "text/xml;charset=UTF-8"
        return f'application/soap+xml;charset=UTF-8;action="{self._operation}"'


def _session(profile: HubProfile) -> requests.Session:
    session = requests.Session()
    session.trust_env = False  # no proxy, no .netrc
    if profile.ca_bundle is not None:
        session.verify = str(profile.ca_bundle)
    if profile.client_certificate is not None:
        session.cert = tuple(str(path) for path in profile.client_certificate)  # type: ignore[assignment]
    return session


def _never_connected(error: BaseException) -> bool:
    """True when no byte of the request can have left: refused, no such host, no connection in time, no trust."""
    if isinstance(error, ConnectTimeout):
        return True
    cause = error.args[0] if error.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else None
    distrusted = bool(reason and reason.args and isinstance(reason.args[0], ssl.SSLCertVerificationError))
    return distrusted or isinstance(reason, NewConnectionError)
