"""WS-Security for zeep: our profile in place of zeep's own, which signs with SHA-1 and accepts wrapped bodies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lxml import etree

from csire_bridge.domain.clock import Clock
from csire_bridge.domain.errors import Problem, ProblemCode, Unreadable
from csire_bridge.xml.parser import DEFAULT_MAX_BYTES, parse
from csire_bridge.xml.security.certificates.keys import CertificateBook, KeyInTime
from csire_bridge.xml.security.ws_security.wss import sign_envelope, verify_envelope

__all__ = ["WsSecurityPlugin"]


class WsSecurityPlugin:
    """The object for ``zeep.Client(wsse=...)``. It has no state, so clients of several threads can share it."""

    def __init__(
        self, key: KeyInTime, book: Callable[[], CertificateBook], clock: Clock, max_bytes: int = DEFAULT_MAX_BYTES
    ) -> None:
        """``book`` gives the certificates that are trusted at the moment of each answer."""
        self._key = key
        self._book = book
        self._clock = clock
        self._max_bytes = max_bytes

    def apply(self, envelope: etree._Element, headers: dict[str, str]) -> tuple[etree._Element, dict[str, str]]:
        """Sign what goes out."""
        now = self._clock()
        return parse(sign_envelope(envelope, self._key.at(now), now), self._max_bytes), headers

    def verify(self, envelope: etree._Element) -> etree._Element:
        """Leave in ``envelope`` nothing but the signed Body; raise ``Unreadable`` or ``NotTrusted``.

        zeep continues with the object that it passed in, so it is changed in place. Its headers are removed, because no
        signature covers them. zeep's parser is more lenient than ours, so the bytes are parsed by ours first. An
        unsigned fault is not trusted either; it can still be read in the HTTP answer.
        """
        verified = verify_envelope(parse(_bytes(envelope), self._max_bytes), self._book(), self._clock())
        for child in list(envelope):
            envelope.remove(child)
        envelope.append(verified.body)
        return envelope


def _bytes(envelope: etree._Element) -> bytes:
    tree: Any = envelope.getroottree()
    if tree.docinfo.doctype:  # lxml leaves it out of the bytes when it names another root
        raise Unreadable(
            [Problem(ProblemCode.DTD, "the answer has a document type declaration", "send the answer without it")]
        )
    return etree.tostring(tree)
