"""Names of certificates in KeyInfo: however other stacks write one, it leads to the pinned one, and only there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from lxml import etree

from csire_bridge.domain.errors import NotTrusted, ProblemCode
from csire_bridge.domain.identifiers import Eic
from csire_bridge.xml.security.certificates.keys import CertificateBook, TrustedCertificate
from csire_bridge.xml.security.key_info import certificates_of, named_by, valid_ones
from tests.attacks.names import x509_data, x509_digest

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
DS = "http://www.w3.org/2000/09/xmldsig#"
HUB, SUPPLIER = Eic("10XPL-TSO------P"), Eic("19XPL-RZE-SA---V")
ISSUER = x509.Name(
    [
        x509.NameAttribute(NameOID.COUNTRY_NAME, "PL"),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, 'Zażółć "Gęślą", Sp. z o.o.'),
        x509.NameAttribute(NameOID.EMAIL_ADDRESS, "ca@example.pl"),
        x509.NameAttribute(NameOID.COMMON_NAME, "Issuing CA 1"),
    ]
)


def made(serial: int, issuer: x509.Name = ISSUER) -> x509.Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"number {serial}")])
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
    builder = builder.serial_number(serial).not_valid_before(NOW).not_valid_after(NOW + timedelta(days=serial))
    extension = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    return builder.add_extension(extension, critical=False).sign(key, hashes.SHA256())


FIRST, SECOND = TrustedCertificate(HUB, made(1)), TrustedCertificate(SUPPLIER, made(2))
BOOK = CertificateBook([FIRST, SECOND])


def issuer_serial(issuer: str, serial: str) -> etree._Element:
    return etree.fromstring(
        f'<X509Data xmlns="{DS}"><X509IssuerSerial><X509IssuerName/><X509SerialNumber>{serial}</X509SerialNumber>'
        "</X509IssuerSerial></X509Data>".replace("<X509IssuerName/>", f"<X509IssuerName>{issuer}</X509IssuerName>")
    )


def refusal(*data: etree._Element) -> NotTrusted:
    with pytest.raises(NotTrusted) as caught:
        certificates_of(data, BOOK)
    return caught.value


@pytest.mark.parametrize(
    "issuer",
    [
        r"CN=Issuing CA 1,1.2.840.113549.1.9.1=#160d6361406578616d706c652e706c,O=Zażółć \"Gęślą\"\, Sp. z o.o.,C=PL",
        r"CN=Issuing CA 1, E=ca@example.pl, O=Za\C5\BC\C3\B3\C5\82\C4\87 \22G\C4\99\C5\9Bl\C4\85\22\, Sp. z o.o., C=PL",
        r'CN=Issuing CA 1, EMAILADDRESS=ca@example.pl, O="Zażółć \"Gęślą\", Sp. z o.o.", C=PL',
        r"C = PL, O = Zażółć \"Gęślą\"\, Sp. z o.o., emailAddress = ca@example.pl, CN = Issuing CA 1",
        r"cn=issuing ca 1 ; e=ca@example.pl; o=zażółć \"gęślą\"\, sp. z  o.o.; c=pl",
    ],
)
def test_given_an_issuer_as_another_stack_writes_it_then_its_certificate_of_that_number_is_found(issuer: str) -> None:
    assert certificates_of([issuer_serial(issuer, " 2 ")], BOOK) == [SECOND]


@pytest.mark.parametrize(
    ("issuer", "serial"),
    [
        ("CN=Issuing CA 2,E=ca@example.pl,C=PL", "1"),
        (ISSUER.rfc4514_string(), "3"),
        (ISSUER.rfc4514_string(), "-1"),
        (ISSUER.rfc4514_string(), "9" * 5000),
        (ISSUER.rfc4514_string(), "１"),
        ("", "1"),
        ("=" * 5000, "1"),
    ],
)
def test_given_another_issuer_or_number_then_nobody_is_found(issuer: str, serial: str) -> None:
    told = refusal(issuer_serial(issuer.replace('"', "&quot;"), serial))
    assert told.code is ProblemCode.UNKNOWN_SIGNER
    assert "X509IssuerSerial" in told.text


def test_given_a_digest_a_thumbprint_or_a_key_identifier_then_the_certificate_of_it_is_found() -> None:
    assert certificates_of([x509_digest(SECOND.certificate)], BOOK) == [SECOND]
    assert named_by("thumbprint", SECOND.thumbprint, BOOK) == [SECOND]
    assert named_by("ski", SECOND.key_identifier or b"", BOOK) == [SECOND]
    assert named_by("x509", SECOND.certificate.public_bytes(Encoding.DER), BOOK) == [SECOND]
    for how in ("thumbprint", "ski", "x509"):
        assert not named_by(how, b"", BOOK)
        assert not named_by(how, b"\0" * 20, BOOK)


def test_given_several_certificates_then_each_pinned_one_is_found_once_in_their_order() -> None:
    data = [x509_data(made(9), SECOND.certificate), x509_data(FIRST.certificate, SECOND.certificate)]
    assert certificates_of(data, BOOK) == [SECOND, FIRST]


def test_given_no_name_of_a_certificate_then_the_refusal_says_so() -> None:
    key_name = etree.fromstring(f'<X509Data xmlns="{DS}"><X509SubjectName>CN=x</X509SubjectName></X509Data>')
    assert "names no certificate" in refusal(key_name).text
    assert "names no certificate" in refusal().text


def test_given_certificates_of_which_some_are_over_then_those_that_are_valid_are_left() -> None:
    tomorrow = NOW + timedelta(days=1, seconds=1)
    assert valid_ones([FIRST, SECOND], tomorrow) == [SECOND]
    with pytest.raises(NotTrusted) as caught:
        valid_ones([FIRST], tomorrow)
    assert caught.value.code is ProblemCode.CERTIFICATE_EXPIRED
