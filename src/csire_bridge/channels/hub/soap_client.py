"""Calls the hub with zeep, which reads the WSDL and builds the envelopes: one client per thread."""

from __future__ import annotations

import threading
from typing import Any

import zeep

from csire_bridge.channels.hub.faults import Operation
from csire_bridge.channels.hub.payload_bytes import CMS
from csire_bridge.channels.hub.profile import HubProfile, HubSecurity
from csire_bridge.channels.hub.responses import EnvelopeSecurity
from csire_bridge.channels.hub.zeep_transport import HubTransport
from csire_bridge.channels.transport.outbound.http_exchange import (
    AnswerTooLarge,
    HttpAnswer,
    NeverArrived,
    NoAnswer,
    PartnerClient,
)
from csire_bridge.domain.errors import ConfigurationError, OutcomeUnknown, PartnerRefused, PartnerUnreachable
from csire_bridge.telemetry.metrics import timed

__all__ = ["BLOCKED", "HubCaller"]

BLOCKED = "head-of-queue-blocked"
"""Code of the PartnerRefused that says: the queue can't go on without a person."""

_BINDING = f"{CMS}CentralMarketSystemBinding"
_WSDL = "cms.wsdl"
_AGAIN = "it is tried again by itself, with the same bytes"


class HubCaller:
    """Sends requests and returns the hub's answers unchanged, good or bad."""

    def __init__(self, profile: HubProfile, wsse: EnvelopeSecurity | None) -> None:
        """Raises ConfigurationError when ``wsse`` and the profile's security don't go together."""
        if (wsse is not None) != (profile.security is HubSecurity.WSS):
            raise ConfigurationError(
                f"the hub's security is {profile.security}, but WS-Security is {'' if wsse else 'not '}set up",
                "choose wss together with a key and the hub's certificate, or another security without them",
            )
        self._profile = profile
        self._wsse = wsse
        self._client = PartnerClient(profile.ca_bundle, profile.client_certificate, kept=profile.kept_seconds)
        self._local = threading.local()

    def ask(self, operation: Operation, document: bytes | None = None, **values: Any) -> HttpAnswer:
        """Return the answer, whatever it is; ``document`` takes the place of the payload's element.

        Raises PartnerUnreachable when the request certainly did not arrive (or, for a peek, changed nothing),
        OutcomeUnknown when it may have, PartnerRefused (``BLOCKED``) when the head of the queue is too large.
        """
        service, transport = self._service_and_transport()
        transport.prepare(operation, document)
        where = self._profile.endpoint
        try:
            with timed("csire_bridge_partner_seconds", partner="hub", operation=operation.value):
                answer: HttpAnswer = getattr(service, operation.value)(**values)
        except NeverArrived as error:
            raise PartnerUnreachable(f"no connection to the hub at {where}: {error}", "check the network") from error
        except AnswerTooLarge as error:
            raise self._too_large(operation, error) from error
        except NoAnswer as error:
            kind = PartnerUnreachable if operation is Operation.PEEK else OutcomeUnknown
            raise kind(f"the hub at {where} gave no whole answer to {operation}: {error}", _AGAIN) from error
        return answer

    def close(self) -> None:
        """Close the connections of all threads."""
        self._client.close()

    def _too_large(self, operation: Operation, error: AnswerTooLarge) -> PartnerRefused | OutcomeUnknown:
        remedy = "raise max_bytes of the hub, or have its operator take the message off the queue"
        if operation is Operation.PEEK:
            return PartnerRefused(BLOCKED, f"the head of the hub's queue can't be taken: {error}", remedy)
        return OutcomeUnknown(f"the hub's answer to {operation} was not read: {error}", _AGAIN)

    def _service_and_transport(self) -> tuple[Any, HubTransport]:
        """This thread's service proxy; building one reads the WSDL, so it is kept."""
        pair: tuple[Any, HubTransport] | None = getattr(self._local, "pair", None)
        if pair is None:
            transport = HubTransport(self._profile, self._client)
            service = self._zeep_client(transport).create_service(_BINDING, self._profile.endpoint)
            pair = self._local.pair = (service, transport)
        return pair

    def _zeep_client(self, transport: HubTransport) -> Any:
        """``raw_response``: the answer comes back as the transport gave it, and only our own parser reads it."""
        wsdl = self._profile.contract / _WSDL
        if not wsdl.is_file():
            raise ConfigurationError(f"the hub's contract {wsdl} is missing", "check the setting contract")
        settings = zeep.Settings(
            strict=True, raw_response=True, forbid_dtd=True, forbid_entities=True, forbid_external=True
        )
        return zeep.Client(  # type: ignore[no-untyped-call]
            str(wsdl), wsse=self._wsse, transport=transport, settings=settings
        )
