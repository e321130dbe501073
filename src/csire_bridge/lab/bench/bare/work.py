"""The bare work, without any code of the bridge: what any program has to do with a message.

Everything that can be reused is made once: parser, compiled schema, certificate, key, and the document to sign.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any, cast

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureConstructionMethod, SignatureMethod
from signxml.signer import XMLSigner
from signxml.verifier import VerifyResult, XMLVerifier

__all__ = ["BareStore", "BareWork"]


class BareWork:
    """Parse, verify, judge by schema; and sign."""

    def __init__(
        self,
        schema_file: Path,
        trusted: x509.Certificate,
        key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey,
        certificate: x509.Certificate,
    ) -> None:
        self._parser = etree.XMLParser(
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            dtd_validation=False,
            huge_tree=False,
            remove_comments=True,
        )
        self._schema = etree.XMLSchema(etree.parse(str(schema_file)))
        self._trusted, self._key, self._certificate = trusted, key, certificate
        rsa_key = isinstance(key, rsa.RSAPrivateKey)
        self._signer: Any = XMLSigner(
            method=SignatureConstructionMethod.enveloped,
            signature_algorithm=SignatureMethod.RSA_SHA256 if rsa_key else SignatureMethod.ECDSA_SHA256,
            digest_algorithm=DigestAlgorithm.SHA256,
            c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
        )

    def take(self, raw: bytes) -> None:
        """Parse, verify and judge one message."""
        root = etree.fromstring(raw, self._parser)
        result = cast(VerifyResult, XMLVerifier().verify(root, x509_cert=self._trusted))
        self._schema.assertValid(cast("etree._Element", result.signed_xml))

    def sign(self, document: etree._Element) -> bytes:
        """The bytes of a signed document."""
        signed = self._signer.sign(document, key=self._key, cert=[self._certificate])
        return etree.tostring(signed, xml_declaration=True, encoding="UTF-8")


class BareStore:
    """Bytes into one SQLite table; every ``keep`` is one durable commit (WAL, synchronous=FULL)."""

    def __init__(self, file: Path) -> None:
        self._connection = sqlite3.connect(file, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=FULL")
        self._connection.execute("CREATE TABLE kept (key INTEGER PRIMARY KEY, raw BLOB NOT NULL)")

    def keep(self, raw: bytes) -> None:
        """Commit ``raw``."""
        self._connection.execute("INSERT INTO kept (raw) VALUES (?)", (raw,))

    def count(self) -> int:
        """How many were kept."""
        row: tuple[int] = self._connection.execute("SELECT count(*) FROM kept").fetchone()
        return row[0]

    def close(self) -> None:
        """Close the file."""
        self._connection.close()
