"""Only a party's own certificates are pins, whatever way they came: settings file, command, table, or code."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from csire_bridge.config.settings import load_settings
from csire_bridge.domain.errors import ConfigurationError
from csire_bridge.domain.identifiers import Eic
from csire_bridge.domain.message.partner_entries import CertificateEntry, PartnerEntry
from csire_bridge.domain.message.partners import Partner, PartnerRole
from csire_bridge.lab.simulators.pki import DemoPki, make_demo_pki
from csire_bridge.store.database import Database
from csire_bridge.worker.partners.check import findings
from csire_bridge.worker.partners.current import CurrentPartners
from csire_bridge.worker.partners.entry import enter_partner
from csire_bridge.worker.partners.roster import FilePartners, PartnerListing, TablePartners
from csire_bridge.xml.security.certificates.keys import CertificateBook, TrustedCertificate, load_pins
from csire_bridge.xml.security.certificates.partner_book import PartnerBook
from csire_bridge.xml.security.certificates.pins import why_no_pin

NOW, DAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC), timedelta(days=1)
HUB = Eic.parse("10XPL-TSO------P")


@functools.cache
def pki() -> DemoPki:
    return make_demo_pki(Path(tempfile.mkdtemp(prefix="pins-pki-")), NOW)


def authority() -> x509.Certificate:
    found = pki().authority
    assert found is not None
    return found.certificate


def name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def usage(**said: bool) -> x509.KeyUsage:
    nothing = dict.fromkeys(
        (
            "digital_signature",
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "key_cert_sign",
            "crl_sign",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    return x509.KeyUsage(**(nothing | said))


def made(
    *extensions: x509.ExtensionType, subject: str = "maker", issuer: Any = None
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    builder = x509.CertificateBuilder().subject_name(name(subject)).public_key(key.public_key()).serial_number(7)
    builder = builder.issuer_name(issuer[0].subject if issuer else name(subject))
    builder = builder.not_valid_before(NOW - DAY).not_valid_after(NOW + 90 * DAY)
    for extension in extensions:
        builder = builder.add_extension(extension, critical=True)
    return builder.sign(issuer[1] if issuer else key, hashes.SHA256()), key


def of_an_old_authority() -> list[x509.Certificate]:
    """An authority that says nothing of itself, with a certificate that it has issued."""
    above = made(subject="an old authority")
    return [made(issuer=above)[0], above[0]]


UNFIT: dict[str, Callable[[], list[x509.Certificate]]] = {
    "the whole chain": lambda: [pki().hub.signing.certificate, authority()],
    "the authority alone": lambda: [authority()],
    "the authority first": lambda: [authority(), pki().hub.signing.certificate],
    "a chain of an old authority": of_an_old_authority,
    "may sign certificates": lambda: [made(usage(digital_signature=True, key_cert_sign=True))[0]],
    "may sign nothing": lambda: [made(usage(key_encipherment=True, key_agreement=True))[0]],
}


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with closing(Database(f"sqlite:///{tmp_path / 'bridge.db'}")) as opened:
        opened.upgrade()
        yield opened


def pem(place: Path, certificates: list[x509.Certificate]) -> Path:
    file = place / "fullchain.pem"
    file.write_bytes(b"".join(each.public_bytes(serialization.Encoding.PEM) for each in certificates))
    return file


def settings(place: Path, file: Path) -> Any:
    hub = {"eic": HUB, "certificates": [file]}
    return load_settings(environment=False, database=f"sqlite:///{place / 'bridge.db'}", partners=[hub])


@pytest.mark.parametrize("kind", UNFIT)
def test_given_a_file_with_an_authority_or_an_unfit_certificate_when_named_in_the_settings_then_the_start_is_refused(
    database: Database, tmp_path: Path, kind: str
) -> None:
    file = pem(tmp_path, UNFIT[kind]())
    with pytest.raises(ConfigurationError) as caught:
        CurrentPartners(settings(tmp_path, file), database, lambda: NOW)
    assert "fullchain.pem" in caught.value.text
    assert "CN=" in caught.value.text
    assert caught.value.remedy


def test_given_an_old_authority_in_a_file_of_its_own_when_named_beside_what_it_has_issued_then_the_start_is_refused(
    database: Database, tmp_path: Path
) -> None:
    own, above = of_an_old_authority()
    for file in ("own", "above"):
        (tmp_path / file).mkdir()
    hub = {"eic": HUB, "certificates": [pem(tmp_path / "own", [own]), pem(tmp_path / "above", [above])]}
    named = load_settings(environment=False, database=f"sqlite:///{tmp_path / 'bridge.db'}", partners=[hub])
    with pytest.raises(ConfigurationError, match="is an authority's"):
        CurrentPartners(named, database, lambda: NOW)


def test_given_a_certificate_that_was_made_anew_with_the_same_key_then_neither_is_an_authoritys(tmp_path: Path) -> None:
    before, key = made()
    builder = x509.CertificateBuilder().subject_name(before.subject).issuer_name(before.subject)
    builder = builder.public_key(key.public_key()).serial_number(8)
    after = builder.not_valid_before(NOW).not_valid_after(NOW + 400 * DAY).sign(key, hashes.SHA256())
    assert len(load_pins(pem(tmp_path, [before, after]))) == 2


@pytest.mark.parametrize("kind", UNFIT)
def test_given_such_a_file_when_added_by_command_then_refused_and_nothing_is_written(
    database: Database, tmp_path: Path, kind: str
) -> None:
    file = pem(tmp_path, UNFIT[kind]())
    with pytest.raises(ConfigurationError, match=r"fullchain\.pem") as caught, database.transaction() as tx:
        enter_partner(tx.partners, FilePartners([], [], 1024), PartnerEntry(HUB, NOW, "Anna"), [file])
    assert caught.value.remedy
    with database.transaction() as tx:
        assert tx.partners.version() == 0


def test_given_an_authority_in_the_table_of_before_when_started_then_it_is_not_trusted_and_the_check_says_so(
    database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    certificate = authority()
    row = CertificateEntry(
        HUB,
        certificate.fingerprint(hashes.SHA256()).hex(),
        certificate.public_bytes(serialization.Encoding.PEM).decode(),
        NOW - DAY,
        NOW + DAY,
        NOW,
        "Anna",
    )
    with database.transaction() as tx:
        tx.partners.enter(PartnerEntry(HUB, NOW, "Anna"))
        tx.partners.pin(row)
    own = settings(tmp_path, pki().hub.certificate_file)
    book = CurrentPartners(own, database, lambda: NOW).book()
    assert [pinned.fingerprint for pinned in book.certificates] == [pki().hub.trusted.fingerprint]
    assert "is an authority's" in caplog.text
    with database.transaction() as tx:
        roster = PartnerListing.of(FilePartners.load(own), TablePartners.read(tx.partners))
    assert [finding.code for finding in findings(roster, NOW, ())] == ["unfit"]


def test_given_an_authority_when_a_book_is_made_of_it_by_whatever_code_then_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="authority's"):
        CertificateBook([TrustedCertificate(HUB, authority())])
    with pytest.raises(ConfigurationError, match="authority's"):
        load_pins(pem(tmp_path, [pki().hub.signing.certificate, authority()]))


def test_given_certificates_that_parties_sign_with_then_they_may_be_pinned() -> None:
    plain = made()[0]
    own = made(x509.BasicConstraints(ca=False, path_length=None), usage(content_commitment=True))[0]
    for certificate in (plain, own, *(pinned.certificate for pinned in pki().pinned)):
        assert why_no_pin(certificate) is None


def test_given_the_hubs_own_answers_then_only_its_certificates_that_hold_count_and_not_another_partners() -> None:
    hub, supplier = Partner(HUB, PartnerRole.HUB), Partner(pki().supplier.eic, PartnerRole.SUPPLIER)
    book = PartnerBook.of([hub, supplier], pki().pinned, [pki().expired.trusted.fingerprint])
    assert [pinned.fingerprint for pinned in book.of_the_hub] == [pki().hub.trusted.fingerprint]
