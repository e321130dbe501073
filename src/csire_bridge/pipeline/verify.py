"""Step 2: the one hardened parser, then the signature. From here on only the signed tree exists."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from csire_bridge.domain.errors import NotTrusted, Problem, ProblemCode
from csire_bridge.domain.identifiers import Eic
from csire_bridge.domain.messages import Header
from csire_bridge.xml.keys import CertificateBook
from csire_bridge.xml.parser import DEFAULT_MAX_BYTES, parse
from csire_bridge.xml.signature import verify_enveloped, without_signature

__all__ = ["Trusted", "Verifier", "check_signer"]


@dataclass(frozen=True, slots=True)
class Trusted:
    """A document that may be looked into.

    ``tree`` is what the signature covers. ``received`` is the document as it came, without its signature: only for
    telling people in which line something stands. ``signer`` is None where unsigned messages are let in.
    """

    tree: etree._Element
    received: etree._Element
    signer: Eic | None


class Verifier:
    """Parses and verifies. ``book`` None lets unsigned messages in, which settings must say in words."""

    def __init__(self, book: CertificateBook | None, max_bytes: int = DEFAULT_MAX_BYTES) -> None:
        self._book = book
        self._max_bytes = max_bytes

    def verify(self, raw: bytes, now: datetime) -> Trusted:
        """Return what may be trusted in ``raw``; raise Unreadable or NotTrusted."""
        root = parse(raw, self._max_bytes)
        if self._book is None:
            bare = without_signature(root)
            return Trusted(bare, bare, None)
        verified = verify_enveloped(root, self._book, now)
        return Trusted(verified.tree, without_signature(root), verified.signer.party)


def check_signer(header: Header, signer: Eic | None) -> None:
    """Raise NotTrusted unless the certificate that signed belongs to the physical sender of the message."""
    if signer is not None and signer != header.physical_sender:
        raise NotTrusted(
            [
                Problem(
                    ProblemCode.WRONG_SIGNER,
                    f"the message says that {header.physical_sender} sends it, but {signer} has signed it",
                    "the physical sender must sign its own messages",
                )
            ]
        )
