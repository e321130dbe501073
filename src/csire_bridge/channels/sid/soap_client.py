"""Calls SID: zeep reads the WSDL and writes the requests, one client per thread.

Answers are parsed by our own hardened parser only.
"""

from __future__ import annotations

import threading
from typing import Any, Protocol

import zeep
from lxml import etree

from csire_bridge.channels.sid.contract import SID, Operation, in_envelope
from csire_bridge.channels.sid.profile import SidProfile, SidSecurity
from csire_bridge.channels.transport.outbound.http_exchange import (
    AnswerTooLarge,
    HttpAnswer,
    NeverArrived,
    NoAnswer,
    PartnerClient,
)
from csire_bridge.channels.transport.outbound.zeep_contract import ContractTransport
from csire_bridge.domain.errors import ConfigurationError, OutcomeUnknown, PartnerUnreachable
from csire_bridge.telemetry.metrics import timed
from csire_bridge.xml.parser import parse

__all__ = ["EnvelopeSecurity", "SidCaller"]

_BINDING = f"{SID}SidBinding"
_WSDL = "sid.wsdl"
_AGAIN = "it is tried again by itself, with the same content"


class EnvelopeSecurity(Protocol):
    """WS-Security in zeep's shape."""

    def apply(self, envelope: etree._Element, headers: dict[str, str]) -> tuple[etree._Element, dict[str, str]]: ...
    def verify(self, envelope: etree._Element) -> object: ...


class SidCaller:
    """Writes requests, sends them, and returns SID's answers unchanged, good or bad."""

    def __init__(self, profile: SidProfile, wsse: EnvelopeSecurity | None) -> None:
        """Raises ConfigurationError when ``wsse`` and the profile's security don't go together."""
        if (wsse is not None) != (profile.security is SidSecurity.WSS):
            raise ConfigurationError(
                f"SID's security is {profile.security}, but WS-Security is {'' if wsse else 'not '}set up",
                "choose wss together with a key and SID's certificate, or basic without them",
            )
        self._profile = profile
        self._wsse = wsse
        credentials = None if profile.user is None else (profile.user, profile.password or "")
        self._client = PartnerClient(profile.ca_bundle, profile.client_certificate, credentials, profile.kept_seconds)
        self._local = threading.local()

    def write(self, operation: Operation, **values: Any) -> bytes:
        """The bytes of a request's only element, as zeep writes it by the contract."""
        client, service = self._writer()
        envelope = client.create_message(service, operation.value, **values)
        body = envelope[-1][0]
        etree.cleanup_namespaces(body)
        return etree.tostring(body, method="c14n", exclusive=True)

    def ask(self, operation: Operation, body: bytes) -> HttpAnswer:
        """Return the answer, whatever it is; ``body`` leaves as it is.

        Raises PartnerUnreachable when the request certainly did not arrive or changes nothing, OutcomeUnknown when it
        may have arrived.
        """
        profile, where = self._profile, self._profile.url
        message = in_envelope(body)
        if self._wsse is not None:
            signed, _ = self._wsse.apply(parse(message, profile.max_bytes), {})
            message = etree.tostring(signed, encoding="UTF-8", xml_declaration=True)
        try:
            with timed("csire_bridge_partner_seconds", partner="sid", operation=operation.value):
                return self._client.post(
                    where,
                    message,
                    {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{operation}"'},
                    connect_seconds=profile.connect_seconds,
                    seconds=profile.read_seconds,
                    max_bytes=profile.max_bytes,
                )
        except NeverArrived as error:
            raise PartnerUnreachable(
                f"no connection to SID at {where}: {error}", "check SID and the network"
            ) from error
        except (NoAnswer, AnswerTooLarge) as error:
            kind = PartnerUnreachable if operation.harmless else OutcomeUnknown
            raise kind(f"SID at {where} gave no whole answer to {operation}: {error}", _AGAIN) from error

    def close(self) -> None:
        """Close the connections of all threads."""
        self._client.close()

    def _writer(self) -> tuple[Any, Any]:
        """This thread's zeep client and service; building them reads the WSDL, so they are kept."""
        pair: tuple[Any, Any] | None = getattr(self._local, "pair", None)
        if pair is None:
            wsdl = self._profile.contract / _WSDL
            if not wsdl.is_file():
                raise ConfigurationError(f"the contract with SID {wsdl} is missing", "install the package again")
            settings = zeep.Settings(
                strict=True, raw_response=True, forbid_dtd=True, forbid_entities=True, forbid_external=True
            )
            transport = ContractTransport(self._profile.contract)
            client = zeep.Client(str(wsdl), transport=transport, settings=settings)  # type: ignore[no-untyped-call]
            service = client.create_service(_BINDING, self._profile.url)  # type: ignore[no-untyped-call]
            pair = self._local.pair = (client, service)
        return pair
