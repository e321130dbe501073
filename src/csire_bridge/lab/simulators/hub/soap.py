"""The hub's side of the contract: reads requests, writes answers. Bytes of documents are never changed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from xml.sax.saxutils import escape

from lxml import etree

from csire_bridge.channels.hub.faults import Operation
from csire_bridge.channels.hub.payload_bytes import CMS, bare, payload_bytes

__all__ = [
    "HubRequest",
    "container_response",
    "dequeue_response",
    "fault",
    "read_request",
    "send_request",
    "send_response",
    "spoiled",
]

_SOAP = "http://www.w3.org/2003/05/soap-envelope"
_START = f'<?xml version="1.0" encoding="UTF-8"?>\n<s:Envelope xmlns:s="{_SOAP}"><s:Body>'
_END = "</s:Body></s:Envelope>"
_NS = f'xmlns:c="{CMS[1:-1]}"'
_OPERATIONS = {
    f"{CMS}SendMessageRequest": Operation.SEND,
    f"{CMS}ProcessMessageRequest": Operation.PROCESS,
    f"{CMS}PeekMessageRequest": Operation.PEEK,
    f"{CMS}DequeueMessageRequest": Operation.DEQUEUE,
}
_SIGNATURE_VALUE = re.compile(rb"(SignatureValue>\s*)([A-Za-z0-9+/])")


@dataclass(frozen=True, slots=True)
class HubRequest:
    """What somebody asks. ``body`` is the Body's child; ``document`` are the payload's bytes as they came."""

    operation: Operation
    body: etree._Element
    reference: str
    document: bytes


def read_request(raw: bytes, body: etree._Element) -> HubRequest | None:
    """Read the one child of the Body ``body``; None when it is no request of the contract."""
    operation = _OPERATIONS.get(body[0].tag) if len(body) == 1 else None
    if operation is None:
        return None
    reference = (body[0].findtext(f"{CMS}DocumentReferenceNumber") or "").strip()
    return HubRequest(operation, body[0], reference, payload_bytes(raw) or b"")


def _in_envelope(content: bytes) -> bytes:
    return _START.encode() + content + _END.encode()


def _container(name: str, reference: str | None, document: bytes) -> bytes:
    told = f"<c:DocumentReferenceNumber>{escape(reference)}</c:DocumentReferenceNumber>" if reference else ""
    start = f"<c:{name} {_NS}><c:MessageContainer>{told}<c:Payload>"
    return start.encode() + bare(document) + f"</c:Payload></c:MessageContainer></c:{name}>".encode()


def container_response(operation: Operation, reference: str | None, document: bytes | None) -> bytes:
    """An answer to peek or process; without ``document`` the queue is empty."""
    name = "PeekMessageResponse" if operation is Operation.PEEK else "ProcessMessageResponse"
    if document is None:
        return _in_envelope(f"<c:{name} {_NS}/>".encode())
    return _in_envelope(_container(name, reference, document))


def send_response(reference: str) -> bytes:
    """The answer to a message that was sent."""
    told = f"<c:DocumentReferenceNumber>{escape(reference)}</c:DocumentReferenceNumber>"
    return _in_envelope(f"<c:SendMessageResponse {_NS}>{told}</c:SendMessageResponse>".encode())


def dequeue_response() -> bytes:
    """The answer to a dequeue."""
    return _in_envelope(f"<c:DequeueMessageResponse {_NS}/>".encode())


def send_request(document: bytes) -> bytes:
    """What the hub posts to a webhook that speaks SOAP."""
    return _in_envelope(_container("SendMessageRequest", None, document))


def fault(code: str, text: str) -> bytes:
    """A fault with the hub's code."""
    detail = (
        f"<c:CMSFault {_NS}><c:ErrorCode>{escape(code)}</c:ErrorCode>"
        f"<c:ErrorText>{escape(text)}</c:ErrorText></c:CMSFault>"
    )
    return _in_envelope(
        "<s:Fault><s:Code><s:Value>s:Receiver</s:Value></s:Code>"
        f'<s:Reason><s:Text xml:lang="en">{escape(text)}</s:Text></s:Reason>'
        f"<s:Detail>{detail}</s:Detail></s:Fault>".encode()
    )


def spoiled(signed: bytes) -> bytes:
    """The same bytes with another first character of the first signature's value; unsigned bytes stay."""
    return _SIGNATURE_VALUE.sub(lambda m: m[1] + (b"B" if m[2] == b"A" else b"A"), signed, count=1)
