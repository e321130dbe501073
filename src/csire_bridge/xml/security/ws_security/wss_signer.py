"""How KeyInfo of a WS-Security header names the signer's certificate (X.509 Token Profile 1.1, section 3.2).

By a reference to the BinarySecurityToken beside it, by a key identifier (SHA-1 thumbprint, subject key identifier, the
certificate itself), or by X509Data (issuer and serial number, the certificate). Only pinned certificates are found.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence

from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from csire_bridge.domain.errors import ProblemCode
from csire_bridge.xml.parser import parse
from csire_bridge.xml.security.algorithms import DS, shown
from csire_bridge.xml.security.certificates.keys import CertificateBook, TrustedCertificate
from csire_bridge.xml.security.exclusive_c14n import canonical
from csire_bridge.xml.security.key_info import certificates_of, named_by, unknown
from csire_bridge.xml.security.ws_security.wss_parts import (
    BASE64,
    ID,
    MAX_PART,
    TOKEN_REFERENCE,
    WSSE,
    X509V3,
    Parts,
    decode,
    fault,
    wrapped,
)
from csire_bridge.xml.security.ws_security.wss_references import Reference, replaced_token

__all__ = ["find_signers", "octets_of_named"]

_THUMBPRINT = "http://docs.oasis-open.org/wss/oasis-wss-soap-message-security-1.1#ThumbprintSHA1"
_SKI = X509V3.replace("#X509v3", "#X509SubjectKeyIdentifier")
_IDENTIFIERS: Mapping[str, str] = {_THUMBPRINT: "thumbprint", _SKI: "ski", X509V3: "x509"}
_REFERENCE, _IDENTIFIER, _X509 = f"{{{WSSE}}}Reference", f"{{{WSSE}}}KeyIdentifier", f"{{{DS}}}X509Data"
_WAYS = (
    "name the certificate by a reference to the BinarySecurityToken, by its SHA-1 thumbprint, subject key identifier, "
    "or issuer and serial number"
)


def find_signers(parts: Parts, book: CertificateBook) -> Sequence[TrustedCertificate]:
    """The pinned certificates that KeyInfo names; raises NotTrusted when there are none."""
    named = parts.key_info[0]
    if named.tag == TOKEN_REFERENCE:
        if len(named) != 1:
            raise wrapped(f"the SecurityTokenReference holds {len(named)} entries instead of one")
        named = named[0]
    if named.tag == _REFERENCE:
        return _by_token(parts, named.get("URI"), book)
    if parts.token is not None:
        raise wrapped("the Security header holds a BinarySecurityToken that KeyInfo does not refer to")
    if named.tag == _X509:
        return certificates_of([named], book)
    if named.tag == _IDENTIFIER:
        return _by_identifier(named, book)
    what = etree.QName(named).localname if isinstance(named.tag, str) else "an instruction"
    raise fault(ProblemCode.PROFILE, f"KeyInfo names the signer by {shown(what)}, which is not taken", _WAYS)


def _by_token(parts: Parts, uri: str | None, book: CertificateBook) -> Sequence[TrustedCertificate]:
    if parts.token is None or uri != f"#{parts.token.get(ID)}":
        raise wrapped(f"KeyInfo refers to {shown(uri)}, which is not the BinarySecurityToken of this Security header")
    token = parse(canonical(parts.token, (), MAX_PART))
    kind, encoding = token.get("ValueType"), token.get("EncodingType", BASE64)
    if kind != X509V3 or encoding != BASE64:
        text = f"the BinarySecurityToken has the type {shown(kind)} in {shown(encoding)}"
        raise fault(ProblemCode.PROFILE, text, f"send one certificate as {X509V3}, in base64")
    return _known(named_by("x509", decode(token), book), "the BinarySecurityToken")


def _by_identifier(named: etree._Element, book: CertificateBook) -> Sequence[TrustedCertificate]:
    kind, encoding = named.get("ValueType"), named.get("EncodingType", BASE64)
    how = _IDENTIFIERS.get(kind or "")
    if how is None or encoding != BASE64:
        text = f"KeyInfo names the signer by a KeyIdentifier {shown(kind)} in {shown(encoding)}, which is not taken"
        raise fault(ProblemCode.PROFILE, text, _WAYS)
    return _known(named_by(how, decode(named), book), f"KeyIdentifier {kind}")


def _known(found: Sequence[TrustedCertificate], named: str) -> Sequence[TrustedCertificate]:
    if not found:
        raise unknown([named])
    return found


def octets_of_named(parts: Parts, reference: Reference, signer: TrustedCertificate) -> bytes:
    """What a signed SecurityTokenReference stands for: the token, or one made of the certificate that it names.

    A certificate that is only named gets the token that WSS4J makes of it, which is the one of the specification.
    """
    if parts.token is not None:
        return replaced_token(reference.octets(parts.token))
    prefix = parts.key_info[0].prefix
    name, declared = (
        (f"{prefix}:BinarySecurityToken", f"xmlns:{prefix}") if prefix else ("BinarySecurityToken", "xmlns")
    )
    content = base64.b64encode(signer.certificate.public_bytes(Encoding.DER)).decode("ascii")
    return replaced_token(f'<{name} {declared}="{WSSE}" ValueType="{X509V3}">{content}</{name}>'.encode())
