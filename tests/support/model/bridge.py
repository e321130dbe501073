"""The real store, pipeline and worker, with the world around them modelled: messages, clock, head-end system, hub.

Messages enter through the journal and the worker's step ``intake`` like every other, but what the signature, the
schema and the mapping file would make of them is told beforehand: those steps are pure, have tests of their own, and
take most of the time. Everything behind them is the real thing, the signing of answers too.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import cast

from sqlalchemy.engine import Connection

from csire_bridge.config.settings import load_settings
from csire_bridge.domain.clock import WARSAW
from csire_bridge.domain.errors import OutcomeUnknown, PartnerUnreachable
from csire_bridge.domain.identifiers import MessageId, MessageNumber, MeteringPointCode, ProcessInstanceId
from csire_bridge.domain.message.documents import Delivery, OutgoingDocument
from csire_bridge.domain.message.message import (
    Channel,
    Header,
    OrderRequest,
    RegistryUpdate,
    Request,
    SpecialKind,
    SpecialNotice,
    UnderstoodMessage,
)
from csire_bridge.domain.meter.contactor import HeadEndEvent
from csire_bridge.domain.meter.head_end_clock import HeadEndClock
from csire_bridge.domain.operations.retry import RetryPolicy
from csire_bridge.domain.order.order import DisconnectionKind, OrderKind, ReconnectionReason
from csire_bridge.domain.work import WorkStep
from csire_bridge.lab.simulators.pki import DemoPki
from csire_bridge.pipeline.agreement.handler import AgreementHandler
from csire_bridge.pipeline.answer.acknowledge import Acknowledger, Parties
from csire_bridge.pipeline.answer.deliver import Deliverer
from csire_bridge.pipeline.execute.handler import ExecutionPolicy, Executor
from csire_bridge.pipeline.intake.handler import Intake
from csire_bridge.pipeline.intake.point_finder import PointFinder
from csire_bridge.pipeline.intake.receipt import Receipts
from csire_bridge.pipeline.intake.receive import Arrival, receive
from csire_bridge.pipeline.intake.verify import Verifier
from csire_bridge.pipeline.observe.head_end_events import take_events
from csire_bridge.pipeline.ports.head_end import HeadEnd
from csire_bridge.service.wiring.standard import Standard
from csire_bridge.store.database import Database
from csire_bridge.store.tables import metadata
from csire_bridge.store.unit_of_work import UnitOfWork
from csire_bridge.worker.work_loop import Handlers, Worker
from csire_bridge.xml.security.certificates.partner_book import PartnerBook
from tests.support.defaults import EXECUTION, INTAKE, LEASE, STEP_RULES
from tests.support.model.head_end import Crash, ModelHeadEnd, World

__all__ = ["POLICY", "CountingDatabase", "CrashingStore", "Mailbox", "ModelBridge", "Parts", "emptied"]

POLICY = replace(
    EXECUTION,
    disconnections_per_hour=3,
    circuit=replace(EXECUTION.circuit, threshold=3),
    retry=RetryPolicy(attempts=6),
)
_NUMBERS = {
    OrderKind.DISCONNECT: ("8.1.1.5", "8.1."),
    OrderKind.RECONNECT: ("8.2.1.6", "8.2."),
    OrderKind.AGREEMENT_START: ("1.1.1.6", "1.1."),
    OrderKind.AGREEMENT_END: ("1.4.1.4", "1.4."),
    OrderKind.PARAMETRISATION: ("2.2.1.11", "2.2."),
}


class CountingDatabase(Database):
    """The real database, which counts its transactions: between two of them nothing has to be read again."""

    commits = 0

    @contextmanager
    def transaction(self) -> Iterator[UnitOfWork]:
        """The same."""
        try:
            with super().transaction() as tx:
                yield tx
        finally:
            self.commits += 1


@dataclass
class CrashingStore:
    """The real store; ``crash_in`` transactions from now the process dies, just before or just after the commit."""

    database: Database
    crash_in: int | None = None
    after_commit: bool = False
    committed: Callable[[], None] = lambda: None

    @contextmanager
    def transaction(self) -> Iterator[UnitOfWork]:
        """A transaction that may be the last thing this process does."""
        dies = self.crash_in == 0
        self.crash_in = None if self.crash_in is None or dies else self.crash_in - 1
        with self.database.transaction() as tx:
            yield tx
            if dies and not self.after_commit:
                raise Crash("before a commit")
        self.committed()
        if dies:
            raise Crash("after a commit")

    def read_transaction(self) -> AbstractContextManager[UnitOfWork]:
        """What is committed."""
        return self.database.read_transaction()


@dataclass
class Mailbox:
    """The hub's side of the delivery: what has arrived, by message id. ``faults`` are those of the next deliveries."""

    got: dict[MessageId, list[bytes]] = field(default_factory=dict)
    faults: list[bool] = field(default_factory=list)
    """True: it arrives, but nobody hears so. False: it does not arrive."""

    def deliver(self, document: OutgoingDocument) -> Delivery:
        """Take a document."""
        arrives = self.faults.pop(0) if self.faults else None
        if arrives is False:
            raise PartnerUnreachable("the hub can't be reached")
        self.got.setdefault(document.message_id, []).append(document.document)
        if arrives:
            raise OutcomeUnknown("no answer from the hub")
        return Delivery("the hub")


