"""The registry of partners within one transaction. Every change writes a line of history in the same transaction."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime

from sqlalchemy import Connection, bindparam, func, insert, select, update

from csire_bridge.domain.errors import StaleWrite
from csire_bridge.domain.identifiers import Eic
from csire_bridge.domain.message.partner_entries import CertificateEntry, PartnerChange, PartnerEntry, PartnerEvent
from csire_bridge.store.sql.row_mapper import from_rows, to_row
from csire_bridge.store.tables import partner_certificates, partner_events, partners

__all__ = ["PartnerRegistry"]

_WHEN_AND_WHO = ("eic", "entered_at", "entered_by")
_CHANGE = update(partners).where(partners.c.eic == bindparam("b_eic"))
_WITHDRAW = (
    update(partner_certificates)
    .where(
        partner_certificates.c.partner == bindparam("b_partner"),
        partner_certificates.c.fingerprint == bindparam("b_fingerprint"),
        partner_certificates.c.withdrawn_at.is_(None),
    )
    .values(withdrawn_at=bindparam("withdrawn_at"))
)


class PartnerRegistry:
    """Partners and certificates that people have entered. Names of people are stored as given."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def version(self) -> int:
        """A number that grows with every committed change; cheap to ask for.

        It is the number of rows, not the highest key, because with several writers a key may become visible late.
        """
        return self._connection.execute(select(func.count()).select_from(partner_events)).scalar_one()

    def partners(self) -> list[PartnerEntry]:
        """Every partner of the table, by EIC."""
        rows = self._connection.execute(select(partners).order_by(partners.c.eic))
        return list(from_rows(PartnerEntry, rows))

    def certificates(self) -> list[CertificateEntry]:
        """Every certificate of the table in the order of entering, withdrawn ones too."""
        rows = self._connection.execute(select(partner_certificates).order_by(partner_certificates.c.key))
        return list(from_rows(CertificateEntry, rows))

    def history(self, eic: Eic) -> list[PartnerEvent]:
        """Everything that was done to a partner, the oldest first."""
        chosen = select(partner_events).where(partner_events.c.partner == str(eic)).order_by(partner_events.c.key)
        return list(from_rows(PartnerEvent, self._connection.execute(chosen)))

    def enter(self, entry: PartnerEntry) -> None:
        """Enter a partner, or update a known one with what ``entry`` sets; does nothing if that changes nothing."""
        known = {partner.eic: partner for partner in self.partners()}.get(entry.eic)
        if known is None:
            self._connection.execute(insert(partners), to_row(entry))
            self._note(entry.eic, entry.entered_at, entry.entered_by, PartnerChange.ENTERED, _said(entry))
            return
        said = {n: v for n, v in to_row(entry, *_WHEN_AND_WHO).items() if v is not None}
        if all(to_row(known)[name] == value for name, value in said.items()):
            return
        self._connection.execute(_CHANGE, {"b_eic": str(entry.eic), **said})
        self._note(entry.eic, entry.entered_at, entry.entered_by, PartnerChange.CHANGED, _said(entry))

    def pin(self, certificate: CertificateEntry) -> None:
        """Pin a certificate of a known partner; raises StaleWrite if it was entered before."""
        self._connection.execute(insert(partner_certificates), to_row(certificate))
        end = f"{certificate.not_after:%Y-%m-%d}"
        text = f"certificate {certificate.fingerprint}, valid until {end} UTC"
        change = PartnerChange.CERTIFICATE_ENTERED
        self._note(certificate.partner, certificate.entered_at, certificate.entered_by, change, text)

    def withdraw(self, eic: Eic, fingerprint: str, at: datetime, by: str, reason: str) -> None:
        """Withdraw a certificate of the table; raises StaleWrite if it is not there, or was withdrawn already."""
        which = {"b_partner": str(eic), "b_fingerprint": fingerprint, "withdrawn_at": at}
        if self._connection.execute(_WITHDRAW, which).rowcount != 1:
            raise StaleWrite(f"the certificate {fingerprint} of {eic} is not there, or was withdrawn already")
        self._note(eic, at, by, PartnerChange.CERTIFICATE_WITHDRAWN, f"certificate {fingerprint}: {reason}")

    def _note(self, eic: Eic, at: datetime, by: str, change: PartnerChange, text: str) -> None:
        self._connection.execute(insert(partner_events), to_row(PartnerEvent(eic, at, by, change, text)))


def _said(entry: PartnerEntry) -> str:
    said = {f.name: getattr(entry, f.name) for f in fields(entry) if f.name not in _WHEN_AND_WHO}
    return ", ".join(f"{name} {value}" for name, value in said.items() if value is not None) or "as in the settings"
