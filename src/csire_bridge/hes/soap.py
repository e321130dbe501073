"""The SOAP channel to the head-end system: zeep, one client and one kept-alive HTTP connection per thread.

It sorts every failure by one question: can the request have arrived? zeep's requests go through urllib3 directly:
the layer that requests puts on top of it costs as much again as the exchange itself.
"""

from __future__ import annotations

import ssl
import threading
import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import certifi
import urllib3
import zeep
from lxml import etree
from urllib3.exceptions import ConnectTimeoutError, HTTPError, LocationValueError, NewConnectionError, SSLError
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
        self._pools: weakref.WeakSet[urllib3.PoolManager] = weakref.WeakSet()
        self._lock = threading.Lock()

    def request(self, **message: Any) -> Any:
        """Return the HES's ResponseMessage; raise ``HeadEndUnreachable`` or ``OutcomeUnknown``."""
        if not self._profile.endpoint.startswith(("http://", "https://")):
            raise ConfigurationError(
                f"{self._profile.endpoint!r} is no address of a HES", "give an address that starts with http(s)://"
            )
        service, transport = self._service_and_transport()
        transport.sent = False
        try:
            reply = service.Request(**message)
        except (HTTPError, OSError) as error:
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
        """Close the connections of all threads."""
        with self._lock:
            pools = list(self._pools)
        for pool in pools:
            pool.clear()

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
        profile = self._profile
        certificate, key = profile.client_certificate or (None, None)
        pool = urllib3.PoolManager(
            retries=False,
            timeout=urllib3.Timeout(connect=profile.connect_timeout, read=profile.read_timeout),
            cert_reqs="CERT_REQUIRED",
            ca_certs=str(profile.ca_bundle) if profile.ca_bundle else certifi.where(),
            cert_file=str(certificate) if certificate else None,
            key_file=str(key) if key else None,
        )
        with self._lock:
            self._pools.add(pool)
        return _LocalContractTransport(profile.contract, pool)

    def _transport_failure(self, error: Exception) -> BridgeError:
        where = self._profile.endpoint
        if isinstance(error, LocationValueError):
            return ConfigurationError(f"{where!r} is no address of a HES: {error}", "correct the setting endpoint")
        if _never_connected(error):
            return HeadEndUnreachable(f"no connection to the HES at {where}: {error}", "check the HES and the network")
        return OutcomeUnknown(f"the HES at {where} took the connection but gave no answer: {error}", _ASK_FIRST)

    def _garbage(self, error: Exception | None) -> OutcomeUnknown:
        detail = f": {str(error)[:200]}" if error else ""
        return OutcomeUnknown(f"the HES at {self._profile.endpoint} answered something else{detail}", _ASK_FIRST)


@dataclass(frozen=True, slots=True)
class _Answer:
    """An HTTP answer as zeep reads it."""

    status_code: int
    headers: urllib3.HTTPHeaderDict
    content: bytes
    encoding: str = "utf-8"

    @property
    def text(self) -> str:
        return self.content.decode("utf-8", "replace")


class _LocalContractTransport(zeep.Transport):
    """Reads the WSDL and schemas from the contract's folder only; follows no redirect; notes that it began to send."""

    def __init__(self, contract: Path, pool: urllib3.PoolManager) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._contract = contract.resolve()
        self._pool = pool
        self.sent = False

    def load(self, url: str) -> bytes:
        path = Path(url.removeprefix("file://")).resolve()
        if not path.is_relative_to(self._contract):
            raise ConfigurationError(f"the HES's contract points outside its folder: {url}", "ship the schema with it")
        return path.read_bytes()

    def post(self, address: str, message: bytes, headers: dict[str, str]) -> _Answer:
        self.sent = True
        answer = self._pool.request("POST", address, body=message, headers=headers, redirect=False)
        return _Answer(answer.status, answer.headers, answer.data)


def _never_connected(error: Exception) -> bool:
    """True when no byte of the request can have left: refused, no such host, no connection in time, no trust."""
    distrusted = isinstance(error, SSLError) and isinstance(error.args[0], ssl.SSLCertVerificationError)
    return distrusted or isinstance(error, NewConnectionError | ConnectTimeoutError)