@dataclass(frozen=True)
class Parts:
    """What does not change from one example to the next."""

    database: CountingDatabase
    standard: Standard
    pki: DemoPki
    role: str

    @classmethod
    def made(cls, database: CountingDatabase, pki: DemoPki) -> Parts:
        """Read schemas and mapping files once."""
        chosen = load_settings(environment=False)
        return cls(database, Standard.load(chosen), pki, chosen.sender_role)


_DELETIONS = [str(table.delete()) for table in reversed(metadata.sorted_tables)]


def emptied(database: Database) -> Database:
    """The database without a row in it, also where its triggers keep the audit."""
    with database.transaction() as tx:
        run = tx.connection.exec_driver_sql
        triggers = _triggers(tx.connection) if run("SELECT 1 FROM audit_days LIMIT 1").first() else []
        if triggers is None:
            run("SET LOCAL session_replication_role = replica")
        for name, _ in triggers or ():
            run(f"DROP TRIGGER {name}")
        for statement in _DELETIONS:
            run(statement)
        for _, statement in triggers or ():
            run(statement)
    return database


def _triggers(connection: Connection) -> list[tuple[str, str]] | None:
    """Name and statement of each trigger; None on PostgreSQL, where they can be passed over."""
    if connection.dialect.name == "postgresql":
        return None
    found = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
    return [(str(name), str(statement)) for name, statement in found]


class _ToldIntake(Intake):
    """Knows beforehand what each message means."""

    mail: dict[bytes, UnderstoodMessage]

    def judge(self, raw: bytes, now: datetime, *, judge_age: bool = True) -> UnderstoodMessage:
        return self.mail[raw]


def _nobody() -> PartnerBook:
    raise AssertionError("messages enter below the signature")


