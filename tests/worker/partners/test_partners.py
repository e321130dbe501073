"""Partners of file and table laid together, revocation lists, thresholds of certificates, entering by hand."""

from __future__ import annotations

import functools
import os
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from csire_bridge.config.resources import folder
from csire_bridge.config.settings import Settings, load_settings
from csire_bridge.domain.errors import ConfigurationError, NotTrusted, ProblemCode
from csire_bridge.domain.identifiers import Eic, MessageNumber
from csire_bridge.domain.message.partner_entries import PartnerChange, PartnerEntry
from csire_bridge.domain.message.partners import Partner, PartnerLimits, PartnerRole, SecurityProfile
from csire_bridge.lab.simulators.authority import DemoAuthority
from csire_bridge.lab.simulators.pki import DemoPki, make_demo_pki
from csire_bridge.pipeline.intake.verify import Verifier
from csire_bridge.store.database import Database
from csire_bridge.worker.partners.check import WARN_AHEAD, Condition, condition_of, days_left, findings
from csire_bridge.worker.partners.current import CurrentPartners
from csire_bridge.worker.partners.entry import enter_partner, withdraw_certificate
from csire_bridge.worker.partners.roster import FilePartners, NamedCertificate, PartnerListing, Source, TablePartners
from csire_bridge.xml.parser import parse
from csire_bridge.xml.security.certificates.keys import SigningKey, TrustedCertificate
from csire_bridge.xml.security.certificates.revocation import RevocationList
from csire_bridge.xml.security.signature import sign_enveloped

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
HUB, SUPPLIER = Eic.parse("10XPL-TSO------P"), Eic.parse("19XPL-RZE-SA---V")
OTHER = Eic.parse("19XENERGAOPERATS")


@functools.cache
def pki() -> DemoPki:
    return make_demo_pki(Path(tempfile.mkdtemp(prefix="partners-pki-")), NOW)


def authority() -> DemoAuthority:
    found = pki().authority
    assert found is not None
    return found


def pem(place: Path, pair: SigningKey, name: str = "certificate.pem") -> Path:
    file = place / name
    file.write_bytes(pair.certificate.public_bytes(serialization.Encoding.PEM))
    return file


def crl(place: Path, *certificates: x509.Certificate, at: datetime = NOW - DAY, **options: Any) -> Path:
    file = place / "list.crl"
    file.write_bytes(authority().revoke(*certificates, at=at, **options))
    return file


def hub_settings(place: Path, **partner: Any) -> Settings:
    hub = {"eic": HUB, "certificates": [pki().hub.certificate_file], **partner}
    return load_settings(environment=False, database=f"sqlite:///{place / 'bridge.db'}", partners=[hub])


def empty() -> FilePartners:
    return FilePartners([], [], 1024, hub=HUB)


def hub_file() -> FilePartners:
    return FilePartners([Partner(HUB, PartnerRole.HUB)], [pki().hub.trusted], 1024, hub=HUB)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with closing(Database(f"sqlite:///{tmp_path / 'bridge.db'}")) as opened:
        opened.upgrade()
        yield opened


def enter(database: Database, file: FilePartners, entry: PartnerEntry, *certificates: Path) -> list[str]:
    with database.transaction() as tx:
        return enter_partner(tx.partners, file, entry, certificates)


def entry(eic: Eic = SUPPLIER, **said: Any) -> PartnerEntry:
    return PartnerEntry(eic, NOW, "Anna", **said)


def withdraw(database: Database, file: FilePartners, eic: Eic, fingerprint: str) -> str:
    with database.transaction() as tx:
        return withdraw_certificate(tx.partners, file, eic, fingerprint, NOW, "Jan", "key lost")


def roster(database: Database, file: FilePartners) -> PartnerListing:
    with database.transaction() as tx:
        return PartnerListing.of(file, TablePartners.read(tx.partners))


# --- file and table


