"""The current partners. The running bridge notices changes of the table and of revocation lists by itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from csire_bridge.config.settings import Settings
from csire_bridge.domain.clock import Clock
from csire_bridge.domain.errors import ConfigurationError, StoreFailure
from csire_bridge.store.database import Database
from csire_bridge.store.repositories.messages.partners import PartnerRegistry
from csire_bridge.telemetry.logs import logger
from csire_bridge.worker.partners.check import of_roles
from csire_bridge.worker.partners.revocations import ListSource, Revocations
from csire_bridge.worker.partners.roster import FilePartners, PartnerListing, Source, TablePartners
from csire_bridge.xml.security.certificates.partner_book import PartnerBook

__all__ = ["LOOK_AGAIN_SECONDS", "CurrentPartners"]

LOOK_AGAIN_SECONDS = 3.0
_log = logger(__name__)


class CurrentPartners:
    """Provides the current partner book. Safe for several threads: one checks for changes, the others don't wait."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        clock: Clock,
        *,
        look_again: float = LOOK_AGAIN_SECONDS,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        """``look_again`` are the seconds between two checks; ``ticks`` counts seconds.

        Raises ConfigurationError if no partner can be trusted, two partners share a certificate, or a revocation list
        can't be used; StoreFailure if the table can't be read.
        """
        self._file = FilePartners.load(settings)
        self._database = database
        self._clock = clock
        self._look_again = look_again
        self._ticks = ticks
        self._turn = threading.Lock()
        self._told: frozenset[str] = frozenset()
        self._revocations = Revocations(ListSource.of(settings.partners))
        self._revocations.refresh(clock())
        self._revocations.require(clock())
        self._table = self._read()
        self._roster = PartnerListing.of(self._file, self._table)
        _check(self._roster)
        self._book = self._new_book()
        self._tell()
        self._looked_at = ticks()

    def book(self) -> PartnerBook:
        """The current book, at most ``look_again`` seconds old as long as the database can be read."""
        if self._ticks() - self._looked_at >= self._look_again and self._turn.acquire(blocking=False):
            try:
                self._look()
            finally:
                self._looked_at = self._ticks()
                self._turn.release()
        return self._book

    def version(self) -> int:
        """The version of the registry's table that ``book`` goes by now."""
        self.book()
        return self._table.version

    def _look(self) -> None:
        changed = self._revocations.refresh(self._clock())
        try:
            table = self._read(self._table)
        except StoreFailure as error:
            _log.error("partners.kept", why=error)
            table = self._table
        if table is not self._table:
            self._table, self._roster, changed = table, PartnerListing.of(self._file, table), True
            _log.info("partners.read", version=table.version)
        if changed:
            self._book = self._new_book()
        self._tell()

    def _read(self, known: TablePartners | None = None) -> TablePartners:
        """The table; ``known`` itself if nothing has changed since."""
        with self._database.reading() as connection:
            registry = PartnerRegistry(connection)
            if known is not None and registry.version() == known.version:
                return known
            return TablePartners.read(registry)

    def _new_book(self) -> PartnerBook:
        return self._roster.book(self._revocations.revoked(self._roster.trusted))

    def _tell(self) -> None:
        """Log problems for a person, each once as long as it lasts."""
        roles = [finding.text for finding in of_roles(self._roster)]
        told = frozenset([*map(str, self._revocations.alerts(self._clock())), *_untrusted(self._roster), *roles])
        for text in sorted(told - self._told):
            _log.error("partners.remark", text=text)
        self._told = told


def _check(roster: PartnerListing) -> None:
    if not roster.partners:
        raise ConfigurationError(
            "no partner is set, so no message could be trusted",
            "name the hub and its certificate under [[partners]], or enter it with csire-bridge partner add",
        )
    for named in roster.certificates:
        if named.pinned.fingerprint in roster.shared:
            raise ConfigurationError(
                f"the certificate {named.fingerprint} belongs to more than one partner, one is {named.pinned.party}",
                "give each partner its own: csire-bridge partner check names both",
            )
        if Source.FILE in named.sources and named.withdrawn_at is None and (why := named.unfit) is not None:
            raise ConfigurationError(f"{named} {why.text}", why.remedy)


def _untrusted(roster: PartnerListing) -> list[str]:
    """Certificates in the roster that are not trusted although nobody has withdrawn them."""
    shared = roster.shared
    unfit = [f"{n} {why.text}" for n in roster.certificates if n.withdrawn_at is None and (why := n.unfit)]
    twice = [f"the certificate {fingerprint.hex()} belongs to more than one partner" for fingerprint in shared]
    return [f"{text}, so it is not trusted" for text in (*roster.broken, *unfit, *twice)]
