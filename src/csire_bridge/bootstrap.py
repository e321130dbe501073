"""The only place that knows every room and wires them together."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from types import TracebackType

from csire_bridge.domain.clock import Clock
from csire_bridge.domain.contactor import HeadEndEvent
from csire_bridge.domain.errors import ConfigurationError
from csire_bridge.domain.identifiers import Eic
from csire_bridge.domain.messages import Channel
from csire_bridge.domain.retry import RetryPolicy
from csire_bridge.domain.work import WorkStep
from csire_bridge.hes.connector import HeadEndConnector, HeadEndProfile
from csire_bridge.hes.endpoint import EventListener
from csire_bridge.hub.folder import FolderChannel
from csire_bridge.pipeline.acknowledge import Acknowledger, Parties
from csire_bridge.pipeline.deliver import Deliverer
from csire_bridge.pipeline.events import take_events
from csire_bridge.pipeline.execute import ExecutionLimits, Executor
from csire_bridge.pipeline.intake import Intake
from csire_bridge.pipeline.map import Mapper
from csire_bridge.pipeline.receipt import Receipts
from csire_bridge.pipeline.receive import Arrival, receive
from csire_bridge.pipeline.validate import Validator
from csire_bridge.pipeline.verify import Verifier
from csire_bridge.settings import Settings
from csire_bridge.store.database import Database
from csire_bridge.worker.loop import Steps, Worker
from csire_bridge.worker.partners import PartnerDesk
from csire_bridge.worker.watch import Watch
from csire_bridge.xml.catalogue import SchemaCatalogue
from csire_bridge.xml.keys import SigningKey
from csire_bridge.xml.mapping.book import MappingBook
from csire_bridge.xml.partners import PartnerBook

__all__ = ["Bridge", "Standard", "partner_book", "system_clock"]


def system_clock() -> datetime:
    """The machine's clock, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Standard:
    """The hub's standard as files: schemas, mappings, and what judges by them. Needs no database and no keys."""

    catalogue: SchemaCatalogue
    book: MappingBook
    validator: Validator
    mapper: Mapper

    @classmethod
    def load(cls, settings: Settings) -> Standard:
        """Read schemas and mapping files; raise ConfigurationError with everything that is wrong in them."""
        catalogue = SchemaCatalogue(settings.schema_path)
        book = MappingBook(settings.mapping_path, catalogue)
        for namespace in book.namespaces:
            catalogue.schema_for(namespace)  # a broken schema shows at start, not with the first message
        limits = settings.limits.as_limits()
        return cls(catalogue, book, Validator(catalogue, book, Eic(settings.own_eic), limits), Mapper(book, limits))


class Bridge:
    """A bridge that can take messages in and work them off. Close it, or use it in ``with``."""

    def __init__(self, settings: Settings, clock: Clock = system_clock) -> None:
        """Wire everything; raise ConfigurationError for wrong settings, StoreFailure for a wrong database."""
        self.settings = settings
        self.clock = clock
        self.standard = Standard.load(settings)
        key = _signing_key(settings)
        self.database = Database(settings.database)
        self.database.upgrade()
        self._partners = PartnerDesk(settings, self.database, clock)
        self.intake = self._intake(key)
        profile = HeadEndProfile(
            endpoint=settings.head_end.url or "",
            reply_address="",
            connect_timeout=settings.head_end.connect_seconds,
            read_timeout=settings.head_end.read_seconds,
        )
        self._events = EventListener(self._take_events, profile, settings.head_end.events_port)
        self._head_end = HeadEndConnector(replace(profile, reply_address=self._events.url), clock)
        self.worker = self._worker(key)
        wait = timedelta(seconds=settings.limits.result_wait_seconds)
        self.watch = Watch(self.database, clock, result_wait=wait)

    @property
    def partners(self) -> PartnerBook:
        """The partners that hold now: those of the settings and of the registry's table."""
        return self._partners.book()

    def _intake(self, key: SigningKey) -> Intake:
        verifier = Verifier(lambda: self.partners, self.settings.limits.max_message_bytes)
        validator, mapper = self.standard.validator, self.standard.mapper
        return Intake(self.database, verifier, validator, mapper, Receipts(key), self.clock)

    def _worker(self, key: SigningKey) -> Worker:
        settings, jitter = self.settings, random.Random()  # noqa: S311 - spreads retries, no secret
        head_end = settings.head_end
        limits = ExecutionLimits(
            response=timedelta(seconds=head_end.response_seconds),
            lifetime=timedelta(seconds=head_end.command_lifetime_seconds),
            attempts=head_end.attempts,
            poll=timedelta(seconds=head_end.poll_seconds),
        )
        parties = Parties(Eic(settings.own_eic), Eic(settings.hub_eic), settings.sender_role)
        standard, channel = self.standard, FolderChannel(settings.delivery_folder)
        steps = Steps(
            intake=self.intake,
            execute=Executor(self.database, self._head_end, self.clock, limits, jitter),
            acknowledge=Acknowledger(self.database, standard.book, standard.catalogue, key, parties, self.clock),
            deliver=Deliverer(self.database, channel, self.clock, RetryPolicy(), jitter),
        )
        due = list(WorkStep) if head_end.url else [WorkStep.INTAKE]
        lease = timedelta(seconds=settings.worker.lease_seconds)
        return Worker(self.database, steps, self.clock, steps_due=due, batch=settings.worker.batch, lease=lease)

    def start(self) -> Bridge:
        """Listen for the head-end system's events."""
        if self.settings.head_end.url:
            self._events.start()
        return self

    def take_in(self, channel: Channel, arrivals: Sequence[Arrival]) -> None:
        """Receive messages and go on with their intake at once; orders that are due are worked off too."""
        lease = self.worker.lease()
        items = receive(self.database, channel, arrivals, self.clock, lease)
        self.worker.carry_on(items, lease)

    def _take_events(self, events: Sequence[tuple[bytes, HeadEndEvent]]) -> None:
        take_events(self.database, self.clock, events)
        self.worker.wake()

    def close(self) -> None:
        """Stop listening and give everything back."""
        self._events.stop()
        self._head_end.close()
        self.database.close()

    def __enter__(self) -> Bridge:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def _signing_key(settings: Settings) -> SigningKey:
    if settings.signing_key is None or settings.signing_certificate is None:
        raise ConfigurationError(
            "settings signing_key and signing_certificate are not set",
            "name the PEM files of the key and certificate that sign acknowledgements; `csire-bridge pki` makes some",
        )
    return SigningKey.load(settings.signing_key, settings.signing_certificate)


def partner_book(settings: Settings, database: Database, clock: Clock = system_clock) -> PartnerBook:
    """The partners of the settings and of the registry's table at this moment; certificates of both count.

    For a partner in both, what the table says wins. Raises ConfigurationError when nobody could be trusted.
    """
    return PartnerDesk(settings, database, clock).book()
