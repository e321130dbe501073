"""SOAP 1.1 and 1.2: which version somebody speaks, header blocks that must be understood, and faults of both.

Sources: SOAP 1.1 (W3C note), sections 4.2.3, 4.4 and 6.2; SOAP 1.2 part 1, sections 2.4, 5.2 and 5.4.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import cast

from lxml import etree

from csire_bridge.domain.errors import NotValid, Problem, ProblemCode
from csire_bridge.xml.parser import parse
from csire_bridge.xml.prolog import end_of_prolog

__all__ = [
    "Blame",
    "Fault",
    "Soap",
    "check_headers",
    "fault_body",
    "in_version",
    "new_envelope",
    "printable",
    "serialised",
    "spoken",
    "version_of",
]


class Soap(Enum):
    """The versions that are spoken."""

    V11 = "http://schemas.xmlsoap.org/soap/envelope/"
    V12 = "http://www.w3.org/2003/05/soap-envelope"

    def tag(self, name: str) -> str:
        """The tag of an element of this version."""
        return f"{{{self.value}}}{name}"

    @property
    def media_type(self) -> str:
        """Its content type."""
        return "text/xml" if self is Soap.V11 else "application/soap+xml"


class Blame(StrEnum):
    """Whose fault a fault is, by the names of SOAP 1.1."""

    CLIENT = "Client"
    SERVER = "Server"
    MUST_UNDERSTAND = "MustUnderstand"
    VERSION = "VersionMismatch"

    @classmethod
    def of(cls, code: ProblemCode) -> Blame:
        """Whose fault a problem with a message is."""
        return _BLAMES.get(code, cls.CLIENT)


_BLAMES = {
    ProblemCode.NOT_UNDERSTOOD: Blame.MUST_UNDERSTAND,
    ProblemCode.SOAP_VERSION: Blame.VERSION,
    ProblemCode.BRIDGE_FAILED: Blame.SERVER,
}
_IN_12 = {Blame.CLIENT: "Sender", Blame.SERVER: "Receiver"}
_VERSIONS = {version.tag("Envelope"): version for version in Soap}
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_BEGINNING = 4096
_ENVELOPE = re.compile(rb"<(?:([A-Za-z_][\w.-]*):)?Envelope([\s/>][^<>]*)")
_FOR_US = {
    Soap.V11: ("actor", {None, "", "http://schemas.xmlsoap.org/soap/actor/next"}),
    Soap.V12: ("role", {None, "", *(f"{Soap.V12.value}/role/{name}" for name in ("next", "ultimateReceiver"))}),
}


def version_of(root: etree._Element) -> Soap | None:
    """The version of an envelope; None for any other document.

    Raises NotValid for an envelope of a version that is not spoken.
    """
    version = _VERSIONS.get(root.tag)
    if version is None and etree.QName(root).localname == "Envelope":
        found = etree.QName(root).namespace
        problem = Problem(
            ProblemCode.SOAP_VERSION,
            f"the envelope is in the namespace {found!r}, which is neither SOAP 1.1 nor SOAP 1.2",
            f"send an envelope in the namespace {Soap.V12.value} or {Soap.V11.value}",
            line=cast("int | None", root.sourceline),
        )
        raise NotValid([problem])
    return version


def spoken(raw: bytes) -> Soap | None:
    """The version of the envelope with which ``raw`` begins, as far as its first bytes tell; None for no envelope.

    Only the form of an answer depends on it.
    """
    body = raw.removeprefix(b"\xef\xbb\xbf")
    start = end_of_prolog(body)
    first = _ENVELOPE.match(body[start : start + _BEGINNING])
    if first is None:
        return None
    name = b"xmlns:" + first[1] if first[1] else b"xmlns"
    declared = re.search(rb"(?<![\w.:-])%b\s*=\s*[\"']([^\"']*)" % re.escape(name), first[2])
    return Soap.V11 if declared and declared[1] == Soap.V11.value.encode() else Soap.V12


def check_headers(envelope: etree._Element, version: Soap, understood: frozenset[str] = frozenset()) -> None:
    """Raise NotValid for header blocks that are meant for us, must be understood, and are not among ``understood``."""
    header = envelope.find(version.tag("Header"))
    if header is None:
        return
    actor, us = _FOR_US[version]
    missed = [
        block
        for block in header.iterchildren(etree.Element)
        if block.get(version.tag("mustUnderstand"), "").strip() in {"1", "true"}
        and block.get(version.tag(actor)) in us
        and block.tag not in understood
    ]
    if missed:
        names = ", ".join(str(block.tag)[:200] for block in missed[:4])
        line = cast("int | None", missed[0].sourceline)
        text = f"a SOAP header must be understood, but is not: {names}"
        raise NotValid([Problem(ProblemCode.NOT_UNDERSTOOD, text, "send the request without it", line=line)])


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault: whose it is, a sentence, the contract's detail element, and a more exact code {namespace}name."""

    blame: Blame
    text: str
    detail: etree._Element | None = None
    code: str | None = None


