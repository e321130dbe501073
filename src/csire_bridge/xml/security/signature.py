"""The ``enveloped`` profile: an XML signature inside the document's root, over all of the document.

Exclusive canonicalisation, SHA-256, RSA (2048 bits or more) or ECDSA P-256, the certificate in KeyInfo (W3C XML
Signature 1.1). Checks before signxml fix the structure, so that only one kind of signature is ever accepted; after
verification, only the tree that the signature covers is used.
"""

from __future__ import annotations

import base64
import binascii
import copy
import hashlib
import hmac
from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast

from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.verifier import SignatureConfiguration, VerifyResult, XMLVerifier

from csire_bridge.domain.errors import NotTrusted, Problem, ProblemCode
from csire_bridge.xml.parser import hardened_parser
from csire_bridge.xml.security.exclusive_c14n import EXCLUSIVE, canonical, prefix_list
from csire_bridge.xml.security.keys import CertificateBook, SigningKey, TrustedCertificate
from csire_bridge.xml.security.signature_template import signature_over

__all__ = [
    "Verified",
    "growth",
    "has_signature",
    "parse_back",
    "serialise",
    "sign_enveloped",
    "sign_written",
    "verify_enveloped",
    "without_signature",
]


_DS = "http://www.w3.org/2000/09/xmldsig#"
_SIGNATURE = f"{{{_DS}}}Signature"
_ENVELOPED = f"{_DS}enveloped-signature"
_DIGEST = "http://www.w3.org/2001/04/xmlenc#sha256"
_METHODS = {
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256": "RSA-SHA256",
    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256": "ECDSA-SHA256",
}


_LARGE = 32 * 1024
_EXPECTED = SignatureConfiguration(
    location="./",
    expect_references=1,
    signature_methods=frozenset({SignatureMethod.RSA_SHA256, SignatureMethod.ECDSA_SHA256}),
    digest_algorithms=frozenset({DigestAlgorithm.SHA256}),
)


@dataclass(frozen=True)
class Verified:
    """The result of a valid signature: only ``tree`` may be used from here on.

    ``content`` is its canonical form, which does not depend on the signature's PrefixList.
    """

    tree: etree._Element
    signer: TrustedCertificate
    algorithm: str
    content: bytes


@dataclass(frozen=True)
class _Shape:
    """The parameters of a signature: its method, the canonicalisation of the document, and the digest in base64."""

    algorithm: str
    prefixes: tuple[str, ...]
    digest: str


class _Verifier(XMLVerifier):
    """signxml with corrected handling of the PrefixList of exclusive canonicalisation.

    signxml's schema does not allow the list in a CanonicalizationMethod, and it reads an empty list, a line break or a
    second blank as the default namespace.
    """

    def validate_schema(self, signature: etree._Element) -> None:
        plain = copy.deepcopy(signature)
        for method in plain.iterfind(f"{{{_DS}}}SignedInfo/{{{_DS}}}CanonicalizationMethod"):
            for listed in method.findall(f"{{{EXCLUSIVE}}}InclusiveNamespaces"):
                method.remove(listed)
        super().validate_schema(plain)  # type: ignore[no-untyped-call]

    def _get_inclusive_ns_prefixes(self, method: etree._Element) -> list[str]:
        return list(prefix_list(method) or ())


def serialise(root: etree._Element) -> bytes:
    """The bytes of a document: UTF-8 with an XML declaration."""
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def sign_enveloped(root: etree._Element, key: SigningKey) -> bytes:
    """Return the bytes of ``root`` with our signature as its last child; ``root`` itself is not changed."""
    plain = etree.tostring(root, xml_declaration=True, encoding="UTF-8", with_tail=False)
    return sign_written(plain, key)