class ModelBridge:
    """A bridge whose processes may die at any moment. ``workers`` are those that live now."""

    def __init__(
        self,
        parts: Parts,
        world: World,
        head_end: ModelHeadEnd,
        policy: ExecutionPolicy = POLICY,
        finder: PointFinder | None = None,
    ) -> None:
        self.parts, self.world, self.head_end, self.policy, self.finder = parts, world, head_end, policy, finder
        self.store = CrashingStore(parts.database)
        self.mailbox = Mailbox()
        self.mail: dict[bytes, UnderstoodMessage] = {}
        self.workers = [self._worker(), self._worker()]

    def restart(self, which: int) -> None:
        """The process of a worker is another one: nothing that was in its memory is left."""
        self.store.crash_in = None
        self.head_end.clock = HeadEndClock()
        self.workers[which] = self._worker()

    def _worker(self) -> Worker:
        store, clock, jitter = self.store, self.world.bridge_clock, random.Random(0)  # noqa: S311 - spreads retries
        standard, pki = self.parts.standard, self.parts.pki
        key, head_end = pki.operator.signing, cast("HeadEnd", self.head_end)
        parties = Parties(pki.operator.eic, pki.hub.eic, self.parts.role)
        intake = _ToldIntake(
            store, Verifier(_nobody), standard.validator, standard.mapper, Receipts(key), pki.hub.eic, clock, INTAKE
        )
        intake.mail = self.mail
        steps: Handlers = {
            WorkStep.INTAKE: intake,
            WorkStep.EXECUTE: Executor(store, head_end, clock, self.policy, jitter, self.finder),
            WorkStep.PERFORM: AgreementHandler(store, head_end, lambda _: None, clock, self.policy, STEP_RULES, jitter),
            WorkStep.ACKNOWLEDGE: Acknowledger(store, standard.book, standard.catalogue, key, parties, clock),
            WorkStep.DELIVER: Deliverer(store, self.mailbox, clock, RetryPolicy(), jitter),
        }
        return Worker(store, steps, clock, batch=8, lease=LEASE, most_lapses=1000)  # processes die all the time

    def disconnect(self, point: MeteringPointCode, at: datetime, on: date | None) -> bytes:
        """A request to disconnect with the timestamp ``at``; returns its bytes."""
        return self._ask(OrderKind.DISCONNECT, point, at, on, disconnection_kind=DisconnectionKind.DEBT)

    def reconnect(self, point: MeteringPointCode, at: datetime, on: date | None, *, complaint: bool = False) -> bytes:
        """A request to connect with the timestamp ``at``; returns its bytes."""
        reason = ReconnectionReason.COMPLAINT if complaint else ReconnectionReason.REASON_GONE
        return self._ask(OrderKind.RECONNECT, point, at, on, reconnection_reason=reason)

    def _ask(
        self,
        kind: OrderKind,
        point: MeteringPointCode,
        at: datetime,
        on: date | None,
        disconnection_kind: DisconnectionKind | None = None,
        reconnection_reason: ReconnectionReason | None = None,
    ) -> bytes:
        request = OrderRequest(
            kind=kind,
            process_instance=ProcessInstanceId.new(),
            metering_point=point,
            requested_date=on,
            disconnection_kind=disconnection_kind,
            reconnection_reason=reconnection_reason,
        )
        return self._send(*_NUMBERS[kind], at, request)

    def ask(self, request: OrderRequest, at: datetime) -> bytes:
        """Any request, with the timestamp ``at``; returns its bytes."""
        return self._send(*_NUMBERS[request.kind], at, request)

    def end_process(self, process: ProcessInstanceId | None) -> bytes:
        """The hub ends a process by force."""
        notice = SpecialNotice(kind=SpecialKind.PROCESS_ENDED, process_instance=process)
        return self._send("S", "1.1.", self.world.now, notice)

    def tell_danger(self, point: MeteringPointCode, danger: bool) -> bytes:
        """The hub tells whether the need to cut the supply because of danger is registered (PL-278)."""
        return self.tell(point, danger_registered=danger)

    def tell(self, point: MeteringPointCode, **facts: object) -> bytes:
        """The hub tells facts of a point that hold from today."""
        update = RegistryUpdate(
            process_instance=ProcessInstanceId.new(),
            metering_point=point,
            effective_date=self.world.now.astimezone(WARSAW).date(),
            **facts,  # type: ignore[arg-type]
        )
        return self._send("3.1.1.1", "3.1.", self.world.now, update)

    def _send(self, number: str, process: str, at: datetime, reading: Request) -> bytes:
        message_id = MessageId.new()
        raw = f"<message id='{message_id}'/>".encode()
        hub, own = str(self.parts.pki.hub.eic), str(self.parts.pki.operator.eic)
        header = Header(
            message_id=message_id,
            answers=None,
            message_type="",
            number=MessageNumber(number),
            process=process,
            timestamp=at,
            physical_sender=hub,
            juridical_sender=hub,
            physical_recipient=own,
            juridical_recipient=own,
            sender_role="",
            retroactive_token=None,
        )
        self.mail[raw] = UnderstoodMessage(header, reading, hashlib.sha256(raw).hexdigest())
        self.receive(raw)
        return raw

    def receive(self, raw: bytes) -> None:
        """The bytes arrive at a door, for the first time or again."""
        receive(self.parts.database, Channel.QUEUE, [Arrival("a model", raw)], self.world.bridge_clock)

    def deliver(self, event: HeadEndEvent) -> None:
        """An event of the head-end system arrives."""
        take_events(self.parts.database, self.world.bridge_clock, [(b"<event/>", event)])
        self.head_end.delivered(event)

    def stall(self, which: int) -> Callable[[], None]:
        """A worker takes work and then hangs; the result lets it go on."""
        worker = self.workers[which]
        lease = worker.lease()
        with self.store.transaction() as tx:
            items = tx.work.lease(tuple(WorkStep), self.world.bridge_clock(), lease, 8)
        return lambda: worker.carry_on(items, lease)
