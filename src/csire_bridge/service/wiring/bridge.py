"""The composition root: the only module that knows every package and wires them together."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import datetime, time, timedelta
from functools import partial
from threading import Event
from types import TracebackType

from csire_bridge.channels.hes.choice import chooser_of, head_end_of, profiles_of
from csire_bridge.channels.hes.client import HeadEndConnector
from csire_bridge.channels.hes.event_address import event_key, with_key
from csire_bridge.channels.hes.event_endpoint import EventListener
from csire_bridge.channels.hub.client import HubClient
from csire_bridge.channels.hub.faults import Operation
from csire_bridge.channels.hub.folder_delivery import FolderChannel
from csire_bridge.channels.hub.hub_delivery import HubChannel
from csire_bridge.channels.hub.profile import HubSecurity
from csire_bridge.channels.hub.queue_poller import QueuePoller, document_if_readable, whole_answer
from csire_bridge.channels.transport.outbound.zeep_wss import WsSecurityPlugin
from csire_bridge.config.private_files import require_private_files
from csire_bridge.config.sections.peers.head_end import FIRST_SYSTEM
from csire_bridge.config.settings import Settings
from csire_bridge.domain.clock import Clock
from csire_bridge.domain.identifiers import Eic
from csire_bridge.domain.law.alerts import law_alerts
from csire_bridge.domain.message.message import Channel
from csire_bridge.domain.meter.contactor import HeadEndEvent
from csire_bridge.domain.operations.alerts import Alert
from csire_bridge.domain.operations.retry import RetryPolicy
from csire_bridge.domain.operations.schedule import Daily, Every
from csire_bridge.domain.work import Lease, WorkStep
from csire_bridge.pipeline.agreement.handler import AgreementHandler
from csire_bridge.pipeline.answer.acknowledge import Acknowledger, Parties
from csire_bridge.pipeline.answer.deliver import Deliverer
from csire_bridge.pipeline.execute.handler import Executor
from csire_bridge.pipeline.intake.handler import Intake
from csire_bridge.pipeline.intake.judge_again import JudgeAgain
from csire_bridge.pipeline.intake.point_finder import PointFinder, points_of_meter
from csire_bridge.pipeline.intake.receipt import Receipts
from csire_bridge.pipeline.intake.receive import Arrival, receive
from csire_bridge.pipeline.intake.request_reply import RequestReply
from csire_bridge.pipeline.intake.verify import Verifier
from csire_bridge.pipeline.jobs.carry_out import JobRunner
from csire_bridge.pipeline.observe.head_end_events import of_its_own, take_events
from csire_bridge.pipeline.ports.delivery import DeliveryChannel
from csire_bridge.runtime.steady_clock import system_clock, ticks_of
from csire_bridge.service.wiring.bridge_sid import SidSide
from csire_bridge.service.wiring.caller_proofs import event_proofs
from csire_bridge.service.wiring.identity import signing_keys
from csire_bridge.service.wiring.job_tools import job_tools
from csire_bridge.service.wiring.settings_to_values import execution_policy, hub_profile, intake_policy, step_rules
from csire_bridge.service.wiring.standard import Standard
from csire_bridge.store.connection.options import DatabaseOptions
from csire_bridge.store.database import Database
from csire_bridge.worker.alert_job import Watch
from csire_bridge.worker.audit_retention import AuditRetention
from csire_bridge.worker.certificate_job import Certificates, own_certificates
from csire_bridge.worker.database_log_job import keep_log_small, log_alerts
from csire_bridge.worker.figure_job import FigureKeeper, LawMonthKeeper
from csire_bridge.worker.notifications.sender import AlertSender
from csire_bridge.worker.notifications.settings_to_routes import composer_of, outlets_of, routes_of
from csire_bridge.worker.partners.current import CurrentPartners
from csire_bridge.worker.retention_job import Retention
from csire_bridge.worker.scheduler import LedStore, ScheduledJob, Ticker
from csire_bridge.worker.work_loop import Handlers, Worker
from csire_bridge.xml.security.certificates.keys import KeyInTime
from csire_bridge.xml.security.certificates.partner_book import PartnerBook

__all__ = ["Bridge"]

_QUEUE = "hub queue"
_TICKER_LEASE_SECONDS = 10.0
_EACH_SECOND = Every(timedelta(seconds=1))
_OFTEN = Every(timedelta(seconds=10))
_EACH_DAY = Daily(time(0), first_at_once=True)


class Bridge:
    """A bridge that takes messages in and processes them. Close it, or use it in ``with``."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock = system_clock,
        *,
        reply_address: str | None = None,
        standard: Standard | None = None,
    ) -> None:
        """Wire everything; raise ConfigurationError for wrong settings, StoreFailure for a broken database.

        A database that is not there, or has older tables, is a ConfigurationError too: a new one would know no points,
        holds or stop switch, so only ``csire-bridge db upgrade`` makes one.

        ``reply_address`` is the endpoint at which somebody else receives the head-end system's events
        (``take_events``); without it the bridge listens by itself once it is started. ``standard`` is what these
        settings' schemas and mapping files say, where they have been read already.
        """
        require_private_files(settings, group_may_read=settings.group_may_read_keys)
        self.settings = settings
        self.clock = clock
        self.policy = execution_policy(settings)
        self.standard = standard or Standard.load(settings)
        self.signing_keys = key = signing_keys(settings, clock)
        self.database = Database(settings.database, DatabaseOptions.of(settings.storage))
        self.database.require_current()
        self.database.require_durable()
        self._partners = CurrentPartners(settings, self.database, clock)
        self.intake = self._intake(key)
        self.job_tools = job_tools(settings, self.policy.law, self.intake.judge, clock)
        profiles = profiles_of(settings.head_end)
        self.system_of = chooser_of(settings.head_end)
        self.event_proofs = event_proofs(settings, tuple(event_key(one) for one in key))
        self._events: EventListener | None = None
        if reply_address is None:
            self._events = EventListener(
                self.take_events, profiles[FIRST_SYSTEM], self.event_proofs, settings.head_end.events_port
            )
            for name, profile in profiles.items():
                if name != FIRST_SYSTEM:
                    self._events.also(name, partial(self.take_events_of, name), profile)
            reply_address = self._events.url
        if self.event_proofs.keys:  # the newest; those of the others are still known to the head-end system
            reply_address = with_key(reply_address, self.event_proofs.keys[-1])
        self.head_end_profiles = profiles_of(settings.head_end, reply_address)
        self.head_end_profile = self.head_end_profiles[FIRST_SYSTEM]
        self._head_end = head_end_of(
            self.head_end_profiles,
            self.system_of,
            lambda profile: HeadEndConnector(profile, clock, ticks_of(clock)),
        )
        self._hub = hub_client(settings, key, self._partners.book, clock) if settings.hub.url else None
        self.sid = self._sid_side(key) if settings.sid.url else None
        self.points = self.sid.points if self.sid else PointFinder(self.database, None, clock)
        self.worker, self.reception = self._worker(key)
        wait = timedelta(seconds=settings.limits.result_wait_seconds)
        self.certificates = Certificates(lambda: own_certificates(settings), lambda: self.partners)
        patience = timedelta(seconds=settings.limits.partner_wait_seconds)
        self._composer, self._outlets = composer_of(settings.alerts), outlets_of(settings.alerts)
        self.watch = Watch(
            self.database,
            clock,
            result_wait=wait,
            partner_wait=patience,
            further=self._further_alerts,
            composer=lambda: self._composer,
        )

    @property
    def partners(self) -> PartnerBook:
        """The current partners: those of the settings and of the registry's table."""
        return self._partners.book()

    def _further_alerts(self, now: datetime) -> list[Alert]:
        return [*law_alerts(self.policy.law), *self.certificates.alerts(now), *log_alerts(self.database)]

    def _intake(self, key: KeyInTime) -> Intake:
        return Intake(
            self.database,
            Verifier(lambda: self.partners, self.settings.limits.max_message_bytes, self.standard.book.claims),
            self.standard.validator,
            self.standard.mapper.with_registry(partial(points_of_meter, self.database)),
            Receipts(key),
            Eic(self.settings.hub_eic),
            self.clock,
            intake_policy(self.settings),
        )

    def _worker(self, key: KeyInTime) -> tuple[Worker, RequestReply]:
        """The worker, and what answers senders that wait: it ends with the intake and leaves orders to the worker."""
        settings, jitter = self.settings, random.Random()  # noqa: S311 - spreads retries, no secret
        parties = Parties(Eic(settings.own_eic), Eic(settings.hub_eic), settings.sender_role)
        standard, channel = self.standard, self._channel()
        acknowledger = Acknowledger(self.database, standard.book, standard.catalogue, key, parties, self.clock)
        rules = step_rules(settings)
        finder = self.points if self.sid and settings.sid.look_up else None
        retry = RetryPolicy.lasting(timedelta(days=settings.hub.send_days))
        steps: Handlers = {
            WorkStep.INTAKE: self.intake,
            WorkStep.EXECUTE: Executor(self.database, self._head_end, self.clock, self.policy, jitter, finder),
            WorkStep.PERFORM: AgreementHandler(
                self.database, self._head_end, self.points.find_or_none, self.clock, self.policy, rules, jitter
            ),
            WorkStep.ACKNOWLEDGE: acknowledger,
            WorkStep.DELIVER: Deliverer(self.database, channel, self.clock, retry, jitter),
        }
        due = None if settings.head_end.url else [WorkStep.INTAKE]
        lease = timedelta(seconds=settings.worker.lease_seconds)
        worker = Worker(
            self.database,
            steps,
            self.clock,
            steps_due=due,
            batch=settings.worker.batch,
            lease=lease,
            most_lapses=settings.worker.most_lapses,
            at_once=settings.worker.at_once,
            stuck_at_once=settings.worker.stuck_at_once,
            hands={WorkStep.DELIVER: settings.hub.send_at_once},
        )
        return worker, RequestReply(self.database, self.intake, self.clock, lease)

    def _sid_side(self, key: KeyInTime) -> SidSide:
        catalogue = self.standard.catalogue
        return SidSide(self.settings, self.database, catalogue, key, self.clock, self._wake)

    def _wake(self) -> None:
        self.worker.wake()  # which is made after SID's side, because it asks there for metering points

    def _channel(self) -> DeliveryChannel:
        if self._hub is None:
            return FolderChannel(self.settings.delivery_folder)
        return HubChannel(self._hub, Operation(self.settings.hub.operation))

    def start(self) -> Bridge:
        """Listen for the head-end system's events, unless somebody else does."""
        if self.settings.head_end.url and self._events:
            self._events.start()
        return self

    def take_in(self, channel: Channel, arrivals: Sequence[Arrival]) -> None:
        """Receive messages and continue with their intake at once; orders that are due are processed too."""
        lease = self.worker.lease()
        items = receive(self.database, channel, arrivals, self.clock, lease)
        self.worker.carry_on(items, lease)

    def poller(self) -> QueuePoller | None:
        """The poller of our queue at the hub, for one thread; None if polling is not set up."""
        hub = self.settings.hub
        if self._hub is None or not hub.poll:
            return None
        return QueuePoller(
            self._hub,
            self._keep,
            self.clock,
            (hub.idle_seconds, hub.longest_idle_seconds),
            keep=whole_answer if hub.security == "wss" else document_if_readable,
            may_go_on=self.may_poll,
        )

    def _keep(self, raw: bytes, origin: str) -> None:
        receive(self.database, Channel.QUEUE, [Arrival(origin, raw)], self.clock)
        self.worker.wake()

    def may_poll(self) -> bool:
        """Acquire or extend the lease on our queue at the hub: only one process may empty it.

        It lasts for two peeks at most, so that after a crash the next process continues soon.
        """
        now, hub = self.clock(), self.settings.hub
        length = 2 * timedelta(seconds=hub.connect_seconds + hub.peek_seconds)
        with self.database.transaction() as tx:
            return tx.leases.acquire(_QUEUE, Lease.starting(self.worker.name, now, length), now) is not None

    def stop_polling(self) -> None:
        """Leave the queue to the next process at once."""
        with self.database.transaction() as tx:
            tx.leases.release(_QUEUE, self.worker.name, self.clock())

    def ticker(self) -> Ticker:
        """The scheduler with all scheduled jobs; the caller starts it."""
        lease = timedelta(seconds=min(self.settings.worker.lease_seconds, _TICKER_LEASE_SECONDS))
        return Ticker(self.database, self.clock, self.worker.name, self._ticks(), lease)

    def _ticks(self) -> list[ScheduledJob]:
        retention = self.settings.retention
        ticks = [
            ScheduledJob("watch", Every(timedelta(seconds=30)), lambda led, _: self.watch.look(led)),
            ScheduledJob("database log", _OFTEN, lambda led, _: keep_log_small(led.database)),
            ScheduledJob("certificates", _EACH_DAY, lambda *_: self.certificates.tell(self.clock()), remembered=True),
        ]
        alerts = AlertSender(self._outlets, lambda: routes_of(self.settings.alerts), self.clock, random.Random())  # noqa: S311
        ticks.append(ScheduledJob("alerts", Every(timedelta(seconds=2)), alerts.run))
        ticks.append(ScheduledJob("old notifications", Every(timedelta(days=1)), lambda led, _: alerts.forget(led)))
        figures = FigureKeeper(self.policy.deadlines, self.clock)
        ticks.append(ScheduledJob("figures", Every(timedelta(seconds=30)), figures.tick))
        months = LawMonthKeeper(self.policy.law.book, self.clock)
        ticks.append(ScheduledJob("figures of the law", Every(timedelta(minutes=15)), months.tick))
        if self.settings.reports.wanted:
            # Paper and words of pages take long to import, and only this needs them here.
            from csire_bridge.service.wiring.board_reports import monthly_report  # noqa: PLC0415

            board = monthly_report(self.settings, self.database, self.clock, self.policy.deadlines, self.policy.law)
            ticks.append(ScheduledJob("monthly report", Every(timedelta(minutes=5)), board.tick))
        policy = intake_policy(self.settings).judging_again
        judge = JudgeAgain(self.database, self.intake, self.clock, policy, self._partners.version)
        ticks.append(ScheduledJob("jobs", _EACH_SECOND, self._carry_jobs_out))
        ticks.append(ScheduledJob("judge again", Every(timedelta(seconds=30)), lambda *_: self._judged_again(judge)))
        if sid := self.sid:
            ticks.append(ScheduledJob("field work", _EACH_SECOND, lambda led, _: sid.hand_over(led)))
        if retention.as_rules().any and retention.archive is not None:
            worker = Retention(self.database, self.clock, retention.as_rules(), retention.archive, retention.batch)
            ticks.append(ScheduledJob("retention", Daily(retention.at), worker.tick, remembered=True))
        if retention.audit_days is not None and retention.archive is not None:
            audit = AuditRetention(self.database, self.clock, retention.audit_days, retention.archive)
            ticks.append(ScheduledJob("audit retention", Daily(retention.at), audit.tick, remembered=True))
        return ticks

    def _carry_jobs_out(self, led: LedStore, stop: Event) -> None:
        if JobRunner(led, self.job_tools).run(stop.is_set):
            self.worker.wake()

    def _judged_again(self, judge: JudgeAgain) -> None:
        if judge.look():
            self.worker.wake()

    def take_events(self, events: Sequence[tuple[bytes, HeadEndEvent]]) -> None:
        """Commit events of the head-end system, and make their orders due."""
        self.take_events_of(FIRST_SYSTEM, events)

    def take_events_of(self, system: str, events: Sequence[tuple[bytes, HeadEndEvent]]) -> None:
        """The same for one of several systems; what it says about a meter of another one is not used."""
        if len(self.head_end_profiles) > 1:
            events = [(raw, of_its_own(event, system, self.system_of)) for raw, event in events]
        take_events(self.database, self.clock, events)
        self.worker.wake()

    def close(self) -> None:
        """Stop listening and release everything."""
        if self._events:
            self._events.stop()
        self.worker.close()
        if self._hub:
            self._hub.close()
        if self.sid:
            self.sid.close()
        self._head_end.close()
        self.database.close()

    def __enter__(self) -> Bridge:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def hub_client(settings: Settings, key: KeyInTime, partners: Callable[[], PartnerBook], clock: Clock) -> HubClient:
    """A client of the hub's web service; ``partners`` returns the current book, of which only the hub is used."""
    profile = hub_profile(settings)
    if profile.security is not HubSecurity.WSS:
        return HubClient(profile, None, clock)
    return HubClient(profile, WsSecurityPlugin(key, lambda: partners().of_the_hub, clock, profile.max_bytes), clock)
