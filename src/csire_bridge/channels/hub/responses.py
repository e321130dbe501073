"""Reads answers of the hub, or of a gateway in front of it. Nothing is assumed: it may be XML, HTML, or anything."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

from lxml import etree

from csire_bridge.channels.hub.faults import HubFault
from csire_bridge.channels.hub.payload_bytes import CMS, original_bytes
from csire_bridge.channels.transport.redact import redacted
from csire_bridge.domain.errors import Unreadable
from csire_bridge.xml.envelope import TECHNICAL
from csire_bridge.xml.parser import parse

__all__ = [
    "EnvelopeSecurity",
    "Peeked",
    "UnexpectedResponse",
    "Unparseable",
    "payload_of",
    "read_body",
    "read_peeked",
    "salvage",
]

_SOAP = ("http://www.w3.org/2003/05/soap-envelope", "http://schemas.xmlsoap.org/soap/envelope/")
_CONTAINER, _REFERENCE, _PAYLOAD = f"{CMS}MessageContainer", f"{CMS}DocumentReferenceNumber", f"{CMS}Payload"
_MESSAGE_ID = f"{{{TECHNICAL}}}MessageId"
_LONGEST_REFERENCE = 200

# For bytes that no parser takes. Names may have a prefix; values hold no markup.
_RAW_RESPONSE = re.compile(rb"<(?:[\w.-]{1,100}:)?PeekMessageResponse\b")
_RAW_END = re.compile(rb"</(?:[\w.-]{1,100}:)?Envelope\s*>\s*\Z")
_RAW_PAYLOAD = re.compile(rb"<(?:[\w.-]{1,100}:)?Payload\b")
_RAW_REFERENCE = re.compile(rb"<(?:[\w.-]{1,100}:)?DocumentReferenceNumber\b[^<>]{0,500}>([^<>&]{1,200})</")
_RAW_MESSAGE_ID = re.compile(rb"<(?:[\w.-]{1,100}:)?MessageId\b[^<>]{0,500}>\s*([0-9A-Fa-f-]{36})\s*</")


class EnvelopeSecurity(Protocol):
    """WS-Security in zeep's shape.

    ``verify`` leaves nothing in ``envelope`` but the signed Body; it raises anything when there is none to be trusted.
    """

    def apply(self, envelope: etree._Element, headers: dict[str, str]) -> tuple[etree._Element, dict[str, str]]: ...
    def verify(self, envelope: etree._Element) -> object: ...


class UnexpectedResponse(Exception):
    """The answer is not what the contract promises."""


class Unparseable(UnexpectedResponse):
    """The answer is no XML, or XML that our parser refuses."""


@dataclass(frozen=True, slots=True)
class Peeked:
    """The head of the queue. ``raw`` is the whole answer as received, ``payload`` the business document in it.

    The payload has its bytes as received, unless it needs namespaces that the envelope declares. ``reference`` is what
    dequeues it; None when none can be found. ``payload`` is None, and ``problem`` says why, for what can't be read.
    """

    reference: str | None
    raw: bytes
    payload: bytes | None
    problem: str | None = None


def read_body(
    raw: bytes, max_bytes: int, security: EnvelopeSecurity | None, *, unsigned_faults: bool
) -> etree._Element | HubFault:
    """Return the Body's only child, or the HubFault in it; raise Strange for anything else."""
    envelope = _envelope(raw, max_bytes)
    child = _only_child(_body(envelope))
    soap = etree.QName(envelope).namespace
    is_fault = child.tag == f"{{{soap}}}Fault"
    if security is not None and not (is_fault and unsigned_faults):
        child = _verified(envelope, child, security)
    return _fault(child) if is_fault else child


def _envelope(raw: bytes, max_bytes: int) -> etree._Element:
    try:
        root = parse(raw, max_bytes)
    except Unreadable as error:
        raise Unparseable(error.problems[0].text) from error
    if root.tag not in {f"{{{soap}}}Envelope" for soap in _SOAP}:
        raise UnexpectedResponse(f"it is no SOAP envelope, but begins with {etree.QName(root).localname[:40]!r}")
    return root


def _body(envelope: etree._Element) -> etree._Element:
    bodies = envelope.findall(f"{{{etree.QName(envelope).namespace}}}Body")
    if len(bodies) != 1:
        raise UnexpectedResponse(f"its envelope has {len(bodies)} Body elements")
    return bodies[0]


def _only_child(body: etree._Element) -> etree._Element:
    if len(body) != 1:
        raise UnexpectedResponse(f"its Body has {len(body)} elements")
    return body[0]


def _verified(envelope: etree._Element, child: etree._Element, security: EnvelopeSecurity) -> etree._Element:
    fault = _fault(child) if etree.QName(child).localname == "Fault" else None
    said = f"; unverified, it says {fault.code or fault.soap_code}: {fault.text}" if fault else ""
    try:
        security.verify(envelope)
    except Exception as error:  # whatever it raises means "not verified"
        raise UnexpectedResponse(
            f"its WS-Security signature does not hold: {redacted(str(error), 200)}{said}"
        ) from error
    return _only_child(_body(envelope))


def _fault(fault: etree._Element) -> HubFault:
    """The fault in a Body; names are compared without namespaces, because gateways are not strict about them."""
    soap_code = (fault.findtext("{*}Code/{*}Value") or fault.findtext("faultcode") or "").rpartition(":")[2].strip()
    cms = next(fault.iter("{*}CMSFault"), None)
    if cms is None:
        reason = fault.findtext("{*}Reason/{*}Text") or fault.findtext("faultstring") or ""
        return HubFault("", redacted(reason, 300), redacted(soap_code, 40))
    code, text = (cms.findtext(f"{{*}}{name}") or "" for name in ("ErrorCode", "ErrorText"))
    return HubFault(redacted(code, 40), redacted(text, 300), redacted(soap_code, 40))


def payload_of(response: etree._Element) -> tuple[str | None, etree._Element | None]:
    """Reference and document of a response with a container; None unless the payload has exactly one document."""
    container = response.find(_CONTAINER)
    if container is None:
        return None, None
    payloads = container.findall(_PAYLOAD)
    documents = list(payloads[0]) if len(payloads) == 1 else []
    return _reference(container.findtext(_REFERENCE)), documents[0] if len(documents) == 1 else None


def read_peeked(response: etree._Element, raw: bytes) -> Peeked | None:
    """The head of the queue; None for an empty one, which is an answer without a container."""
    if response.find(_CONTAINER) is None:
        return None
    reference, document = payload_of(response)
    if document is None:
        return Peeked(reference, raw, None, "the container does not hold exactly one document")
    in_header = document[0].findtext(_MESSAGE_ID) if len(document) else None
    return Peeked(reference or _reference(in_header), raw, original_bytes(document, raw))


def salvage(raw: bytes, problem: str) -> Peeked | None:
    """Salvage reference and bytes of an unparseable message at the head of the queue; None if it is truncated."""
    if not (_RAW_RESPONSE.search(raw) and _RAW_END.search(raw.rstrip()[-500:])):
        return None
    payload = _RAW_PAYLOAD.search(raw)
    found = _RAW_REFERENCE.search(raw, 0, payload.start() if payload else len(raw)) or _RAW_MESSAGE_ID.search(raw)
    return Peeked(_reference(found[1].decode("utf-8", "replace")) if found else None, raw, None, problem)


def _reference(text: str | None) -> str | None:
    trimmed = (text or "").strip()
    return trimmed if 0 < len(trimmed) <= _LONGEST_REFERENCE and trimmed.isprintable() else None
