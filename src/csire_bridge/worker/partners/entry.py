"""Operator actions on partners and certificates: everything is checked before anything is written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from csire_bridge.domain.errors import ConfigurationError
from csire_bridge.domain.identifiers import Eic
from csire_bridge.domain.message.partner_entries import CertificateEntry, PartnerEntry
from csire_bridge.domain.message.partners import Partner
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.people.acts import Act
from csire_bridge.domain.people.audited import note, require
from csire_bridge.store.repositories.messages.partners import PartnerRegistry
from csire_bridge.store.unit_of_work import UnitOfWork
from csire_bridge.worker.partners.roster import FilePartners, NamedCertificate, PartnerListing, Source, TablePartners
from csire_bridge.xml.security.certificates.keys import TrustedCertificate, load_pins

__all__ = ["enter_by_hand", "enter_partner", "withdraw_by_hand", "withdraw_certificate"]

_LEAST_DIGITS = 8


def enter_by_hand(
    tx: UnitOfWork, file: FilePartners, entry: PartnerEntry, certificates: Sequence[Path | bytes], act: OperatorAction
) -> list[str]:
    """``enter_partner`` by a person, which stands in the audit."""
    subject, files = f"partner {entry.eic}", [str(path) for path in certificates if isinstance(path, Path)]
    require(act.who, Act.PARTNER_CHANGE)
    done = enter_partner(tx.partners, file, entry, certificates)
    told = {"entry": entry, "certificate_files": files, "done": done}
    note(tx, act.who, Act.PARTNER_CHANGE, subject, act.at, act.why, after=told)
    return done


def withdraw_by_hand(tx: UnitOfWork, file: FilePartners, eic: Eic, fingerprint: str, act: OperatorAction) -> str:
    """``withdraw_certificate`` by a person, which stands in the audit."""
    require(act.who, Act.PARTNER_CERTIFICATE)
    whole = withdraw_certificate(tx.partners, file, eic, fingerprint, act.at, act.by, act.why or "")
    told = {"withdrawn": whole}
    note(tx, act.who, Act.PARTNER_CERTIFICATE, f"partner {eic}", act.at, act.why, after=told)
    return whole


def enter_partner(
    registry: PartnerRegistry, file: FilePartners, entry: PartnerEntry, certificates: Sequence[Path | bytes]
) -> list[str]:
    """Enter a partner, or more certificates of a known one (roll-over); return what was done, in sentences.

    ``certificates`` are PEM files, or their content.

    Certificates that are there already stay as they are. Raises ConfigurationError for one that may not be entered.
    """
    roster = PartnerListing.of(file, TablePartners.read(registry))
    found = [certificate for one in certificates for certificate in load_pins(one)]
    if not found and entry.eic not in roster.partners:
        raise ConfigurationError(f"{entry.eic} is new, so it needs a certificate", "give one with --certificate")
    against = _against_its_role(entry, roster.partners.get(entry.eic) or file.unsaid(entry.eic), file.hub)
    if against is not None:
        raise against
    new = [pinned for pinned in _once(entry.eic, found) if _is_new(pinned, roster, entry.entered_at)]
    before = registry.version()
    registry.enter(entry)
    said = [f"{entry.eic}: entered or changed"] if registry.version() != before else []
    for pinned in new:
        registry.pin(_certificate_entry(pinned, entry.entered_at, entry.entered_by))
        end = f"{pinned.certificate.not_valid_after_utc:%Y-%m-%d}"
        said.append(f"{entry.eic}: certificate {pinned.fingerprint.hex()} entered, valid until {end} UTC")
    return said or [f"{entry.eic}: everything is there already, nothing was changed"]


def _against_its_role(entry: PartnerEntry, below: Partner, hub: Eic | None) -> ConfigurationError | None:
    after = entry.over(below)
    if after.is_the_hub and entry.eic != hub:
        return ConfigurationError(f"{entry.eic} is not the hub, which is {hub}", "give its own --role")
    if after.is_the_hub and entry.may_send_as_the_hub:
        return ConfigurationError(f"{entry.eic} is the hub", "leave --may-send-as-the-hub out")
    if not after.is_the_hub and entry.numbers is not None:
        return ConfigurationError(
            f"{entry.eic} has the role {after.role}, which may send nothing to an operator; --number narrows the hub",
            "leave it out; only if it shall send them in the hub's place, say --may-send-as-the-hub",
        )
    return None


def _once(eic: Eic, certificates: Sequence[x509.Certificate]) -> list[TrustedCertificate]:
    pinned = (TrustedCertificate(eic, certificate) for certificate in certificates)
    return list({each.fingerprint: each for each in pinned}.values())


def _is_new(pinned: TrustedCertificate, roster: PartnerListing, now: datetime) -> bool:
    what = f"the certificate {pinned.fingerprint.hex()}"
    for named in (each for each in roster.certificates if each.pinned.fingerprint == pinned.fingerprint):
        if named.pinned.party != pinned.party:
            raise ConfigurationError(f"{what} is already that of {named.pinned.party}", "give each partner its own")
        if named.withdrawn_at is not None:
            raise ConfigurationError(
                f"{what} was withdrawn on {named.withdrawn_at:%Y-%m-%d} UTC", "have the partner make a new key"
            )
        if Source.TABLE in named.sources:
            return False
    if now > pinned.certificate.not_valid_after_utc:
        end = pinned.certificate.not_valid_after_utc
        raise ConfigurationError(f"{what} expired on {end:%Y-%m-%d %H:%M} UTC", "have the partner send a current one")
    return True


def withdraw_certificate(
    registry: PartnerRegistry, file: FilePartners, eic: Eic, fingerprint: str, now: datetime, by: str, reason: str
) -> str:
    """Withdraw one certificate of ``eic``, even if the settings file names it; return its whole fingerprint.

    ``fingerprint``: the first 8 or more hexadecimal digits. Raises ConfigurationError if it matches none or more than
    one. The history keeps ``by`` and ``reason``.
    """
    roster = PartnerListing.of(file, TablePartners.read(registry))
    named = _meant(roster, eic, fingerprint)
    if Source.TABLE not in named.sources:
        registry.enter(PartnerEntry(eic, now, by))
        registry.pin(_certificate_entry(named.pinned, now, by))
    registry.withdraw(eic, named.fingerprint, now, by, reason)
    return named.fingerprint


def _meant(roster: PartnerListing, eic: Eic, fingerprint: str) -> NamedCertificate:
    wanted = fingerprint.replace(":", "").replace(" ", "").lower()
    if len(wanted) < _LEAST_DIGITS:
        raise ConfigurationError(
            f"the fingerprint {fingerprint!r} is too short", f"give {_LEAST_DIGITS} digits or more"
        )
    found = [n for n in roster.of_partner(eic) if n.fingerprint.startswith(wanted) and n.withdrawn_at is None]
    if len(found) != 1:
        many = "more than one certificate" if found else "no certificate in force"
        raise ConfigurationError(
            f"{eic} has {many} with the fingerprint {fingerprint}", "copy it from csire-bridge partner list"
        )
    return found[0]


def _certificate_entry(pinned: TrustedCertificate, at: datetime, by: str) -> CertificateEntry:
    certificate = pinned.certificate
    return CertificateEntry(
        partner=pinned.party,
        fingerprint=pinned.fingerprint.hex(),
        pem=certificate.public_bytes(serialization.Encoding.PEM).decode("ascii"),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        entered_at=at,
        entered_by=by,
    )