def sign_written(plain: bytes, key: SigningKey, root: etree._Element | None = None) -> bytes:
    """Return ``plain``, a document as ``serialise`` would write it, with our signature.

    ``root`` is the parsed ``plain``, if the caller has it already.
    """
    root = parse_back(plain) if root is None else root
    signature = signature_over(canonical(root), key)
    if plain.endswith(b"/>"):  # nothing stands in the root
        name = f"{root.prefix}:{etree.QName(root).localname}" if root.prefix else etree.QName(root).localname
        return plain[:-2] + b">" + signature + f"</{name}>".encode()
    end = plain.rindex(b"</")
    return plain[:end] + signature + plain[end:]


def parse_back(plain: bytes) -> etree._Element:
    """Parse our own bytes. This tree is signed, not the built one, because not every tree survives serialisation."""
    return etree.fromstring(plain, hardened_parser())


def has_signature(root: etree._Element) -> bool:
    """Whether there is a signature anywhere in the document, even in a wrong place."""
    return next(root.iter(_SIGNATURE), None) is not None


def without_signature(root: etree._Element) -> etree._Element:
    """Remove the signature from ``root`` in place, so that line numbers stay those of the received bytes."""
    for signature in root.findall(_SIGNATURE):
        root.remove(signature)
    return root


def verify_enveloped(root: etree._Element, book: CertificateBook, now: datetime, size: int = 0) -> Verified:
    """Return what the signature in ``root`` covers and who signed; raise ``NotTrusted`` for anything else.

    ``size`` is the number of received bytes, if known: a large altered document is refused before much work is done.
    Raises Unreadable for a document without a canonical form, or whose canonical form is too large.
    """
    signature = _the_signature(root)
    shape = _check_shape(signature)
    signer = _pinned_signer(signature, book, now)
    if size > _LARGE:
        _check_digest(root, signature, shape, most=growth(size))
    tree, content = _verify(root, signer, now)
    if tree.tag != root.tag or tree.find(f".//{_SIGNATURE}") is not None:
        raise _fault(
            ProblemCode.WRAPPED,
            "the signature covers something else than the document's root",
            "sign the whole document",
        )
    return Verified(tree, signer, shape.algorithm, canonical(tree) if shape.prefixes else content)


def growth(size: int) -> int:
    """The limit in bytes for the canonical form of a document of ``size`` bytes; business messages hardly grow."""
    return 2 * size + _LARGE


def _the_signature(root: etree._Element) -> etree._Element:
    everywhere = list(root.iter(_SIGNATURE))
    if not everywhere:
        raise _fault(
            ProblemCode.UNSIGNED,
            "the document has no signature",
            "sign the document (enveloped signature, the certificate in KeyInfo)",
        )
    if len(everywhere) > 1 or everywhere[0].getparent() is not root:
        raise _fault(
            ProblemCode.WRAPPED,
            "the signature does not stand alone, directly in the document's root",
            "sign the whole document once, with the signature as a child of its root",
            line=everywhere[0].sourceline,
        )
    return everywhere[0]


def _check_shape(signature: etree._Element) -> _Shape:
    """Pin the algorithms and the one reference to the whole document."""
    info = signature.find(f"{{{_DS}}}SignedInfo")
    references = info.findall(f"{{{_DS}}}Reference") if info is not None else []
    if info is None or len(references) != 1 or references[0].get("URI") != "":
        raise _fault(
            ProblemCode.WRAPPED,
            "the signature must have exactly one reference, to the whole document (URI empty)",
            "sign the whole document with one reference",
            line=signature.sourceline,
        )
    method = info.find(f"{{{_DS}}}CanonicalizationMethod")
    name = _METHODS.get(_algorithm(info, "SignatureMethod"))
    prefixes = _prefixes(list(references[0].iter(f"{{{_DS}}}Transform")))
    if (
        name is None
        or prefixes is None
        or method is None
        or prefix_list(method) is None
        or _algorithm(references[0], "DigestMethod") != _DIGEST
    ):
        raise _fault(
            ProblemCode.ALGORITHM,
            "the signature uses an algorithm or transform that is not allowed",
            "use RSA-SHA256 or ECDSA-SHA256, SHA-256, and the transforms enveloped and exclusive C14N in that order",
            line=signature.sourceline,
        )
    return _Shape(name, prefixes, references[0].findtext(f"{{{_DS}}}DigestValue") or "")


