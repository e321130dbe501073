"""Whose signatures count: our own key, and the partners that are trusted now."""

from __future__ import annotations

from csire_bridge.config.settings import Settings
from csire_bridge.domain.clock import Clock
from csire_bridge.domain.errors import ConfigurationError
from csire_bridge.runtime.steady_clock import system_clock
from csire_bridge.store.database import Database
from csire_bridge.worker.partners.current import CurrentPartners
from csire_bridge.xml.security.keys import SigningKey
from csire_bridge.xml.security.partner_book import PartnerBook

__all__ = ["partner_book", "signing_key"]


def signing_key(settings: Settings) -> SigningKey:
    """The key that signs what we send; raises ConfigurationError if there is no usable one."""
    if settings.signing_key is None or settings.signing_certificate is None:
        raise ConfigurationError(
            "settings signing_key and signing_certificate are not set",
            "name the PEM files of the key and certificate that sign acknowledgements; `csire-bridge pki` makes some",
        )
    return SigningKey.load(settings.signing_key, settings.signing_certificate)


def partner_book(settings: Settings, database: Database, clock: Clock = system_clock) -> PartnerBook:
    """The partners of the settings and of the registry's table now; certificates of both count.

    For a partner in both, the table wins. Raises ConfigurationError if no partner can be trusted.
    """
    return CurrentPartners(settings, database, clock).book()
