"""zeep's transport to the hub: the stored bytes of a document replace the tree that zeep was given."""

from __future__ import annotations

from collections.abc import Mapping

from lxml import etree

from csire_bridge.channels.hub.faults import Operation
from csire_bridge.channels.hub.payload_bytes import splice
from csire_bridge.channels.hub.profile import ContentTypeStyle, HubProfile
from csire_bridge.channels.transport.outbound.http_exchange import HttpAnswer, PartnerClient
from csire_bridge.channels.transport.outbound.zeep_contract import ContractTransport

__all__ = ["HubTransport"]


class HubTransport(ContractTransport):
    """For one thread; ``prepare`` it for each request."""

    def __init__(self, profile: HubProfile, client: PartnerClient) -> None:
        super().__init__(profile.contract)
        self._profile = profile
        self._client = client
        self._operation = Operation.PEEK
        self._document: bytes | None = None

    def prepare(self, operation: Operation, document: bytes | None) -> None:
        """Say what the next request is; ``document`` takes the place of the one in its payload."""
        self._operation, self._document = operation, document

    def post_xml(self, address: str, envelope: etree._Element, headers: Mapping[str, str]) -> HttpAnswer:
        """Send and return the answer, whatever it is; raise NeverArrived, NoAnswer or AnswerTooLarge."""
        if self._document is None:
            message = etree.tostring(envelope, encoding="UTF-8", xml_declaration=True)
        else:
            message = splice(envelope, self._document)
        profile, waits = self._profile, self._operation is Operation.PEEK
        return self._client.post(
            address,
            message,
            {"Content-Type": self._content_type()},
            connect_seconds=profile.connect_seconds,
            seconds=profile.peek_seconds if waits else profile.send_seconds,
            max_bytes=profile.max_bytes,
        )

    def _content_type(self) -> str:
        if self._profile.content_type_style is ContentTypeStyle.TEXT_XML:
            return "text/xml;charset=UTF-8"
        return f'application/soap+xml;charset=UTF-8;action="{self._operation}"'
