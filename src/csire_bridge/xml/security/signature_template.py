"""Our own signature from a template: filled in with a digest, a signature value and our certificate.

The result is the same as signxml's for the same key, byte for byte, as tests prove; signxml builds it from single
elements each time, which takes five times as long. Verification is never done here: signxml does it, for every
signature.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from csire_bridge.xml.security.certificates.keys import SigningKey

__all__ = ["signature_over"]

_DS = "http://www.w3.org/2000/09/xmldsig#"
_MORE = "http://www.w3.org/2001/04/xmldsig-more#"
_HASH = hashes.SHA256()
_ECDSA = ec.ECDSA(_HASH)
_P256_BYTES = 32
# SignedInfo in exclusive canonical form, which is what is signed; {} are the names of the method and the digest.
_SIGNED_INFO = (
    f'<ds:SignedInfo xmlns:ds="{_DS}">'
    '<ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"></ds:CanonicalizationMethod>'
    '<ds:SignatureMethod Algorithm="{}"></ds:SignatureMethod>'
    '<ds:Reference URI=""><ds:Transforms>'
    f'<ds:Transform Algorithm="{_DS}enveloped-signature"></ds:Transform>'
    '<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"></ds:Transform>'
    '</ds:Transforms><ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"></ds:DigestMethod>'
    "<ds:DigestValue>{}</ds:DigestValue></ds:Reference></ds:SignedInfo>"
)


def signature_over(content: bytes, key: SigningKey) -> bytes:
    """The Signature element, as bytes to stand in a document, over a document whose canonical form is ``content``.

    Canonical means exclusive C14N without comments, of the whole document without this signature.
    """
    canonical, before, between, after = _shape(key)
    digest = base64.b64encode(hashlib.sha256(content).digest())
    value = base64.b64encode(_signed(canonical[0] + digest + canonical[1], key))
    return b"".join((before, digest, between, value, after))


@cache
def _shape(key: SigningKey) -> tuple[tuple[bytes, bytes], bytes, bytes, bytes]:
    """The constant parts: SignedInfo around the digest as signed, and the element around digest and value."""
    method = f"{_MORE}rsa-sha256" if isinstance(key.key, rsa.RSAPrivateKey) else f"{_MORE}ecdsa-sha256"
    head, tail = (part.format(method) for part in _SIGNED_INFO.rsplit("{}", 1))
    pem = key.certificate.public_bytes(serialization.Encoding.PEM).decode().splitlines(keepends=True)
    return (
        (head.encode(), tail.encode()),
        f'<ds:Signature xmlns:ds="{_DS}">{_in_document(head)}'.encode(),
        f"{_in_document(tail)}<ds:SignatureValue>".encode(),
        (
            "</ds:SignatureValue><ds:KeyInfo><ds:X509Data><ds:X509Certificate>"
            f"{''.join(pem[1:-1])}"
            "</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>"
        ).encode(),
    )


def _in_document(part: str) -> str:
    """The same elements inside Signature, which declares the prefix; empty elements are written in short form."""
    short = part.replace(f' xmlns:ds="{_DS}"', "")
    for name in ("CanonicalizationMethod", "SignatureMethod", "Transform", "DigestMethod"):
        short = short.replace(f"></ds:{name}>", "/>")
    return short


def _signed(data: bytes, key: SigningKey) -> bytes:
    """Sign with RSA PKCS #1 v1.5 or ECDSA, SHA-256; for ECDSA r and s concatenated, as XML Signature requires."""
    if isinstance(key.key, rsa.RSAPrivateKey):
        return key.key.sign(data, padding.PKCS1v15(), _HASH)
    r, s = decode_dss_signature(key.key.sign(data, _ECDSA))
    return r.to_bytes(_P256_BYTES, "big") + s.to_bytes(_P256_BYTES, "big")