def test_given_a_partner_in_both_when_laid_together_then_the_table_wins_where_it_says_something() -> None:
    file = Partner(
        HUB,
        PartnerRole.GATEWAY,
        SecurityProfile.ENVELOPED,
        frozenset({MessageNumber("S")}),
        PartnerLimits(9, 8, 7),
        "a",
    )
    table = TablePartners(1, [entry(HUB, profile=SecurityProfile.WSS, numbers="8.1.1.5 R_1", per_minute=3)])
    both = PartnerListing.of(FilePartners([file], [], 7), table)
    assert both.partners[HUB] == replace(
        file,
        profile=SecurityProfile.WSS,
        numbers=frozenset({MessageNumber("8.1.1.5"), MessageNumber("R_1")}),
        limits=PartnerLimits(3, 8, 7),
    )
    assert both.sources[HUB] == {Source.FILE, Source.TABLE}


def test_given_a_partner_in_the_table_only_then_it_has_defaults_and_the_settings_size_limit() -> None:
    found = PartnerListing.of(FilePartners([], [], 77), TablePartners(1, [entry()])).partners[SUPPLIER]
    assert found == Partner(SUPPLIER, limits=PartnerLimits(max_bytes=77))


def test_given_certificates_in_both_then_both_count(database: Database, tmp_path: Path) -> None:
    second = authority().issue(HUB, NOW)
    enter(database, hub_file(), entry(HUB), pem(tmp_path, second))
    book = roster(database, hub_file()).book()
    for fingerprint in (pki().hub.trusted.fingerprint, second.certificate.fingerprint(hashes.SHA256())):
        assert book.certificates.find(fingerprint) is not None


def test_given_a_certificate_of_the_file_when_withdrawn_then_it_is_not_trusted_though_the_file_names_it(
    database: Database,
) -> None:
    fingerprint = pki().hub.trusted.fingerprint
    assert withdraw(database, hub_file(), HUB, fingerprint.hex()[:8]) == fingerprint.hex()
    found = roster(database, hub_file())
    assert len(found.book().certificates) == 0
    assert found.of_partner(HUB)[0].sources == {Source.FILE, Source.TABLE}
    assert found.partners[HUB] == Partner(HUB, PartnerRole.HUB)


def test_given_a_certificate_that_two_partners_share_then_it_is_trusted_for_neither_until_withdrawn() -> None:
    twice = [pki().hub.trusted, replace(pki().hub.trusted, party=SUPPLIER)]
    found = PartnerListing.of(FilePartners([Partner(HUB), Partner(SUPPLIER)], twice, 1), TablePartners())
    assert found.trusted == []
    assert {f.code for f in findings(found, NOW, ())} == {"shared"}


def test_given_an_unreadable_or_swapped_row_when_laid_together_then_it_is_told_and_not_trusted(
    database: Database, tmp_path: Path
) -> None:
    enter(database, empty(), entry(), pki().supplier.certificate_file)
    with database.transaction() as tx:
        table = TablePartners.read(tx.partners)
    (row,) = table.certificates
    hub_pem = pem(tmp_path, pki().hub.signing).read_text("ascii")
    for bad in (replace(row, pem="rubbish"), replace(row, pem=hub_pem)):
        found = PartnerListing.of(empty(), replace(table, certificates=[bad]))
        assert found.trusted == []
        assert len(found.broken) == 1
        assert "unreadable" in {f.code for f in findings(found, NOW, ())}


# --- entering


def test_given_a_new_partner_when_entered_again_then_nothing_happens_twice(database: Database) -> None:
    first = enter(database, empty(), entry(), pki().supplier.certificate_file)
    assert len(first) == 2
    assert "nothing was changed" in enter(database, empty(), entry(), pki().supplier.certificate_file)[0]
    with database.transaction() as tx:
        changes = [event.change for event in tx.partners.history(SUPPLIER)]
    assert changes == [PartnerChange.ENTERED, PartnerChange.CERTIFICATE_ENTERED]


