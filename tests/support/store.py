"""Facts and short words for tests of the store."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import Table, func, select

from csire_bridge.domain.identifiers import Eic, MessageId, MessageNumber, MeteringPointCode, ProcessInstanceId
from csire_bridge.domain.message.documents import DocumentState, OutgoingDocument
from csire_bridge.domain.order.order import Order, OrderKind, OrderState
from csire_bridge.domain.work import Lease, WorkItem, WorkStep
from csire_bridge.store.database import Database

HUB = Eic.parse("10XPL-TSO------P")
NOW = datetime(2026, 11, 23, 9, 0, 0, 123456, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
CODE = MeteringPointCode("590243856287817706")
PROCESS = ProcessInstanceId("40f29226-57d2-43d4-8ed1-b2b2a1e308b9")
STEPS = tuple(WorkStep)


def count(database: Database, table: Table) -> int:
    with database.reading() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def order(**changes: object) -> Order:
    base = Order(
        key=0,
        kind=OrderKind.DISCONNECT,
        state=OrderState.REGISTERED,
        metering_point=CODE,
        process_instance=PROCESS,
        source_message=MessageId.new(),
        source_sender=HUB,
        source_number=MessageNumber("8.1.1.5"),
        registered_at=NOW - MINUTE,
        not_before=NOW,
        version=1,
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def add_order(database: Database, **changes: object) -> Order:
    with database.transaction() as tx:
        (key,) = tx.orders.add([order(**changes)], NOW)
        return tx.orders.get(key)


def document(order_key: int, **changes: object) -> OutgoingDocument:
    base = OutgoingDocument(
        key=0,
        order=order_key,
        number=MessageNumber("8.1.1.11"),
        message_id=MessageId.new(),
        document=b"<signed/>\x00\xff",
        sha256="ab" * 32,
        state=DocumentState.PENDING,
        created_at=NOW,
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def lease(database: Database, owner: str, now: datetime, limit: int = 10, length: timedelta = MINUTE) -> list[WorkItem]:
    with database.transaction() as tx:
        return tx.work.lease(STEPS, now, Lease.starting(owner, now, length), limit)
