"""The hub's four operations.

Every failure becomes one of three: ``PartnerUnreachable`` (certainly not accepted; ``Later`` if the hub asks for a
pause), ``OutcomeUnknown`` (may have been accepted: send the same bytes again) and ``PartnerRefused`` (refused for
good).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from lxml import etree

from csire_bridge.channels.hub.faults import HubFault, Meaning, Operation, failure_of_status
from csire_bridge.channels.hub.payload_bytes import CMS, original_bytes
from csire_bridge.channels.hub.profile import HubProfile
from csire_bridge.channels.hub.responses import (
    EnvelopeSecurity,
    Peeked,
    UnexpectedResponse,
    Unparseable,
    payload_of,
    read_body,
    read_peeked,
    salvage,
)
from csire_bridge.channels.hub.soap_client import BLOCKED, HubCaller
from csire_bridge.channels.transport.outbound.http_exchange import HttpAnswer
from csire_bridge.domain.clock import Clock
from csire_bridge.domain.errors import BridgeError, PartnerRefused, Unreadable
from csire_bridge.xml.parser import parse

__all__ = ["BLOCKED", "HubClient", "SendResult"]

_RESPONSES = {
    Operation.SEND: f"{CMS}SendMessageResponse",
    Operation.PROCESS: f"{CMS}ProcessMessageResponse",
    Operation.PEEK: f"{CMS}PeekMessageResponse",
    Operation.DEQUEUE: f"{CMS}DequeueMessageResponse",
}


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class SendResult:
    """The hub has the document. ``raw`` is its whole answer as received.

    ``reference`` is its DocumentReferenceNumber; ``repeated`` says that it knew the id already (and gave none);
    ``payload`` is the document that it answered with at once (processMessage).
    """

    reference: str | None
    raw: bytes
    repeated: bool = False
    payload: bytes | None = None


class HubClient:
    """The client of the hub's web service. Safe to use from several threads; each gets its own connection."""

    def __init__(self, profile: HubProfile, wsse: EnvelopeSecurity | None = None, clock: Clock = _utc_now) -> None:
        """Raises ConfigurationError when ``wsse`` and the profile's security don't go together."""
        self._profile = profile
        self._wsse = wsse
        self._clock = clock
        self._caller = HubCaller(profile, wsse)

    def send(self, document: bytes, operation: str = Operation.SEND) -> SendResult:
        """Return when the hub has ``document``, whose bytes leave as they are (without the XML declaration).

        A hub that knows the id already has the document: ``repeated`` is set then, and the caller must know whether it
        sent it before. Also raises PartnerRefused for a document that can't be put into an envelope.
        """
        asked = Operation(operation)
        if not asked.takes_document:
            raise ValueError(f"{asked} takes no document")
        try:
            tree = parse(document, self._profile.max_bytes)
        except Unreadable as error:
            raise PartnerRefused("unsendable", f"the document can't be sent: {error.text}", "look at it") from error
        answer = self._caller.ask(asked, document, MessageContainer={"Payload": {"_value_1": tree}})
        response = self._understood(asked, answer, Meaning.ID_KNOWN)
        if response is None:
            return SendResult(None, answer.body, repeated=True)
        if asked is Operation.SEND:
            reference = (response.findtext(f"{CMS}DocumentReferenceNumber") or "").strip()
            return SendResult(reference or None, answer.body)
        number, result = payload_of(response)
        return SendResult(number, answer.body, payload=None if result is None else original_bytes(result, answer.body))

    def peek(self) -> Peeked | None:
        """Look at the head of our queue, which stays there; None when the queue is empty.

        An unreadable message is returned too, without a payload: it blocks the queue until it is dequeued. A truncated
        answer, or one without a valid WS-Security signature, is no message of the hub and raises PartnerUnreachable;
        one above the size limit raises PartnerRefused with the code ``BLOCKED``.
        """
        answer = self._caller.ask(Operation.PEEK)
        if _nothing(answer):
            return None
        try:
            response = self._read(Operation.PEEK, answer)
        except Unparseable as error:
            poison = salvage(answer.body, str(error)) if answer.status == 200 else None
            if poison is None:
                raise self._strange(Operation.PEEK, answer, error) from error
            return poison
        except UnexpectedResponse as error:
            raise self._strange(Operation.PEEK, answer, error) from error
        if isinstance(response, HubFault):
            raise self._refusal(Operation.PEEK, response)
        return read_peeked(response, answer.body)

    def dequeue(self, reference: str) -> bool:
        """Take a message off our queue; False when it was gone already."""
        answer = self._caller.ask(Operation.DEQUEUE, DocumentReferenceNumber=reference)
        return _nothing(answer) or self._understood(Operation.DEQUEUE, answer, Meaning.REFERENCE_GONE) is not None

    def close(self) -> None:
        """Close the connections of all threads."""
        self._caller.close()

    def _understood(self, operation: Operation, answer: HttpAnswer, harmless: Meaning) -> etree._Element | None:
        """The response; None for a fault with the ``harmless`` meaning. Everything else is raised."""
        try:
            response = self._read(operation, answer)
        except UnexpectedResponse as error:
            raise self._strange(operation, answer, error) from error
        if not isinstance(response, HubFault):
            return response
        if response.meaning(operation, self._profile.faults) is harmless:
            return None
        raise self._refusal(operation, response)

    def _read(self, operation: Operation, answer: HttpAnswer) -> etree._Element | HubFault:
        profile = self._profile
        child = read_body(answer.body, profile.max_bytes, self._wsse, unsigned_faults=profile.unsigned_faults)
        if isinstance(child, HubFault):
            return child
        if child.tag != _RESPONSES[operation] or answer.status != 200:
            raise UnexpectedResponse(f"it holds {etree.QName(child).localname[:40]!r}")
        return child

    def _refusal(self, operation: Operation, fault: HubFault) -> BridgeError:
        return fault.error(operation, self._profile.faults, self._profile.slow_retry)

    def _strange(self, operation: Operation, answer: HttpAnswer, why: UnexpectedResponse) -> BridgeError:
        return failure_of_status(
            operation,
            answer.status,
            answer.headers.get("retry-after"),
            f"{why}; it says: {answer.excerpt}",
            self._clock(),
        )


def _nothing(answer: HttpAnswer) -> bool:
    return answer.status in range(200, 300) and not answer.body.strip()
