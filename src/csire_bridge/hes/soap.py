"""The SOAP channel to the head-end system: zeep, one client and one kept-alive HTTP session per thread.

It sorts every failure by one question: can the request have arrived?
"""

from __future__ import annotations

import ssl
import threading
import weakref
from pathlib import Path
from typing import Any

import requests
import zeep
from lxml import etree
from requests.exceptions import ConnectTimeout, InvalidSchema, InvalidURL, MissingSchema, RequestException
from urllib3.exceptions import MaxRetryError, NewConnectionError
from zeep.exceptions import Error as ZeepError

from csire_bridge.domain.errors import BridgeError, ConfigurationError, HeadEndUnreachable, OutcomeUnknown
from csire_bridge.hes.profile import HeadEndProfile

__all__ = ["SoapChannel"]

_BINDING = "{urn:csire-bridge:hes:service:v1}EndDeviceControlsBinding"
_WSDL = "EndDeviceControls.wsdl"
_ASK_FIRST = "read the contactor before anything is sent again"


class SoapChannel:
    """Sends RequestMessages and returns ResponseMessages, as zeep's objects."""

    def __init__(self, profile: HeadEndProfile) -> None:
        self._profile = profile
        self._local = threading.local()
        self._sessions: weakref.WeakSet[requests.Session] = weakref.WeakSet()
        self._lock = threading.Lock()

    def request(self, **message: Any) -> Any:
        """Return the HES's ResponseMessage; raise ``HeadEndUnreachable`` or ``OutcomeUnknown``."""
        service, transport = self._service_and_transport()
        transport.sent = False
        try:
            reply = service.Request(**message)
        except RequestException as error:
            raise self._transport_failure(error) from error
        except (ZeepError, etree.LxmlError, ValueError, TypeError, AttributeError, LookupError) as error:
            # zeep fails in all these ways over a strange answer; before the sending it is no answer's fault
            if not transport.sent:
                raise
            raise self._garbage(error) from error
        if reply is None or not hasattr(reply, "Reply") or reply.Reply is None or reply.Header is None:
            raise self._garbage(None)
        return reply

    def close(self) -> None:
        """Close the sessions of all threads."""
        with self._lock:
            sessions = list(self._sessions)
        for session in sessions:
            session.close()

    def _service_and_transport(self) -> tuple[Any, _LocalContractTransport]:
        """This thread's service proxy; building one reads the WSDL and its schemas, so it is kept."""
        pair: tuple[Any, _LocalContractTransport] | None = getattr(self._local, "pair", None)
        if pair is None:
            transport = self._transport()
            service = self._client(transport).create_service(_BINDING, self._profile.endpoint)
            pair = self._local.pair = (service, transport)
        return pair

    def _client(self, transport: _LocalContractTransport) -> Any:
        wsdl = self._profile.contract / _WSDL
        if not wsdl.is_file():
            raise ConfigurationError(f"the HES's contract {wsdl} is missing", "check the setting contract")
        settings = zeep.Settings(strict=True, forbid_dtd=True, forbid_entities=True, forbid_external=True)
        return zeep.Client(  # type: ignore[no-untyped-call]
            str(wsdl), transport=transport, settings=settings
        )

    def _transport(self) -> _LocalContractTransport:
        session = requests.Session()
        session.trust_env = False  # no proxy, no .netrc; it also saves their look-up at each call
        if self._profile.ca_bundle is not None:
            session.verify = str(self._profile.ca_bundle)
        if self._profile.client_certificate is not None:
            session.cert = tuple(str(path) for path in self._profile.client_certificate)  # type: ignore[assignment]
        with self._lock:
            self._sessions.add(session)
        timeouts = (self._profile.connect_timeout, self._profile.read_timeout)
        return _LocalContractTransport(self._profile.contract, session=session, operation_timeout=timeouts)

    def _transport_failure(self, error: RequestException) -> BridgeError:
        where = self._profile.endpoint
        if isinstance(error, (InvalidSchema, InvalidURL, MissingSchema)):
            return ConfigurationError(f"{where!r} is no address of a HES: {error}", "correct the setting endpoint")
        if _never_connected(error):
            return HeadEndUnreachable(f"no connection to the HES at {where}: {error}", "check the HES and the network")
        return OutcomeUnknown(f"the HES at {where} took the connection but gave no answer: {error}", _ASK_FIRST)

    def _garbage(self, error: Exception | None) -> OutcomeUnknown:
        detail = f": {str(error)[:200]}" if error else ""
        return OutcomeUnknown(f"the HES at {self._profile.endpoint} answered something else{detail}", _ASK_FIRST)


class _LocalContractTransport(zeep.Transport):
    """Reads the WSDL and schemas from the contract's folder only; follows no redirect; notes that it began to send."""

    def __init__(self, contract: Path, **options: Any) -> None:
        super().__init__(**options)  # type: ignore[no-untyped-call]
        self._contract = contract.resolve()
        self.sent = False

    def load(self, url: str) -> bytes:
        path = Path(url.removeprefix("file://")).resolve()
        if not path.is_relative_to(self._contract):
            raise ConfigurationError(f"the HES's contract points outside its folder: {url}", "ship the schema with it")
        return path.read_bytes()

    def post(self, address: str, message: bytes, headers: dict[str, str]) -> requests.Response:
        self.sent = True
        return self.session.post(
            address, data=message, headers=headers, timeout=self.operation_timeout, allow_redirects=False
        )


def _never_connected(error: RequestException) -> bool:
    """True when no byte of the request can have left: refused, no such host, no connection in time, no trust."""
    if isinstance(error, ConnectTimeout):
        return True
    cause = error.args[0] if error.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else None
    distrusted = bool(reason and reason.args and isinstance(reason.args[0], ssl.SSLCertVerificationError))
    return distrusted or isinstance(reason, NewConnectionError)