def weak(key: Any) -> SigningKey:
    builder = x509.CertificateBuilder().subject_name(x509.Name([])).issuer_name(x509.Name([]))
    builder = builder.public_key(key.public_key()).serial_number(7).not_valid_before(NOW - DAY)
    return SigningKey(key, builder.not_valid_after(NOW + 90 * DAY).sign(key, hashes.SHA256()))


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: weak(rsa.generate_private_key(65537, 1024)), "weak key"),  # noqa: S505 - that is the point
        (lambda: weak(ec.generate_private_key(ec.SECP384R1())), "unusual curve"),
        (lambda: authority().issue(SUPPLIER, NOW - 398 * DAY), "expired on"),
        (lambda: SigningKey(pki().hub.signing.key, authority().certificate), "authority's"),
        (lambda: pki().hub.signing, f"already that of {HUB}"),
    ],
    ids=["weak", "curve", "expired", "authority", "shared"],
)
def test_given_a_certificate_that_cannot_serve_when_entered_then_refused_and_nothing_is_written(
    database: Database, tmp_path: Path, make: Any, told: str
) -> None:
    with pytest.raises(ConfigurationError, match=told):
        enter(database, hub_file(), entry(), pem(tmp_path, make()))
    with database.transaction() as tx:
        assert tx.partners.version() == 0


def test_given_a_new_partner_without_certificate_or_a_file_without_any_then_refused(
    database: Database, tmp_path: Path
) -> None:
    (tmp_path / "no.pem").write_text("nothing")
    with pytest.raises(ConfigurationError, match="needs a certificate"):
        enter(database, empty(), entry())
    with pytest.raises(ConfigurationError, match="can't be read"):
        enter(database, empty(), entry(), tmp_path / "no.pem")


@pytest.mark.parametrize("fingerprint", ["", "abc", "00" * 32, "zz" * 8])
def test_given_a_fingerprint_that_names_nothing_when_withdrawn_then_refused(
    database: Database, fingerprint: str
) -> None:
    with pytest.raises(ConfigurationError, match="fingerprint"):
        withdraw(database, hub_file(), HUB, fingerprint)


def test_given_a_withdrawn_certificate_when_entered_or_withdrawn_again_then_refused(database: Database) -> None:
    enter(database, empty(), entry(), pki().supplier.certificate_file)
    whole = withdraw(database, empty(), SUPPLIER, pki().supplier.trusted.fingerprint.hex(":").upper())
    with pytest.raises(ConfigurationError, match="was withdrawn on 2026-11-23"):
        enter(database, empty(), entry(), pki().supplier.certificate_file)
    with pytest.raises(ConfigurationError, match="no certificate in force"):
        withdraw(database, empty(), SUPPLIER, whole)


# --- thresholds

END = pki().hub.signing.certificate.not_valid_after_utc
START = pki().hub.signing.certificate.not_valid_before_utc


@pytest.mark.parametrize(
    ("moment", "condition", "days"),
    [
        (START - SECOND, Condition.NOT_YET_VALID, 398),
        (START, Condition.GOOD, 398),
        (END - WARN_AHEAD - SECOND, Condition.GOOD, 60),
        (END - WARN_AHEAD, Condition.EXPIRING, 60),
        (END - WARN_AHEAD + SECOND, Condition.EXPIRING, 59),
        (END, Condition.EXPIRING, 0),
        (END + SECOND, Condition.EXPIRED, -1),
    ],
)
def test_given_a_moment_beside_a_threshold_then_the_certificate_stands_as_it_should(
    moment: datetime, condition: Condition, days: int
) -> None:
    named = NamedCertificate(pki().hub.trusted, frozenset({Source.FILE}))
    assert condition_of(named, moment, ()) is condition
    assert days_left(named, moment) == days
    found = findings(PartnerListing.of(hub_file(), TablePartners()), moment, ())
    assert [f.code for f in found] == ([] if condition is Condition.GOOD else [condition.value])


@pytest.mark.parametrize("profile", [SecurityProfile.WSS, SecurityProfile.ENVELOPED, SecurityProfile.NONE])
def test_given_a_partner_without_certificate_then_it_is_found_by_its_profile(profile: SecurityProfile) -> None:
    found = findings(PartnerListing.of(FilePartners([Partner(HUB, profile=profile)], [], 1), TablePartners()), NOW, ())
    assert [f.code for f in found] == ["unsigned" if profile is SecurityProfile.NONE else "no-certificate"]


def test_given_one_partner_when_asked_for_then_others_are_left_out() -> None:
    file = FilePartners([Partner(HUB), Partner(SUPPLIER)], [pki().hub.trusted], 1)
    assert findings(PartnerListing.of(file, TablePartners()), NOW, (), only=HUB) == []


