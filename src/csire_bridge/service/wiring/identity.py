"""Whose signatures count: our own key, and the partners that are trusted now."""

from __future__ import annotations

from csire_bridge.config.settings import Settings
from csire_bridge.domain.clock import Clock
from csire_bridge.domain.errors import ConfigurationError
from csire_bridge.runtime.steady_clock import system_clock
from csire_bridge.store.database import Database
from csire_bridge.worker.partners.current import CurrentPartners
from csire_bridge.xml.security.certificates.keys import SigningKey
from csire_bridge.xml.security.certificates.partner_book import PartnerBook
from csire_bridge.xml.security.certificates.signing_keys import DatedKey, SigningKeys

__all__ = ["partner_book", "signing_keys"]


def signing_keys(settings: Settings, clock: Clock = system_clock) -> SigningKeys:
    """The keys that sign what we send; raises ConfigurationError if at any time from now on there is no usable one."""
    if not settings.signing_pairs:
        raise ConfigurationError(
            "settings signing_key and signing_certificate are not set",
            "name the PEM files of the key and certificate that sign acknowledgements; `csire-bridge pki` makes some",
        )
    keys = SigningKeys(
        [
            DatedKey(SigningKey.load(pair.key, pair.certificate), str(pair.key), pair.starts)
            for pair in settings.signing_pairs
        ]
    )
    if len(settings.signing_pairs) > 1:
        keys.require_no_gap(clock())
    return keys


def partner_book(settings: Settings, database: Database, clock: Clock = system_clock) -> PartnerBook:
    """The partners of the settings and of the registry's table now; certificates of both count.

    For a partner in both, the table wins. Raises ConfigurationError if no partner can be trusted.
    """
    return CurrentPartners(settings, database, clock).book()
