"""What the registry of partners promises over every store."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from csire_bridge.domain.errors import OurFault, StaleWrite
from csire_bridge.domain.identifiers import Eic
from csire_bridge.domain.message.partner_entries import CertificateEntry, PartnerChange, PartnerEntry
from csire_bridge.domain.message.partners import PartnerRole, SecurityProfile
from csire_bridge.store.database import Database
from csire_bridge.store.repositories.messages.partners import PartnerRegistry

NOW = datetime(2026, 11, 23, 9, 0, 0, 123456, tzinfo=UTC)
HUB = Eic.parse("10XPL-TSO------P")
SUPPLIER = Eic.parse("19XPL-RZE-SA---V")
ENTRY = PartnerEntry(
    HUB, NOW, "Anna", PartnerRole.GATEWAY, SecurityProfile.WSS, "8.1.1.5 8.2.1.6", "us er", per_minute=5, at_once=2
)
CERTIFICATE = CertificateEntry(
    HUB, "ab" * 32, "-----PEM-----", NOW, NOW + timedelta(days=9), entered_at=NOW, entered_by="Anna"
)


def version(database: Database) -> int:
    with database.reading() as connection:
        return PartnerRegistry(connection).version()


def test_given_a_partner_with_every_fact_when_read_then_nothing_is_lost(database: Database) -> None:
    with database.transaction() as tx:
        tx.partners.enter(ENTRY)
        tx.partners.pin(CERTIFICATE)
    with database.transaction() as tx:
        assert tx.partners.partners() == [ENTRY]
        assert tx.partners.certificates() == [CERTIFICATE]
        changes = [(event.change, event.by, event.at) for event in tx.partners.history(HUB)]
    assert changes == [(PartnerChange.ENTERED, "Anna", NOW), (PartnerChange.CERTIFICATE_ENTERED, "Anna", NOW)]


def test_given_a_partner_that_says_nothing_when_read_then_nothing_is_made_up(database: Database) -> None:
    bare = PartnerEntry(SUPPLIER, NOW, "Anna")
    with database.transaction() as tx:
        tx.partners.enter(bare)
        assert tx.partners.partners() == [bare]


def test_given_a_known_partner_when_changed_then_only_what_was_said_changes_and_the_first_entry_stays(
    database: Database,
) -> None:
    with database.transaction() as tx:
        tx.partners.enter(ENTRY)
        tx.partners.enter(PartnerEntry(HUB, NOW + timedelta(days=1), "Jan", per_minute=7))
        assert tx.partners.partners() == [replace(ENTRY, per_minute=7)]
        event = tx.partners.history(HUB)[-1]
    assert (event.change, event.by, event.text) == (PartnerChange.CHANGED, "Jan", "per_minute 7")


def test_given_what_is_known_when_entered_again_then_neither_history_nor_version_grows(database: Database) -> None:
    with database.transaction() as tx:
        tx.partners.enter(ENTRY)
    before = version(database)
    with database.transaction() as tx:
        tx.partners.enter(ENTRY)
        tx.partners.enter(PartnerEntry(HUB, NOW, "Jan"))
    assert version(database) == before


def test_given_each_kind_of_change_when_committed_then_the_version_grows(database: Database) -> None:
    seen = [version(database)]
    changes: list[Callable[[PartnerRegistry], None]] = [
        lambda registry: registry.enter(ENTRY),
        lambda registry: registry.pin(CERTIFICATE),
        lambda registry: registry.enter(PartnerEntry(HUB, NOW, "Jan", user="other")),
        lambda registry: registry.withdraw(HUB, CERTIFICATE.fingerprint, NOW, "Jan", "lost"),
    ]
    for change in changes:
        with database.transaction() as tx:
            change(tx.partners)
        seen.append(version(database))
    assert seen == sorted(set(seen))


def test_given_a_change_that_was_rolled_back_then_the_version_stays(database: Database) -> None:
    before = version(database)
    with pytest.raises(RuntimeError), database.transaction() as tx:
        tx.partners.enter(ENTRY)
        raise RuntimeError
    assert version(database) == before


def test_given_a_certificate_when_withdrawn_then_the_row_stays_and_tells_when(database: Database) -> None:
    later = NOW + timedelta(hours=1)
    with database.transaction() as tx:
        tx.partners.enter(ENTRY)
        tx.partners.pin(CERTIFICATE)
        tx.partners.withdraw(HUB, CERTIFICATE.fingerprint, later, "Jan", "the key was lost")
        assert tx.partners.certificates() == [replace(CERTIFICATE, withdrawn_at=later)]
        event = tx.partners.history(HUB)[-1]
    assert (event.change, event.by, event.at) == (PartnerChange.CERTIFICATE_WITHDRAWN, "Jan", later)
    assert "the key was lost" in event.text


@pytest.mark.parametrize("eic", [HUB, SUPPLIER])
def test_given_a_withdrawn_or_foreign_certificate_when_withdrawn_then_stale_and_no_history(
    database: Database, eic: Eic
) -> None:
    with database.transaction() as tx:
        tx.partners.enter(ENTRY)
        tx.partners.pin(CERTIFICATE)
        if eic == HUB:
            tx.partners.withdraw(HUB, CERTIFICATE.fingerprint, NOW, "Jan", "lost")
    before = version(database)
    with pytest.raises(StaleWrite), database.transaction() as tx:
        tx.partners.withdraw(eic, CERTIFICATE.fingerprint, NOW, "Jan", "lost")
    assert version(database) == before


def test_given_one_certificate_when_pinned_to_two_partners_then_the_second_is_refused(database: Database) -> None:
    with database.transaction() as tx:
        tx.partners.enter(ENTRY)
        tx.partners.enter(PartnerEntry(SUPPLIER, NOW, "Anna"))
        tx.partners.pin(CERTIFICATE)
    with pytest.raises(StaleWrite), database.transaction() as tx:
        tx.partners.pin(replace(CERTIFICATE, partner=SUPPLIER))


def test_given_a_certificate_of_nobody_when_pinned_then_refused(database: Database) -> None:
    with pytest.raises(OurFault), database.transaction() as tx:
        tx.partners.pin(CERTIFICATE)
