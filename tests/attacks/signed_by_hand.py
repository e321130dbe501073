"""Signs a WS-Security header as its SignedInfo says, also with the STR-Transform, which ``xmlsec`` does not know.

Written from the specifications, without the product: for whatever a partner could sign, right or wrong.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from csire_bridge.xml.security.certificates.keys import SigningKey
from tests.attacks.mutations_wrapping import DS, SIGNATURE, WSSE, WSU_ID

__all__ = ["EXCLUSIVE", "STR_TRANSFORM", "sign_by_hand"]

EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
STR_TRANSFORM = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#STR-Transform"
X509V3 = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3"

Element = etree._Element
_library: Any = etree  # its stubs don't know exclusive canonicalisation


def sign_by_hand(root: Element, key: SigningKey) -> None:
    """Fill in the digests and the value of the envelope's signature, in place."""
    signature = next(root.iter(SIGNATURE))
    info = signature.find(f"{{{DS}}}SignedInfo")
    value = signature.find(f"{{{DS}}}SignatureValue")
    assert info is not None
    assert value is not None
    for reference in info.findall(f"{{{DS}}}Reference"):
        octets = _octets(root, reference, key)
        digest = reference.find(f"{{{DS}}}DigestValue")
        if octets is not None and digest is not None:
            digest.text = base64.b64encode(hashlib.sha256(octets).digest()).decode()
    value.text = base64.b64encode(_value(_canonical(info, info[0]), key)).decode()


def _octets(root: Element, reference: Element, key: SigningKey) -> bytes | None:
    """What a reference covers; None where this signer would not know either."""
    uri = reference.get("URI", "")
    target = next((e for e in root.iter(etree.Element) if f"#{e.get(WSU_ID)}" == uri), None)
    transform = next(reference.iter(f"{{{DS}}}Transform"), None)
    if target is None or transform is None:
        return None
    if transform.get("Algorithm") != STR_TRANSFORM:
        return _canonical(target, transform)
    method = next(transform.iter(f"{{{DS}}}CanonicalizationMethod"), None)
    return None if method is None else _replaced(root, target, method, key)


def _replaced(root: Element, target: Element, method: Element, key: SigningKey) -> bytes:
    """The token in the place of the reference to it; its first tag declares the default namespace in any case."""
    direct = target.find(f"{{{WSSE}}}Reference")
    uri = None if direct is None else direct.get("URI")
    token = next((e for e in root.iter(etree.Element) if f"#{e.get(WSU_ID)}" == uri), None)
    if token is None:
        token = etree.Element(f"{{{WSSE}}}BinarySecurityToken", ValueType=X509V3, nsmap={"wsse": WSSE})
        token.text = base64.b64encode(key.certificate.public_bytes(Encoding.DER)).decode()
    octets = _canonical(token, method)
    name, _, rest = octets.partition(b" ")
    return octets if rest.startswith(b"xmlns=") else name + b' xmlns="" ' + rest


def _canonical(element: Element, method: Element) -> bytes:
    listed = method.find(f"{{{EXCLUSIVE}}}InclusiveNamespaces")
    prefixes = [] if listed is None else listed.get("PrefixList", "").split()
    octets: bytes = _library.tostring(
        element, method="c14n", exclusive=True, with_comments=False, inclusive_ns_prefixes=prefixes or None
    )
    return octets


def _value(octets: bytes, key: SigningKey) -> bytes:
    if isinstance(key.key, rsa.RSAPrivateKey):
        return key.key.sign(octets, padding.PKCS1v15(), hashes.SHA256())
    r, s = utils.decode_dss_signature(key.key.sign(octets, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")
