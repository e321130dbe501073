"""Prepares the committed samples for sending: moves their dates to today and signs them, rightly or wrongly.

No element of a payload is named here: dates are found in the bytes, and the text that is altered is "the last one".
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from datetime import timedelta

from lxml import etree

from csire_bridge.domain.errors import Unreadable
from csire_bridge.lab.simulators.expectations import SignKind
from csire_bridge.lab.simulators.pki import DemoPki
from csire_bridge.xml.parser import parse
from csire_bridge.xml.redate import redate
from csire_bridge.xml.security.certificates.keys import SigningKey
from csire_bridge.xml.security.signature import serialise, sign_enveloped, without_signature

__all__ = ["SamplePreparer", "prepare"]

_WRAPPER = "{urn:csire-bridge:demo:wrapping}Wrapper"
_DS = "{http://www.w3.org/2000/09/xmldsig#}"


def prepare(raw: bytes, sign: SignKind, pki: DemoPki, offset: timedelta) -> bytes:
    """Return ``raw`` with its dates moved by ``offset``, signed as ``sign`` says; what is no XML is only moved.

    Raises ValueError when a document without any text is to be altered or wrapped.
    A signature differs from one call to the next (ECDSA): whoever feeds several samples uses a ``SamplePreparer``.
    """
    moved = redate(raw, offset)
    if sign is SignKind.NONE:
        return moved
    try:
        root = parse(moved)
    except Unreadable:
        return moved
    return _SIGNERS[sign](root, pki)


class SamplePreparer:
    """Prepares many samples: a file that repeats another one becomes the same bytes again, signature included."""

    def __init__(self, pki: DemoPki, offset: timedelta) -> None:
        self._pki = pki
        self._offset = offset
        self._prepared: dict[tuple[bytes, SignKind], bytes] = {}

    def prepare(self, raw: bytes, sign: SignKind) -> bytes:
        """Like the function ``prepare``, the same for the same arguments."""
        key = (raw, sign)
        if key not in self._prepared:
            self._prepared[key] = prepare(raw, sign, self._pki, self._offset)
        return self._prepared[key]


def _alter(root: etree._Element) -> None:
    """Change the last character of the last text in ``root`` that is not the signature's."""
    leaves = [e for e in root.iter(etree.Element) if e.text and e.text.strip() and not len(e) and not _in_signature(e)]
    if not leaves:
        raise ValueError("a document without any text has nothing to alter")
    text = (leaves[-1].text or "").rstrip()
    leaves[-1].text = text[:-1] + ("0" if text[-1] != "0" else "1")


def _in_signature(element: etree._Element) -> bool:
    return element.tag.startswith(_DS)


def _altered(root: etree._Element, key: SigningKey) -> bytes:
    signed = parse(sign_enveloped(root, key))
    _alter(signed)
    return serialise(signed)


def _wrapped(root: etree._Element, key: SigningKey) -> bytes:
    """Signature wrapping: a forged document outside, the signed one whole and untouched somewhere inside."""
    signed = parse(sign_enveloped(root, key))
    forged = without_signature(copy.deepcopy(signed))
    _alter(forged)
    etree.SubElement(forged, _WRAPPER).append(signed)
    return serialise(forged)


_SIGNERS: Mapping[SignKind, Callable[[etree._Element, DemoPki], bytes]] = {
    SignKind.HUB: lambda root, pki: sign_enveloped(root, pki.hub.signing),
    SignKind.STRANGER: lambda root, pki: sign_enveloped(root, pki.stranger.signing),
    SignKind.NOT_SENDER: lambda root, pki: sign_enveloped(root, pki.supplier.signing),
    SignKind.ALTERED: lambda root, pki: _altered(root, pki.hub.signing),
    SignKind.WRAPPED: lambda root, pki: _wrapped(root, pki.hub.signing),
    SignKind.EXPIRED: lambda root, pki: sign_enveloped(root, pki.expired.signing),
}