def new_envelope(version: Soap) -> tuple[etree._Element, etree._Element]:
    """An empty envelope, and its Body."""
    envelope = etree.Element(version.tag("Envelope"), nsmap={"soap": version.value})
    return envelope, etree.SubElement(envelope, version.tag("Body"))


def fault_body(version: Soap, fault: Fault) -> etree._Element:
    """An envelope with a fault; its codes are qualified names, whose prefixes the Fault declares."""
    envelope, body = new_envelope(version)
    exact = etree.QName(fault.code) if fault.code else None
    names = {"soap": version.value} | ({"exact": str(exact.namespace)} if exact is not None else {})
    top = etree.SubElement(body, version.tag("Fault"), nsmap=names)
    by_exact = f"exact:{exact.localname}" if exact is not None else None
    if version is Soap.V11:
        etree.SubElement(top, "faultcode").text = by_exact or f"soap:{fault.blame}"
        etree.SubElement(top, "faultstring").text = printable(fault.text)
    else:
        _codes_of_12(top, f"soap:{_IN_12.get(fault.blame, fault.blame)}", by_exact)
        reason = etree.SubElement(etree.SubElement(top, version.tag("Reason")), version.tag("Text"))
        reason.set(_LANGUAGE, "en")
        reason.text = printable(fault.text)
    if fault.detail is not None:
        etree.SubElement(top, "detail" if version is Soap.V11 else version.tag("Detail")).append(fault.detail)
    return envelope


def _codes_of_12(top: etree._Element, code: str, exact: str | None) -> None:
    element = etree.SubElement(top, Soap.V12.tag("Code"))
    etree.SubElement(element, Soap.V12.tag("Value")).text = code
    if exact is not None:
        subcode = etree.SubElement(element, Soap.V12.tag("Subcode"))
        etree.SubElement(subcode, Soap.V12.tag("Value")).text = exact


def in_version(answer: bytes, version: Soap) -> bytes:
    """An answer of ours in SOAP 1.1, unsigned, in ``version``; the content of its Body stays as it is."""
    if version is Soap.V11:
        return answer
    (content,) = parse(answer, len(answer))[-1]
    if content.tag == Soap.V11.tag("Fault"):
        blame = Blame((content.findtext("faultcode") or "").rpartition(":")[2])
        detail = content.find("detail")
        told = Fault(blame, content.findtext("faultstring") or "", None if detail is None else detail[0])
        return serialised(fault_body(version, told))
    envelope, body = new_envelope(version)
    body.append(content)
    return serialised(envelope)


def printable(text: str) -> str:
    """The text without characters that XML does not allow: a fault may quote what a hostile sender wrote."""
    return "".join(c if c in "\t\n" or (c.isprintable() and c not in "\ufffe\uffff") else "?" for c in text)


def serialised(envelope: etree._Element) -> bytes:
    """Its bytes, in UTF-8 with a declaration."""
    return etree.tostring(envelope, encoding="UTF-8", xml_declaration=True)
