"""Step 2: the one hardened parser, then the signature. From here on only the signed tree exists.

The partner's settings say which security profile its messages must have, not the message: a document signed in another
way than agreed is refused, so nobody can choose the weaker profile.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from csire_bridge.domain.errors import NotTrusted, PartnerFault, Problem, ProblemCode
from csire_bridge.domain.identifiers import Eic
from csire_bridge.domain.message.message import Header
from csire_bridge.domain.message.partners import Partner, SecurityProfile
from csire_bridge.domain.message.refusals import Claims
from csire_bridge.xml.envelope import read_claims
from csire_bridge.xml.parser import DEFAULT_MAX_BYTES, parse
from csire_bridge.xml.security.certificates.keys import TrustedCertificate
from csire_bridge.xml.security.certificates.partner_book import PartnerBook
from csire_bridge.xml.security.exclusive_c14n import canonical
from csire_bridge.xml.security.signature import growth, has_signature, verify_enveloped, without_signature
from csire_bridge.xml.security.ws_security.soap_envelope import body_of, business_document, is_secured, refuse_headers
from csire_bridge.xml.security.ws_security.wss import verify_envelope

__all__ = ["Trusted", "Verifier"]

_SECURE = "sign as agreed with the operator (profile enveloped or wss)"


@dataclass(frozen=True, slots=True)
class Trusted:
    """A verified document.

    ``tree`` is what the signature covers. ``received`` is the document as it came, without its signature: only for
    line numbers in texts for people. ``signer`` is None for an unsigned message of a partner whose
    profile is ``none``; ``check_sender`` must still be asked. ``content`` is the SHA-256 of the canonical document:
    the same for the same message, however often it was wrapped, signed and sent.
    """

    tree: etree._Element
    received: etree._Element
    signer: Partner | None
    content: str

    @property
    def party(self) -> Eic | None:
        """Who signed."""
        return self.signer.eic if self.signer else None


class Verifier:
    """Parses and verifies. ``partners`` returns the current partner book."""

    def __init__(
        self,
        partners: Callable[[], PartnerBook],
        max_bytes: int = DEFAULT_MAX_BYTES,
        claims: Callable[[etree._Element], Claims] = read_claims,
    ) -> None:
        """``claims`` reads what a document says of itself, by the envelope of its kind."""
        self._claims = claims
        self._partners = partners
        self._max_bytes = max_bytes

    def verify(self, raw: bytes, now: datetime) -> Trusted:
        """Return what may be trusted in ``raw``; raise Unreadable, NotTrusted or NotValid (a strange envelope)."""
        root = parse(raw, self._max_bytes)
        book = self._partners()
        if refuse_headers(root) is None:
            return self._bare(root, book, now, len(raw))
        if is_secured(root):
            return self._secured(root, book, now, len(raw))
        return self._bare(_alone(business_document(body_of(root))), book, now, len(raw))

    def _bare(self, document: etree._Element, book: PartnerBook, now: datetime, size: int) -> Trusted:
        if not has_signature(document):
            if not book.lets_unsigned_in:
                raise _fault(ProblemCode.UNSIGNED, "the document has no signature", _SECURE)
            return Trusted(document, document, None, _digest(canonical(document, limit=growth(size))))
        verified = verify_enveloped(document, book.certificates, now, size)
        signer = _signer(book, verified.signer, SecurityProfile.ENVELOPED)
        return Trusted(verified.tree, without_signature(document), signer, _digest(verified.content))

    def _secured(self, envelope: etree._Element, book: PartnerBook, now: datetime, size: int) -> Trusted:
        verified = verify_envelope(envelope, book.certificates, now, most=growth(size))
        signer = _signer(book, verified.signer, SecurityProfile.WSS)
        tree = _alone(business_document(verified.body))
        # A signature inside the document too is not looked at: the envelope's covers all of it.
        bare = without_signature(tree)
        received = without_signature(business_document(body_of(envelope)))
        return Trusted(bare, received, signer, _digest(canonical(bare)))

    def check_sender(self, header: Header, signer: Partner | None) -> None:
        """Raise NotTrusted unless whoever signed is the physical sender, and may send messages of this number.

        The hub speaks for every party of the market; anybody else speaks for itself only.
        """
        partner = signer or self._unsigned_partner(header)
        if partner.eic != header.physical_sender:
            raise _fault(
                ProblemCode.WRONG_SIGNER,
                f"the message says that {header.physical_sender} sends it, but {partner.eic} has signed it",
                "the physical sender must sign its own messages",
            )
        if not partner.may_send(header.number):
            raise _fault(
                ProblemCode.NUMBER_NOT_ALLOWED,
                f"messages {header.number} are not taken from {partner.eic} ({partner.role})",
                "send it through the hub, which alone sends such messages",
            )
        if header.juridical_sender != partner.eic and not partner.is_the_hub:
            raise _fault(
                ProblemCode.WRONG_SIGNER,
                f"{partner.eic} has signed for {header.juridical_sender}, for whom only the hub may speak",
                "be the juridical sender of your own messages",
            )

    def claims(self, raw: bytes) -> Claims:
        """What a message claims about itself, for people to read; nothing of it is proven."""
        try:
            return self._claims(parse(raw, self._max_bytes))
        except PartnerFault:
            return Claims()

    def is_the_hub(self, signer: str | None) -> bool:
        """Whether that is the EIC code of the hub."""
        partner = self._partners().find(signer) if signer else None
        return partner is not None and partner.is_the_hub

    def sends_to_us(self, sender: str) -> bool:
        """Whether a partner with that EIC code may send us anything: the hub, or one allowed to send in its place."""
        partner = self._partners().find(sender)
        return partner is not None and (partner.is_the_hub or bool(partner.may_send_as_the_hub))

    def _unsigned_partner(self, header: Header) -> Partner:
        partner = self._partners().find(header.physical_sender)
        if partner is None or partner.profile is not SecurityProfile.NONE:
            raise _fault(ProblemCode.UNSIGNED, "the document has no signature", _SECURE)
        return partner


def _signer(book: PartnerBook, certificate: TrustedCertificate, profile: SecurityProfile) -> Partner:
    partner = book.find(certificate.party)
    if partner is None:
        raise _fault(ProblemCode.UNKNOWN_SIGNER, f"{certificate.party} is no partner of ours", _SECURE)
    if certificate.fingerprint in book.revoked:
        raise _fault(
            ProblemCode.REVOKED,
            f"the certificate of {certificate.party} was revoked by its authority",
            "sign with a certificate that holds",
        )
    if partner.profile is not profile:
        raise _fault(
            ProblemCode.PROFILE,
            f"{partner.eic} signs with the profile {partner.profile}, but this message has the profile {profile}",
            _SECURE,
        )
    return partner


def _alone(document: etree._Element) -> etree._Element:
    """The document parsed again without the envelope around it; line numbers count from its own first line."""
    if document.getparent() is None:
        return document
    return parse(etree.tostring(document, with_tail=False), max_bytes=1 << 30)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _fault(code: ProblemCode, text: str, remedy: str) -> NotTrusted:
    return NotTrusted([Problem(code, text, remedy)])
