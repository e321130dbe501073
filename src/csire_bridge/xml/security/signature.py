"""The ``enveloped`` profile: an XML signature inside the document's root, over all of the document.

Exclusive canonicalisation, SHA-256, RSA (2048 bits or more) or ECDSA P-256, the certificate in KeyInfo (W3C XML
Signature 1.1). Checks before signxml fix the structure, so that only one kind of signature is ever accepted; after
verification, only the tree that the signature covers is used.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast

from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.verifier import SignatureConfiguration, VerifyResult, XMLVerifier

from csire_bridge.domain.errors import NotTrusted, ProblemCode
from csire_bridge.xml.parser import hardened_parser
from csire_bridge.xml.security.algorithms import (
    DS,
    exclusive_prefixes,
    fault,
    has_digest,
    not_allowed,
    require_sha256,
    shown,
    signature_method,
    value_holds,
)
from csire_bridge.xml.security.certificates.keys import CertificateBook, SigningKey, TrustedCertificate
from csire_bridge.xml.security.exclusive_c14n import EXCLUSIVE, canonical, prefix_list
from csire_bridge.xml.security.key_info import base64_of, certificates_of, unknown, valid_ones, wrong_key
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


_SIGNATURE = f"{{{DS}}}Signature"
_ENVELOPED = f"{DS}enveloped-signature"
_LARGE = 32 * 1024
_FEW = 4  # names told in a refusal
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
    """The parameters of a signature: its method, the canonicalisations of SignedInfo and the document, the digest."""

    info: etree._Element
    algorithm: str
    info_prefixes: tuple[str, ...]
    prefixes: tuple[str, ...]
    digest: bytes


class _Verifier(XMLVerifier):
    """signxml with corrected handling of the PrefixList of exclusive canonicalisation.

    signxml's schema does not allow the list in a CanonicalizationMethod, and it reads an empty list, a line break or a
    second blank as the default namespace.
    """

    def validate_schema(self, signature: etree._Element) -> None:
        plain = copy.deepcopy(signature)
        for method in plain.iterfind(f"{{{DS}}}SignedInfo/{{{DS}}}CanonicalizationMethod"):
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
    signer = _pinned_signer(signature, shape, book, now)
    if size > _LARGE:
        _check_digest(root, signature, shape, most=growth(size))
    tree, content = _verify(root, signature, shape, signer, now)
    if tree.tag != root.tag or tree.find(f".//{_SIGNATURE}") is not None:
        raise fault(
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
        raise fault(
            ProblemCode.UNSIGNED,
            "the document has no signature",
            "sign the document (enveloped signature, the certificate in KeyInfo)",
        )
    if len(everywhere) > 1 or everywhere[0].getparent() is not root:
        place = "inside another element" if len(everywhere) == 1 else f"{len(everywhere)} times in the document"
        raise fault(
            ProblemCode.WRAPPED,
            f"the signature stands {place}, not once, directly in the document's root",
            "sign the whole document once, with the signature as a child of its root",
            everywhere[0].sourceline,
        )
    return everywhere[0]


def _check_shape(signature: etree._Element) -> _Shape:
    """Pin the algorithms and the one reference to the whole document."""
    info = signature.find(f"{{{DS}}}SignedInfo")
    references = info.findall(f"{{{DS}}}Reference") if info is not None else []
    if info is None or len(references) != 1 or references[0].get("URI") != "":
        covers = ", ".join(shown(reference.get("URI")) for reference in references[:_FEW]) or "nothing"
        raise fault(
            ProblemCode.WRAPPED,
            f"the signature covers {covers}; it must have exactly one reference, to the whole document (URI empty)",
            "sign the whole document with one reference, without references to parts, properties or attachments",
            signature.sourceline,
        )
    (reference,) = references
    method, info_prefixes, prefixes = signature_method(info), exclusive_prefixes(info), _transform_prefixes(reference)
    require_sha256(reference)
    digest = reference.find(f"{{{DS}}}DigestValue")
    return _Shape(info, method, info_prefixes, prefixes, b"" if digest is None else base64_of(digest))


def _transform_prefixes(reference: etree._Element) -> tuple[str, ...]:
    """The PrefixList of the transforms enveloped and exclusive C14N; raises NotTrusted when they are others."""
    transforms = list(reference.iter(f"{{{DS}}}Transform"))
    prefixes = None
    if len(transforms) == 2 and transforms[0].get("Algorithm") == _ENVELOPED and not len(transforms[0]):
        prefixes = prefix_list(transforms[1])
    if prefixes is None:
        found = ", then ".join(shown(transform.get("Algorithm")) for transform in transforms[:_FEW]) or "missing"
        remedy = (
            f"use the transforms {_ENVELOPED} and {EXCLUSIVE}, in this order "
            "(an InclusiveNamespaces of at most 32 prefixes may be in the second one)"
        )
        raise not_allowed("the list of transforms", found, remedy, reference.sourceline)
    return prefixes


def _pinned_signer(
    signature: etree._Element, shape: _Shape, book: CertificateBook, now: datetime
) -> TrustedCertificate:
    """The pinned certificate that KeyInfo names; where it names several, the one whose key made the signature."""
    key_info = signature.find(f"{{{DS}}}KeyInfo")
    data = [] if key_info is None else key_info.findall(f"{{{DS}}}X509Data")
    if key_info is not None and not data:
        raise unknown([etree.QName(child).localname for child in key_info if isinstance(child.tag, str)])
    signers = valid_ones(certificates_of(data, book), now)
    if len(signers) == 1:
        return signers[0]
    return next((each for each in signers if _holds(signature, shape, each)), signers[0])


def _holds(signature: etree._Element, shape: _Shape, signer: TrustedCertificate) -> bool:
    value = signature.find(f"{{{DS}}}SignatureValue")
    octets = canonical(shape.info, shape.info_prefixes, _LARGE)
    return value is not None and value_holds(octets, shape.algorithm, base64_of(value), signer.certificate)


def _check_digest(root: etree._Element, signature: etree._Element, shape: _Shape, most: int | None = None) -> None:
    """Refuse altered documents early. This accepts nothing: signxml then verifies, at several times the cost."""
    bare = copy.deepcopy(root)
    own = bare[root.index(signature)]
    before, after = own.getprevious(), own.tail or ""
    if before is None:
        bare.text = (bare.text or "") + after
    else:
        before.tail = (before.tail or "") + after
    bare.remove(own)
    if not has_digest(canonical(bare, shape.prefixes, most), shape.digest):
        raise fault(
            ProblemCode.BAD_SIGNATURE,
            "the document is not the one that was signed: its SHA-256 digest is not the signature's DigestValue",
            "send the document as it was signed, byte for byte: no new line breaks, spaces or namespaces afterwards",
        )


def _verify(
    root: etree._Element, signature: etree._Element, shape: _Shape, signer: TrustedCertificate, now: datetime
) -> tuple[etree._Element, bytes]:
    expect = replace(_EXPECTED, verification_time=now)
    try:
        # A new verifier for each call: one shared by threads accepted and refused at random.
        result = _Verifier().verify(root, x509_cert=signer.certificate, expect_config=expect, parser=hardened_parser())
        covered = cast(VerifyResult, result)
        tree = covered.signed_xml
    except Exception as error:  # whatever a foreign library raises here means "not verified"
        raise _why_not(root, signature, shape, signer) from error
    if tree is None:
        raise fault(ProblemCode.BAD_SIGNATURE, "the signature covers no XML", "sign the whole document")
    return tree, covered.signed_data


def _why_not(root: etree._Element, signature: etree._Element, shape: _Shape, signer: TrustedCertificate) -> NotTrusted:
    """What is wrong with a signature that does not hold, as far as it can be told."""
    if not _holds(signature, shape, signer):
        return wrong_key(signer)
    try:
        _check_digest(root, signature, shape)
    except NotTrusted as fault_:
        return fault_
    return fault(
        ProblemCode.BAD_SIGNATURE,
        "the signature does not follow the schema of XML Signature, or KeyInfo contradicts itself",
        "send a Signature with SignedInfo, SignatureValue and KeyInfo, whose KeyValue, if any, is the certificate's",
    )
