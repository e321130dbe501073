"""Warns of certificates that end soon, our own and the partners', while there is time to replace them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from sqlalchemy import Connection

from csire_bridge.config.settings import Settings
from csire_bridge.domain.errors import ConfigurationError
from csire_bridge.domain.operations.alerts import Alert, AlertKind
from csire_bridge.store.repositories.messages.partners import PartnerRegistry
from csire_bridge.telemetry.logs import logger
from csire_bridge.worker.partners.roster import FilePartners, PartnerListing, TablePartners
from csire_bridge.xml.security.certificates.keys import load_certificates
from csire_bridge.xml.security.certificates.partner_book import PartnerBook

__all__ = ["AHEAD", "STAGES", "Certificates", "NamedCertificate", "certificates_of", "own_certificates"]

AHEAD = timedelta(days=60)
"""So long before its end a certificate is spoken of."""

STAGES = tuple(timedelta(days=days) for days in (60, 30, 14, 7, 1, 0))
"""How long before its end a certificate is spoken of, and again each time."""
_SHOWN_DIGITS = 16
_log = logger(__name__)


@dataclass(frozen=True, slots=True)
class NamedCertificate:
    """Whose certificate it is, what it is for, and until when (UTC) it is valid."""

    whose: str
    fingerprint: str
    not_after: datetime

    @classmethod
    def of(cls, whose: str, certificate: x509.Certificate, fingerprint: bytes) -> NamedCertificate:
        """The same of a certificate with its SHA-256."""
        return cls(whose, fingerprint.hex(), certificate.not_valid_after_utc)

    @property
    def subject(self) -> str:
        """What it is called in alerts: the beginning of its fingerprint."""
        return self.fingerprint[:_SHOWN_DIGITS]

    def stage(self, now: datetime) -> int:
        """How many of the ``STAGES`` it has reached, from 1 on; 0: none."""
        return sum(now >= self.not_after - ahead for ahead in STAGES)

    def text(self, now: datetime) -> str:
        """A sentence for people."""
        days = (self.not_after - now).days
        left = f"ends in {days} day{'' if days == 1 else 's'}" if days else "ends within a day"
        when = left if self.not_after > now else "HAS ENDED"
        return f"the certificate {self.subject} of {self.whose} {when}, on {self.not_after:%Y-%m-%d %H:%M} UTC"

    def alert(self, now: datetime) -> Alert:
        """The alert about it; its level is the stage."""
        text = f"{self.text(now)}: replace it"
        return Alert(AlertKind.CERTIFICATES, 1, subject=self.subject, words=text, level=self.stage(now))


class Certificates:
    """Checks our own certificates and those of the current partners.

    ``own`` reads ours, which may be renewed while the service runs. Where a file can't be read any more, those read
    before are spoken of.
    """

    def __init__(self, own: Callable[[], Sequence[NamedCertificate]], partners: Callable[[], PartnerBook]) -> None:
        """Raises ConfigurationError for a certificate of ours that can't be read."""
        self._read_own = own
        self._own = tuple(own())
        self._partners = partners

    def all(self) -> list[NamedCertificate]:
        """Every certificate: ours, and those of the current partners."""
        return [*self._own_now(), *self._pinned()]

    def ending(self, now: datetime) -> list[NamedCertificate]:
        """Certificates that end within ``AHEAD``, and expired ones whose owner has no other; soonest first."""
        by_owner: dict[str, list[NamedCertificate]] = defaultdict(list)
        for named in self.all():
            by_owner[named.whose].append(named)
        found = [named for all_of_one in by_owner.values() for named in _ending(all_of_one, now)]
        return sorted(found, key=lambda named: named.not_after)

    def alerts(self, now: datetime) -> list[Alert]:
        """One alert for each of them, however many uses it has; soonest first."""
        return list({named.subject: named.alert(now) for named in self.ending(now)}.values())

    def tell(self, now: datetime) -> None:
        """Log each by name."""
        for named in self.ending(now):
            _log.warning("certificate.ends", whose=named.whose, fingerprint=named.fingerprint, ends=named.not_after)

    def _own_now(self) -> Sequence[NamedCertificate]:
        try:
            self._own = tuple(self._read_own())
        except ConfigurationError as error:
            _log.error("certificate.unreadable", why=error)
        return self._own

    def _pinned(self) -> Iterator[NamedCertificate]:
        for pinned in self._partners().certificates:
            yield NamedCertificate.of(f"partner {pinned.party}", pinned.certificate, pinned.fingerprint)


def _ending(of_one: list[NamedCertificate], now: datetime) -> Iterator[NamedCertificate]:
    has_a_good_one = any(named.not_after > now for named in of_one)
    for named in of_one:
        if named.not_after <= now + AHEAD and (named.not_after > now or not has_a_good_one):
            yield named


def own_certificates(settings: Settings) -> list[NamedCertificate]:
    """Certificates that we sign with or use in TLS, and SID's; raises ConfigurationError for an unreadable one."""
    hub, head_end, sid = settings.hub, settings.head_end, settings.sid
    places = [
        *(("our signature", pair.certificate) for pair in settings.signing_pairs),
        *(("our TLS at " + setting, tls.certificate) for setting, tls in settings.web.every_tls()),
        ("our TLS towards the hub", hub.client_certificate if hub.url else None),
        ("our TLS towards the head-end system", head_end.client_certificate if head_end.url else None),
        ("our TLS towards SID", sid.client_certificate if sid.url else None),
        *(("SID", file) for file in (sid.certificates if sid.url else ())),
    ]
    return [_named(whose, c) for whose, file in places if file for c in _leaves(whose, load_certificates(file))]


def _leaves(whose: str, found: list[x509.Certificate]) -> list[x509.Certificate]:
    """The end-entity certificates of a file: ours is the first, its chain may follow; SID's files hold only SID's."""
    return found if whose == "SID" else found[:1]


def _named(whose: str, certificate: x509.Certificate) -> NamedCertificate:
    return NamedCertificate.of(whose, certificate, certificate.fingerprint(hashes.SHA256()))


def certificates_of(settings: Settings, connection: Connection) -> Certificates:
    """Certificates of the settings and of the registry's table now, for a command that only looks."""
    roster = PartnerListing.of(FilePartners.load(settings), TablePartners.read(PartnerRegistry(connection)))
    book = roster.book(frozenset())
    return Certificates(lambda: own_certificates(settings), lambda: book)
