"""Puts a document's original bytes into a SOAP envelope and takes them out again, so that every try has the same bytes.

zeep and WS-Security work on XML trees, and a tree that is serialised again may give other bytes. So they get the parsed
document, and the stored bytes replace it before sending. The canonical form stays the same, and with it both kinds of
signature: exclusive canonicalisation (W3C xml-exc-c14n) ignores prefixes that only the envelope declares.
"""

from __future__ import annotations

import re
import uuid

from lxml import etree

from csire_bridge.domain.errors import Unreadable
from csire_bridge.xml.parser import parse
from csire_bridge.xml.prolog import end_of_prolog

__all__ = ["CMS", "bare", "original_bytes", "payload_bytes", "splice"]

CMS = "{urn:cms:b2b:v01}"
_BOM = b"\xef\xbb\xbf"
_PAYLOAD = re.compile(rb"<((?:[\w.-]{1,100}:)?Payload)(?:\s[^<>]{0,5000})?>")


def bare(document: bytes) -> bytes:
    """The document from its root element, without byte order mark, XML declaration and trailing space."""
    body = document.removeprefix(_BOM)
    return body[end_of_prolog(body) :].rstrip()


def splice(envelope: etree._Element, document: bytes) -> bytes:
    """The bytes of ``envelope`` with ``document`` as the only child of its payload; empties the given payload.

    Raises ValueError when the envelope has no payload with one element.
    """
    payload = next((e for e in envelope.iter(f"{CMS}Payload") if len(e) == 1), None)
    if payload is None:
        raise ValueError("the envelope has no payload with one document")
    payload.remove(payload[0])
    gap = uuid.uuid4().hex
    payload.text = gap
    before, after = etree.tostring(envelope, encoding="UTF-8", xml_declaration=True).split(gap.encode())
    return before + bare(document) + after


def payload_bytes(raw: bytes) -> bytes | None:
    """The content of an envelope's payload element, byte for byte; None if there is none.

    The first opening and the last closing payload tag are the container's own, whatever the document contains.
    """
    start = _PAYLOAD.search(raw)
    end = raw.rfind(b"</" + start[1]) if start else -1
    return raw[start.end() : end] if start and end >= start.end() else None


def original_bytes(document: etree._Element, raw: bytes) -> bytes:
    """The bytes that ``document`` has in the envelope ``raw``.

    It is serialised again if these can't stand alone, because they use namespaces that the envelope declares.
    """
    found = (payload_bytes(raw) or b"").strip()
    try:
        if _alike(parse(found, len(found)), document):
            return found
    except Unreadable:
        pass
    return etree.tostring(document, encoding="UTF-8", xml_declaration=True, with_tail=False)


def _alike(one: etree._Element, other: etree._Element) -> bool:
    """Whether two trees are equal; in linear time, because canonicalisation of hostile input can be very slow."""
    pairs = zip(one.iter(), other.iter(), strict=False)
    return all(_facts(a, a is one) == _facts(b, b is other) for a, b in pairs)


def _facts(element: etree._Element, is_root: bool) -> tuple[object, ...]:
    tail = "" if is_root else element.tail or ""
    return element.tag, element.text or "", tail, sorted(element.attrib.items()), len(element)
