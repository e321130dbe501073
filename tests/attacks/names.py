"""The ways to name a certificate in KeyInfo, as other stacks write them."""

from __future__ import annotations

import base64

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from tests.attacks.mutations_wrapping import DS, WSSE

__all__ = ["SKI", "THUMBPRINT", "X509V3", "as_base64", "key_identifier", "x509_data", "x509_digest"]

Element = etree._Element
_PROFILE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0"
THUMBPRINT = "http://docs.oasis-open.org/wss/oasis-wss-soap-message-security-1.1#ThumbprintSHA1"
SKI, X509V3 = f"{_PROFILE}#X509SubjectKeyIdentifier", f"{_PROFILE}#X509v3"


def x509_data(*certificates: x509.Certificate, name: bool = True, whole: bool = True) -> Element:
    """X509Data: issuer and serial number of the first certificate, then the certificates."""
    data = etree.Element(f"{{{DS}}}X509Data", nsmap={"ds": DS})
    if name:
        both = etree.SubElement(data, f"{{{DS}}}X509IssuerSerial")
        etree.SubElement(both, f"{{{DS}}}X509IssuerName").text = certificates[0].issuer.rfc4514_string()
        etree.SubElement(both, f"{{{DS}}}X509SerialNumber").text = str(certificates[0].serial_number)
    for certificate in certificates if whole else ():
        text = as_base64(certificate.public_bytes(Encoding.DER))
        etree.SubElement(data, f"{{{DS}}}X509Certificate").text = text
    return data


def key_identifier(certificate: x509.Certificate, kind: str) -> Element:
    """A KeyIdentifier of that ValueType."""
    value = {
        THUMBPRINT: lambda: certificate.fingerprint(hashes.SHA1()),  # noqa: S303 - as others name certificates
        SKI: lambda: certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest,
        X509V3: lambda: certificate.public_bytes(Encoding.DER),
    }[kind]()
    identifier = etree.Element(f"{{{WSSE}}}KeyIdentifier", ValueType=kind, nsmap={"wsse": WSSE})
    identifier.text = as_base64(value)
    return identifier


def x509_digest(certificate: x509.Certificate) -> Element:
    """X509Data with the SHA-256 digest of the certificate (XML Signature 1.1)."""
    data = etree.Element(f"{{{DS}}}X509Data", nsmap={"ds": DS})
    algorithm = "http://www.w3.org/2001/04/xmlenc#sha256"
    element = etree.SubElement(data, "{http://www.w3.org/2009/xmldsig11#}X509Digest", Algorithm=algorithm)
    element.text = as_base64(certificate.fingerprint(hashes.SHA256()))
    return data


def as_base64(octets: bytes) -> str:
    return base64.b64encode(octets).decode()
