"""SOAP envelopes of the hub's channel (contract ``urn:cms:b2b:v01``): reads requests, writes answers.

An answer is in the version of SOAP of its request. It has a Security header if the request has one: others can't be
expected to understand it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from lxml import etree

from csire_bridge.domain.errors import NotValid, Problem, ProblemCode
from csire_bridge.domain.message.message import Form
from csire_bridge.xml.security.certificates.keys import SigningKey
from csire_bridge.xml.security.ws_security.wss import sign_envelope
from csire_bridge.xml.security.ws_security.wss_parts import SECURITY, WSSE, WSU
from csire_bridge.xml.soap import Blame, Fault, Soap, check_headers, fault_body, new_envelope, serialised, version_of

__all__ = ["CMS", "Asked", "body_of", "business_document", "fault", "is_secured", "reference_answer", "refuse_headers"]

CMS = "urn:cms:b2b:v01"
_CARRIERS = frozenset(
    f"{{{CMS}}}{name}" for name in ("SendMessageRequest", "ProcessMessageRequest", "PeekMessageResponse")
)
_VERSIONS: Mapping[Form, Soap] = {Form.SOAP: Soap.V12, Form.SOAP11: Soap.V11}
_BODY = re.compile(rb"<(?:[A-Za-z_][\w.-]*:)?Body[\s/>]")
_SECURITY_HEADER = re.compile(rb"<(?:[A-Za-z_][\w.-]*:)?Security[\s/>]")
_FAULT_CODES: Mapping[ProblemCode, str] = {
    ProblemCode.BAD_SIGNATURE: f"{{{WSSE}}}FailedCheck",
    ProblemCode.WRAPPED: f"{{{WSSE}}}InvalidSecurity",
    ProblemCode.PROFILE: f"{{{WSSE}}}InvalidSecurity",
    ProblemCode.ALGORITHM: f"{{{WSSE}}}UnsupportedAlgorithm",
    ProblemCode.UNKNOWN_SIGNER: f"{{{WSSE}}}FailedAuthentication",
    ProblemCode.REVOKED: f"{{{WSSE}}}FailedAuthentication",
    ProblemCode.CERTIFICATE_EXPIRED: f"{{{WSSE}}}InvalidSecurityToken",
    ProblemCode.TIMESTAMP: f"{{{WSU}}}MessageExpired",
}
"""The codes of SOAP Message Security 1.1, chapter 12."""


@dataclass(frozen=True, slots=True)
class Asked:
    """How somebody asked: the version of SOAP, and whether by WS-Security."""

    version: Soap
    secured: bool

    @classmethod
    def by(cls, form: Form, raw: bytes) -> Asked:
        """How ``raw``, which came in an envelope, asks; also where it can't be parsed. Trust does not depend on it."""
        header = raw[: found.start()] if (found := _BODY.search(raw)) else raw
        return cls(_VERSIONS[form], WSSE.encode() in header and _SECURITY_HEADER.search(header) is not None)


def refuse_headers(root: etree._Element) -> Soap | None:
    """The version of SOAP of an envelope, None for another document.

    Raises NotValid for another version, and for header blocks that must be understood and are not WS-Security.
    """
    version = version_of(root)
    if version is not None:
        check_headers(root, version, frozenset({SECURITY}))
    return version


def is_secured(envelope: etree._Element) -> bool:
    """Whether the envelope claims to be secured by WS-Security."""
    return envelope.find(f"*/{SECURITY}") is not None


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


def reference_answer(reference: str, asked: Asked, key: SigningKey, now: datetime) -> bytes:
    """The answer to sendMessage: the message was received, under this reference."""
    envelope, body = new_envelope(asked.version)
    response = etree.SubElement(body, f"{{{CMS}}}SendMessageResponse", nsmap={"cms": CMS})
    etree.SubElement(response, f"{{{CMS}}}DocumentReferenceNumber").text = reference
    return _secured(envelope, asked, key, now)


def fault(problem: ProblemCode, code: str, text: str, asked: Asked, key: SigningKey, now: datetime) -> bytes:
    """A fault with the contract's detail element; ``code`` is the contract's, beside those of SOAP and WS-Security."""
    detail = etree.Element(f"{{{CMS}}}CMSFault", nsmap={"cms": CMS})
    etree.SubElement(detail, f"{{{CMS}}}ErrorCode").text = code
    etree.SubElement(detail, f"{{{CMS}}}ErrorText").text = text
    exact = _FAULT_CODES.get(problem) if asked.secured else None
    envelope = fault_body(asked.version, Fault(Blame.of(problem), text, detail, exact))
    return _secured(envelope, asked, key, now)


def _secured(envelope: etree._Element, asked: Asked, key: SigningKey, now: datetime) -> bytes:
    return sign_envelope(envelope, key, now) if asked.secured else serialised(envelope)
