"""Makes private keys, and the requests by which an authority issues certificates for them (PKCS #10)."""

from __future__ import annotations

from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from csire_bridge.domain.identifiers import Eic
from csire_bridge.xml.security.certificates.keys import PrivateKey

__all__ = ["Algorithm", "new_key", "private_pem", "signing_request"]

Algorithm = Literal["ecdsa", "rsa"]


def new_key(algorithm: Algorithm = "ecdsa") -> PrivateKey:
    """A new key: ECDSA P-256, which takes milliseconds, or RSA of 2048 bits, about a second."""
    if algorithm == "rsa":
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return ec.generate_private_key(ec.SECP256R1())


def private_pem(key: PrivateKey) -> bytes:
    """The key as PEM without a password: for a file that only its owner can read."""
    pkcs8, open_ = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, pkcs8, open_)


def signing_request(key: PrivateKey, party: Eic) -> bytes:
    """A certificate signing request (PEM): the party's EIC is the common name, the key signs documents."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, party)])
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=True,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    builder = x509.CertificateSigningRequestBuilder().subject_name(name).add_extension(usage, critical=True)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
