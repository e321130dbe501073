"""What the pipeline needs of the rooms around it, each as small as it gets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from csire_bridge.domain.contactor import ContactorCommand, ContactorReading, HeadEndEvent
from csire_bridge.domain.documents import DocumentState, OutgoingDocument
from csire_bridge.domain.identifiers import MessageId, MeteringPointCode, MeterNumber, ProcessInstanceId
from csire_bridge.domain.messages import Channel, RawMessage, SettledMessage, TakenId
from csire_bridge.domain.orders import Order, OrderState
from csire_bridge.domain.registry import MeteringPoint
from csire_bridge.domain.work import Lease, WorkItem, WorkStep

__all__ = [
    "DeliveryChannel",
    "HeadEnd",
    "HeadEndEvents",
    "Journal",
    "OrderBook",
    "Outbox",
    "PointRegistry",
    "Store",
    "Transaction",
    "WorkQueue",
]


class Journal(Protocol):
    """Raw messages, their histories, and taken ids."""

    def add(self, channel: Channel, received_at: datetime, arrivals: Sequence[tuple[str, bytes, str]]) -> list[int]: ...
    def raw(self, keys: Sequence[int]) -> list[RawMessage]: ...
    def taken(self, ids: Iterable[MessageId]) -> dict[MessageId, TakenId]: ...
    def take(self, rows: Sequence[tuple[MessageId, int, str]]) -> None: ...
    def settle(self, rows: Sequence[SettledMessage]) -> None: ...
    def note(self, events: Iterable[tuple[object, datetime, str, str]]) -> None: ...


class OrderBook(Protocol):
    """Orders and their histories."""

    def add(self, new: Sequence[Order], at: datetime) -> list[int]: ...
    def get(self, key: int) -> Order: ...
    def by_correlation(self, correlation_id: str) -> Order | None: ...
    def open_of_process(self, process: ProcessInstanceId) -> list[Order]: ...
    def move(self, order: Order, state: OrderState, at: datetime, text: str, **facts: object) -> Order: ...
    def note(self, key: int, state: OrderState, at: datetime, text: str) -> None: ...


class PointRegistry(Protocol):
    """Metering points."""

    def get(self, code: MeteringPointCode) -> MeteringPoint | None: ...
    def put(self, point: MeteringPoint) -> None: ...
    def switched(self, code: MeteringPointCode, connected: bool, at: datetime) -> None: ...


class Outbox(Protocol):
    """Signed documents."""

    def add(self, document: OutgoingDocument) -> int: ...
    def get(self, key: int) -> OutgoingDocument: ...
    def by_message_id(self, message_id: MessageId) -> OutgoingDocument | None: ...
    def delivered(self, key: int, at: datetime, place: str) -> None: ...
    def park(self, key: int, at: datetime, why: str) -> None: ...
    def result(self, key: int, at: datetime, state: DocumentState, code: str, text: str | None) -> None: ...


class HeadEndEvents(Protocol):
    """What the head-end system told."""

    def add(self, raw: bytes, event: HeadEndEvent, received_at: datetime, order: int | None) -> None: ...
    def latest(self, order: int, correlation_id: str) -> HeadEndEvent | None: ...


class WorkQueue(Protocol):
    """Due work and leases."""

    def add(
        self,
        step: WorkStep,
        subjects: Sequence[int],
        due_at: datetime | Sequence[datetime],
        *,
        priority: int | Sequence[int] = 10,
        lease: Lease | None = None,
    ) -> list[WorkItem]: ...
    def lease(self, steps: Sequence[WorkStep], now: datetime, lease: Lease, limit: int) -> list[WorkItem]: ...
    def finish(self, keys: Sequence[int]) -> None: ...
    def postpone(self, key: int, due_at: datetime, *, failed: str | None = None) -> None: ...
    def park(self, key: int, why: str) -> None: ...
    def hasten(self, step: WorkStep, subject: int, now: datetime) -> None: ...
    def drop(self, step: WorkStep, subject: int) -> None: ...


class Transaction(Protocol):
    """Everything that changes together."""

    @property
    def messages(self) -> Journal: ...
    @property
    def orders(self) -> OrderBook: ...
    @property
    def points(self) -> PointRegistry: ...
    @property
    def outbox(self) -> Outbox: ...
    @property
    def head_end(self) -> HeadEndEvents: ...
    @property
    def work(self) -> WorkQueue: ...


class Store(Protocol):
    """Opens transactions: committed at the end, rolled back by any exception."""

    def transaction(self) -> AbstractContextManager[Transaction]: ...


class HeadEnd(Protocol):
    """The head-end system. ``submit`` returns when it has *accepted* a command, which is never "switched".

    Raises HeadEndUnreachable, HeadEndRefused or OutcomeUnknown.
    """

    def submit(self, command: ContactorCommand) -> None: ...
    def read_contactor(self, meter: MeterNumber) -> ContactorReading: ...
    def cancel(self, command: ContactorCommand) -> None: ...


class DeliveryChannel(Protocol):
    """Takes a signed document to its receiver; the same bytes at every try.

    Returns where it went. Raises PartnerUnreachable, PartnerRefused or OutcomeUnknown.
    """

    def deliver(self, document: OutgoingDocument) -> str: ...
