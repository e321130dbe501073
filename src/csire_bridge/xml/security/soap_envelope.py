"""SOAP envelopes of the hub's channel (contract ``urn:cms:b2b:v01``): reads requests, writes answers."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from lxml import etree

from csire_bridge.domain.errors import NotValid, Problem, ProblemCode
from csire_bridge.xml.security.keys import SigningKey
from csire_bridge.xml.security.wss import sign_envelope

__all__ = ["CMS", "body_of", "business_document", "fault", "is_envelope", "is_secured", "reference_answer"]

CMS = "urn:cms:b2b:v01"
_SOAP12 = "http://www.w3.org/2003/05/soap-envelope"
_ENVELOPES = frozenset(f"{{{ns}}}Envelope" for ns in (_SOAP12, "http://schemas.xmlsoap.org/soap/envelope/"))
_SECURITY = "{http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd}Security"
_CARRIERS = frozenset(
    f"{{{CMS}}}{name}" for name in ("SendMessageRequest", "ProcessMessageRequest", "PeekMessageResponse")
)


def is_envelope(root: etree._Element) -> bool:
    """Whether the document is a SOAP envelope (1.1 or 1.2)."""
    return root.tag in _ENVELOPES


def is_secured(envelope: etree._Element) -> bool:
    """Whether the envelope claims to be secured by WS-Security."""
    return envelope.find(f"*/{_SECURITY}") is not None


def body_of(envelope: etree._Element) -> etree._Element:
    """The envelope's only Body, which must be its last child; raises NotValid otherwise."""
    tag = f"{{{etree.QName(envelope).namespace}}}Body"
    bodies = [child for child in _elements(envelope) if child.tag == tag]
    if len(bodies) != 1 or _elements(envelope)[-1] is not bodies[0]:
        raise _wrong("the SOAP envelope has no single Body at its end", envelope)
    return bodies[0]


def business_document(body: etree._Element) -> etree._Element:
    """The only business document in a SOAP Body; raises NotValid for any other content.

    The path is exact (request, container, payload, document), so that no other element can be taken for it.
    """
    request = _only(body)
    containers = [child for child in _elements(request) if child.tag == f"{{{CMS}}}MessageContainer"]
    if request.tag not in _CARRIERS or len(containers) != 1:
        raise _wrong("the SOAP Body carries no single message container", request)
    payloads = [child for child in _elements(containers[0]) if child.tag == f"{{{CMS}}}Payload"]
    if len(payloads) != 1:
        raise _wrong("the message container has no single payload", containers[0])
    return _only(payloads[0])


def _elements(parent: etree._Element) -> list[etree._Element]:
    return [child for child in parent if isinstance(child.tag, str)]


def _only(parent: etree._Element) -> etree._Element:
    children = _elements(parent)
    if len(children) != 1:
        raise _wrong(f"{etree.QName(parent).localname} must hold exactly one element", parent)
    return children[0]


def _wrong(text: str, place: etree._Element) -> NotValid:
    line = cast("int | None", place.sourceline)
    return NotValid([Problem(ProblemCode.OTHER_SCHEMA, text, "send one message in one container", line=line)])


def reference_answer(reference: str, key: SigningKey, now: datetime) -> bytes:
    """The signed answer to sendMessage: the message was received, under this reference."""
    envelope, body = _envelope()
    response = etree.SubElement(body, f"{{{CMS}}}SendMessageResponse", nsmap={"cms": CMS})
    etree.SubElement(response, f"{{{CMS}}}DocumentReferenceNumber").text = reference
    return sign_envelope(envelope, key, now)


def fault(code: str, text: str, key: SigningKey, now: datetime) -> bytes:
    """A signed SOAP 1.2 fault of the sender, with the contract's detail element."""
    envelope, body = _envelope()
    top = etree.SubElement(body, f"{{{_SOAP12}}}Fault")
    etree.SubElement(etree.SubElement(top, f"{{{_SOAP12}}}Code"), f"{{{_SOAP12}}}Value").text = "env:Sender"
    reason = etree.SubElement(etree.SubElement(top, f"{{{_SOAP12}}}Reason"), f"{{{_SOAP12}}}Text")
    reason.set("{http://www.w3.org/XML/1998/namespace}lang", "en")
    reason.text = text
    detail = etree.SubElement(etree.SubElement(top, f"{{{_SOAP12}}}Detail"), f"{{{CMS}}}CMSFault", nsmap={"cms": CMS})
    etree.SubElement(detail, f"{{{CMS}}}ErrorCode").text = code
    etree.SubElement(detail, f"{{{CMS}}}ErrorText").text = text
    return sign_envelope(envelope, key, now)


def _envelope() -> tuple[etree._Element, etree._Element]:
    envelope = etree.Element(f"{{{_SOAP12}}}Envelope", nsmap={"env": _SOAP12})
    return envelope, etree.SubElement(envelope, f"{{{_SOAP12}}}Body")