# --- revocation lists


@pytest.mark.parametrize("der", [False, True])
def test_given_a_good_list_then_exactly_its_certificates_are_revoked(tmp_path: Path, der: bool) -> None:
    file = crl(tmp_path, pki().hub.signing.certificate)
    if der:
        loaded = x509.load_pem_x509_crl(file.read_bytes())
        file.write_bytes(loaded.public_bytes(serialization.Encoding.DER))
    found = RevocationList.load(file, pki().authority_file, NOW)
    assert found.revoked([pki().hub.trusted, pki().supplier.trusted]) == {pki().hub.trusted.fingerprint}


def test_given_the_same_serial_of_another_authority_then_it_is_not_revoked(tmp_path: Path) -> None:
    pair = weak(ec.generate_private_key(ec.SECP256R1()))
    found = RevocationList.load(crl(tmp_path, pair.certificate), pki().authority_file, NOW)
    assert found.revoked([TrustedCertificate(HUB, pair.certificate)]) == frozenset()


@pytest.mark.parametrize(("moment", "expired"), [(NOW + 6 * DAY, False), (NOW + 6 * DAY + SECOND, True), (NOW, False)])
def test_given_a_moment_beside_next_update_then_the_list_is_expired_after_it(
    tmp_path: Path, moment: datetime, expired: bool
) -> None:
    found = RevocationList.load(crl(tmp_path, pki().hub.signing.certificate), pki().authority_file, moment)
    assert found.expired(moment) is expired
    assert found.revoked([pki().hub.trusted])


def test_given_a_list_of_a_foreign_authority_of_the_same_name_then_refused(tmp_path: Path) -> None:
    impostor = DemoAuthority("csire-bridge demo authority", NOW)
    file = tmp_path / "list.crl"
    file.write_bytes(impostor.revoke(pki().hub.signing.certificate, at=NOW - DAY))
    with pytest.raises(ConfigurationError, match="not signed by the authority"):
        RevocationList.load(file, pki().authority_file, NOW)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"at": NOW + SECOND}, "from the future"),
        ({"critical": x509.DeltaCRLIndicator(3)}, "only a part"),
    ],
)
def test_given_a_list_that_must_not_be_used_then_refused(tmp_path: Path, options: Any, told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        RevocationList.load(crl(tmp_path, **options), pki().authority_file, NOW)


def test_given_rubbish_or_a_signer_that_is_no_authority_then_refused(tmp_path: Path) -> None:
    good = crl(tmp_path)
    with pytest.raises(ConfigurationError, match="may sign revocation lists"):
        RevocationList.load(good, pki().hub.certificate_file, NOW)
    good.write_bytes(b"rubbish")
    with pytest.raises(ConfigurationError, match="can't be read"):
        RevocationList.load(good, pki().authority_file, NOW)


def test_given_only_one_of_list_and_authority_in_the_settings_then_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="revocation_authority"):
        hub_settings(tmp_path, revocation_list=tmp_path / "list.crl")


# --- the running bridge