def _prefixes(transforms: list[etree._Element]) -> tuple[str, ...] | None:
    """The PrefixList of the transforms enveloped and exclusive C14N; None when they are others."""
    if len(transforms) != 2 or transforms[0].get("Algorithm") != _ENVELOPED or len(transforms[0]):
        return None
    return prefix_list(transforms[1])


def _algorithm(parent: etree._Element, name: str) -> str:
    element = parent.find(f"{{{_DS}}}{name}")
    return "" if element is None else element.get("Algorithm", "")


def _pinned_signer(signature: etree._Element, book: CertificateBook, now: datetime) -> TrustedCertificate:
    embedded = signature.findtext(f"{{{_DS}}}KeyInfo/{{{_DS}}}X509Data/{{{_DS}}}X509Certificate") or ""
    try:
        fingerprint = hashlib.sha256(base64.b64decode(embedded, validate=False)).digest()
    except (binascii.Error, ValueError) as error:
        raise _fault(ProblemCode.UNKNOWN_SIGNER, "the certificate in KeyInfo is not readable", _PIN) from error
    signer = book.find(fingerprint)
    if signer is None:
        raise _fault(
            ProblemCode.UNKNOWN_SIGNER,
            "the certificate that signed belongs to no partner of ours",
            _PIN,
            line=signature.sourceline,
        )
    if not signer.valid_at(now):
        raise _fault(
            ProblemCode.CERTIFICATE_EXPIRED,
            f"the certificate of {signer.party} is not valid at {now:%Y-%m-%d %H:%M} UTC",
            "sign with a certificate that is valid now",
        )
    return signer


_PIN = "sign with the certificate that was handed over, or have the new one entered for the partner"


def _check_digest(root: etree._Element, signature: etree._Element, shape: _Shape, most: int) -> None:
    """Refuse altered documents early. This accepts nothing: signxml then verifies, at several times the cost."""
    bare = copy.deepcopy(root)
    own = bare[root.index(signature)]
    before, after = own.getprevious(), own.tail or ""
    if before is None:
        bare.text = (bare.text or "") + after
    else:
        before.tail = (before.tail or "") + after
    bare.remove(own)
    found = base64.b64encode(hashlib.sha256(canonical(bare, shape.prefixes, most)).digest()).decode("ascii")
    if not hmac.compare_digest(found.encode(), "".join(shape.digest.split()).encode()):
        raise _altered()


def _verify(root: etree._Element, signer: TrustedCertificate, now: datetime) -> tuple[etree._Element, bytes]:
    expect = replace(_EXPECTED, verification_time=now)
    try:
        # A new verifier for each call: one shared by threads accepted and refused at random.
        result = _Verifier().verify(root, x509_cert=signer.certificate, expect_config=expect, parser=hardened_parser())
        covered = cast(VerifyResult, result)
        tree = covered.signed_xml
    except Exception as error:  # whatever a foreign library raises here means "not verified"
        raise _altered() from error
    if tree is None:
        raise _fault(ProblemCode.BAD_SIGNATURE, "the signature covers no XML", "sign the whole document")
    return tree, covered.signed_data


def _altered() -> NotTrusted:
    return _fault(
        ProblemCode.BAD_SIGNATURE,
        "the signature does not hold: the document was altered after signing, or signed with another key",
        "send the document as it was signed",
    )


def _fault(code: ProblemCode, text: str, remedy: str, line: object = None) -> NotTrusted:
    return NotTrusted([Problem(code, text, remedy, line=line if isinstance(line, int) else None)])
