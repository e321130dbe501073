"""Wires everything that speaks with SID. Calls to SID run in threads of their own and hold up nothing else."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import timedelta

from csire_bridge.channels.sid.client import SidClient
from csire_bridge.channels.sid.order_fetcher import OrderFetcher
from csire_bridge.channels.sid.profile import SidProfile, SidSecurity, read_password
from csire_bridge.channels.sid.response_writer import SidResponseWriter
from csire_bridge.channels.transport.outbound.zeep_wss import WsSecurityPlugin
from csire_bridge.config.settings import Settings
from csire_bridge.domain.clock import Clock
from csire_bridge.domain.identifiers import Eic
from csire_bridge.domain.message.message import Channel
from csire_bridge.domain.message.partners import PartnerLimits
from csire_bridge.domain.work import Lease, WorkStep
from csire_bridge.pipeline.answer.hand_over_field_work import hand_over_field_work
from csire_bridge.pipeline.answer.report_to_sid import Reporter
from csire_bridge.pipeline.intake.point_finder import PointFinder
from csire_bridge.pipeline.intake.receive import Arrival
from csire_bridge.pipeline.intake.request_reply import Reply, RequestReply
from csire_bridge.pipeline.intake.sid_handler import SidIntake
from csire_bridge.pipeline.ports.store import Store
from csire_bridge.service.wiring.settings_to_values import law_policy, order_policy
from csire_bridge.store.database import Database
from csire_bridge.worker.work_loop import Handlers, Worker
from csire_bridge.xml.schema.catalogue import SchemaCatalogue
from csire_bridge.xml.security.certificates.keys import CertificateBook, KeyInTime, TrustedCertificate, load_pins

__all__ = ["SidSide", "sid_profile"]

_ORDERS = "sid orders"
_ORDERS_LEASE = timedelta(minutes=5)  # a fetch, a commit and a confirmation take less
_AT_ONCE = 4  # reports may be slow; what became of them is written before the lease ends


class SidSide:
    """Everything towards SID: reports, fetching orders, our endpoint, and look-ups of metering points."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        catalogue: SchemaCatalogue,
        key: KeyInTime,
        clock: Clock,
        wake: Callable[[], None],
    ) -> None:
        """``wake`` is called if an order may have become due. Raises ConfigurationError for wrong settings."""
        self._settings = settings
        self._database = database
        self._clock = clock
        self._wake = wake
        self._law = law_policy(settings)
        profile = sid_profile(settings)
        self.client = SidClient(profile, catalogue, _security(settings, profile, key, clock), clock)
        self.points = PointFinder(database, self.client if settings.sid.look_up else None, clock)
        self.worker, self._reception = self._workers(catalogue)

    def _workers(self, catalogue: SchemaCatalogue) -> tuple[Worker, RequestReply]:
        """The worker, and what answers SID at once."""
        settings, clock = self._settings, self._clock
        writer = SidResponseWriter(catalogue, settings.limits.as_limits(), settings.limits.max_message_bytes)
        jitter = random.Random()  # noqa: S311 - spreads retries, no secret
        intake = SidIntake(self._database, writer, self.points, clock, order_policy(settings))
        steps: Handlers = {
            WorkStep.SID_INTAKE: intake,
            WorkStep.REPORT: Reporter(self._database, self.client, clock, jitter),
        }
        lease = timedelta(seconds=max(settings.worker.lease_seconds, 3 * _AT_ONCE * settings.sid.read_seconds))
        worker = Worker(
            self._database,
            steps,
            clock,
            batch=_AT_ONCE,
            lease=lease,
            most_lapses=settings.worker.most_lapses,
            hands={WorkStep.REPORT: _AT_ONCE},
        )
        return worker, RequestReply(self._database, intake, clock, lease, Channel.SID, WorkStep.SID_INTAKE)

    def answer(self, arrivals: Sequence[Arrival]) -> list[Reply]:
        """Take in messages of SID; they are committed and settled when this returns."""
        answers = self._reception.answer(arrivals)
        self.worker.wake()
        self._wake()
        return answers

    def hand_over(self, store: Store | None = None) -> None:
        """Hand over orders in field work to SID, if that is set up and was not done yet."""
        if self._settings.sid.field_work and hand_over_field_work(store or self._database, self._clock, self._law):
            self.worker.wake()

    def fetcher(self) -> OrderFetcher | None:
        """The fetcher of new orders, for one thread; None if fetching is not set up."""
        sid = self._settings.sid
        if not sid.fetch:
            return None
        idle = (sid.idle_seconds, sid.longest_idle_seconds)
        return OrderFetcher(self.client, self._take, idle, most=sid.fetch_most, may_go_on=self.may_fetch)

    def _take(self, orders: Sequence[tuple[str, bytes]]) -> list[Reply]:
        return self.answer([Arrival(origin, raw) for origin, raw in orders]) if orders else []

    def may_fetch(self) -> bool:
        """Acquire or extend the lease on fetching from SID: only one process fetches."""
        now = self._clock()
        with self._database.transaction() as tx:
            return tx.leases.acquire(_ORDERS, Lease.starting(self.worker.name, now, _ORDERS_LEASE), now) is not None

    def stop_fetching(self) -> None:
        """Release the lease, so that the next process can fetch at once."""
        with self._database.transaction() as tx:
            tx.leases.release(_ORDERS, self.worker.name, self._clock())

    @property
    def limits(self) -> PartnerLimits:
        """The rate limits of SID at our endpoint."""
        sid = self._settings.sid
        return PartnerLimits(sid.per_minute, sid.at_once, self._settings.limits.max_message_bytes)

    def close(self) -> None:
        """Close every connection."""
        self.client.close()


def sid_profile(settings: Settings) -> SidProfile:
    """How to speak with SID; raises ConfigurationError."""
    sid = settings.sid
    certificate, key = sid.client_certificate, sid.client_key
    return SidProfile(
        url=sid.url or "",
        security=SidSecurity(sid.security),
        user=sid.user,
        password=read_password(sid.password_file) if sid.password_file else None,
        connect_seconds=sid.connect_seconds,
        read_seconds=sid.read_seconds,
        kept_seconds=sid.kept_seconds,
        ca_bundle=sid.ca_bundle,
        client_certificate=(certificate, key) if certificate and key else None,
        max_bytes=sid.max_bytes,
    )


def _security(settings: Settings, profile: SidProfile, key: KeyInTime, clock: Clock) -> WsSecurityPlugin | None:
    if profile.security is not SidSecurity.WSS:
        return None
    # SID is a system of our own, so its certificates are pinned to our own EIC.
    own = Eic(settings.own_eic)
    pinned = [TrustedCertificate(own, c) for file in settings.sid.certificates for c in load_pins(file)]
    book = CertificateBook(pinned)
    return WsSecurityPlugin(key, lambda: book, clock, profile.max_bytes)