class RunningPartners:
    """The partners of a running bridge, whose clocks stand still until they are moved."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self.now, self.ticks = NOW, 0.0
        self.current = CurrentPartners(settings, database, lambda: self.now, look_again=3, ticks=lambda: self.ticks)

    def later(self, seconds: float = 3) -> Any:
        self.ticks += seconds
        return self.current.book()


def revoking(place: Path, **options: Any) -> Settings:
    return hub_settings(place, revocation_list=place / "list.crl", revocation_authority=pki().authority_file, **options)


def replace_list(place: Path, *certificates: x509.Certificate, stamp: int = 1, **options: Any) -> None:
    file = crl(place, *certificates, **options)
    os.utime(file, ns=(stamp, stamp))


def test_given_a_change_of_the_table_when_three_seconds_have_passed_then_the_running_bridge_sees_it(
    database: Database, tmp_path: Path
) -> None:
    running = RunningPartners(hub_settings(tmp_path), database)
    first = running.current.book()
    enter(database, hub_file(), entry(), pki().supplier.certificate_file)
    assert running.later(2.9) is first
    second = running.later(0.1)
    assert second.find(SUPPLIER) is not None
    assert second.certificates.find(pki().supplier.trusted.fingerprint) is not None
    assert running.later() is second
    withdraw(database, hub_file(), SUPPLIER, pki().supplier.trusted.fingerprint.hex())
    assert running.later().certificates.find(pki().supplier.trusted.fingerprint) is None


def test_given_a_database_that_cannot_be_read_when_running_then_the_partners_of_before_hold(
    database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    running = RunningPartners(hub_settings(tmp_path), database)
    first = running.current.book()
    database.close()
    for file in tmp_path.glob("bridge.db*"):
        file.unlink()
    (tmp_path / "bridge.db").write_bytes(b"this is no database at all" * 100)
    assert running.later() is first
    assert "partners.kept" in caplog.text


def test_given_a_revoked_certificate_then_its_signature_is_refused_with_that_reason(
    database: Database, tmp_path: Path
) -> None:
    raw = (folder("samples") / "good" / "8.1.1.5-debt.xml").read_bytes()
    signed = sign_enveloped(parse(raw), pki().hub.signing)
    replace_list(tmp_path)
    running = RunningPartners(revoking(tmp_path), database)
    verifier = Verifier(running.current.book)
    assert verifier.verify(signed, NOW).party == HUB
    replace_list(tmp_path, pki().hub.signing.certificate, at=NOW - SECOND, stamp=2)
    running.ticks = 3
    with pytest.raises(NotTrusted) as refused:
        verifier.verify(signed, NOW)
    assert refused.value.code is ProblemCode.REVOKED


def test_given_an_expired_list_at_start_then_refused_unless_the_settings_want_an_alert_only(
    database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    crl(tmp_path, pki().hub.signing.certificate, at=NOW - 8 * DAY)
    with pytest.raises(ConfigurationError, match="ended on 2026-11-22"):
        RunningPartners(revoking(tmp_path), database)
    book = RunningPartners(revoking(tmp_path, revocation_expired="alert"), database).current.book()
    assert book.revoked == {pki().hub.trusted.fingerprint}
    assert "ended on 2026-11-22" in caplog.text


def test_given_a_list_that_expires_while_running_then_one_alert_and_its_certificates_stay_revoked(
    database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    crl(tmp_path, pki().hub.signing.certificate)
    running = RunningPartners(revoking(tmp_path), database)
    assert caplog.text == ""
    running.now = NOW + 7 * DAY
    for _ in range(3):
        assert running.later().revoked == {pki().hub.trusted.fingerprint}
    assert caplog.text.count("ended on") == 1


@pytest.mark.parametrize("bad", ["rubbish", "older", "missing"])
def test_given_a_list_that_is_replaced_by_a_bad_one_while_running_then_the_good_one_stays_in_force(
    database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture, bad: str
) -> None:
    replace_list(tmp_path, pki().hub.signing.certificate)
    running = RunningPartners(revoking(tmp_path), database)
    if bad == "older":
        replace_list(tmp_path, at=NOW - 2 * DAY, stamp=2)
    elif bad == "missing":
        (tmp_path / "list.crl").unlink()
    else:
        (tmp_path / "list.crl").write_text("rubbish")
    assert running.later().revoked == {pki().hub.trusted.fingerprint}
    assert "list.crl" in caplog.text


def test_given_nobody_or_a_shared_certificate_at_start_then_refused(database: Database, tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path / 'bridge.db'}"
    with pytest.raises(ConfigurationError, match="no partner is set"):
        RunningPartners(load_settings(environment=False, database=address), database)
    shared = [{"eic": eic, "certificates": [pki().hub.certificate_file]} for eic in (HUB, OTHER)]
    with pytest.raises(ConfigurationError, match="more than one partner"):
        RunningPartners(load_settings(environment=False, database=address, partners=shared), database)


def test_given_partners_in_the_table_only_at_start_then_they_are_trusted(database: Database, tmp_path: Path) -> None:
    enter(database, empty(), entry(), pki().supplier.certificate_file)
    settings = load_settings(environment=False, database=f"sqlite:///{tmp_path / 'bridge.db'}")
    assert RunningPartners(settings, database).current.book().find(SUPPLIER) is not None
