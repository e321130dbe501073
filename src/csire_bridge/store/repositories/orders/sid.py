"""SID's order numbers and what SID is told, within one transaction.

Reports are written where an order's state changes, in the same transaction, so that none can be forgotten.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, Row, bindparam, exists, func, insert, select, update

from csire_bridge.domain.message.documents import DocumentState
from csire_bridge.domain.message.sid import Report, ReportKind, SidNumber, SidOrder, SidStatus, SidWithdrawal, status_of
from csire_bridge.domain.order.order import Order, OrderState
from csire_bridge.domain.work import WorkStep
from csire_bridge.store.connection.dialects import insert_new, take_turns
from csire_bridge.store.scheduling.work_queue import WorkQueue
from csire_bridge.store.sql.array_parameter import any_of
from csire_bridge.store.sql.insert_returning_keys import add_rows
from csire_bridge.store.sql.row_mapper import from_row, from_rows, to_row
from csire_bridge.store.tables import FOR_A_PERSON, orders, sid_orders, sid_reports, sid_withdrawals

__all__ = ["SidBook", "tell_moves"]

_COLUMNS = [c for c in sid_reports.c if c.name in Report.__dataclass_fields__]
_KNOWN = select(sid_orders).where(any_of(sid_orders.c.number, "numbers"))
_BEHIND = (
    select(sid_orders)
    .where(any_of(sid_orders.c.order, "orders"), sid_orders.c.withdrawn_at.is_(None))
    .order_by(sid_orders.c.key)
)
_SAID = (
    select(sid_reports.c.number, func.max(sid_reports.c.sequence))
    .where(
        any_of(sid_reports.c.number, "numbers"),
        sid_reports.c.kind == ReportKind.STATUS.value,
    )
    .group_by(sid_reports.c.number)
)
_LATEST = (
    select(*_COLUMNS)
    .where(sid_reports.c.number == bindparam("number"), sid_reports.c.kind == ReportKind.STATUS.value)
    .order_by(sid_reports.c.sequence.desc())
    .limit(1)
)
_MANY = select(*_COLUMNS).where(any_of(sid_reports.c.key, "keys"))
_HANDED_OVER = exists().where(
    sid_reports.c.order == orders.c.key,
    sid_reports.c.kind == ReportKind.FIELD_WORK.value,
    sid_reports.c.sequence == orders.c.version,
)
_NOT_HANDED_OVER = (
    select(orders)
    .where(FOR_A_PERSON, orders.c.state == OrderState.FIELD_WORK.value, ~_HANDED_OVER)
    .order_by(orders.c.key)
    .limit(100)
)


_EARLIER = sid_reports.alias("earlier")
_BEHIND_OTHERS = select(sid_reports.c.key).where(
    any_of(sid_reports.c.key, "keys"),
    exists().where(
        _EARLIER.c.number == sid_reports.c.number,
        _EARLIER.c.key < sid_reports.c.key,
        _EARLIER.c.state == DocumentState.PENDING.value,
    ),
)
_NEXT_OF = select(_EARLIER.c.key).where(
    _EARLIER.c.state == DocumentState.PENDING.value,
    _EARLIER.c.number.in_(select(sid_reports.c.number).where(any_of(sid_reports.c.key, "keys"))),
)


class SidBook:
    """Numbers and reports within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def known(self, number: SidNumber) -> SidOrder | None:
        """What is known under that number."""
        row = self._connection.execute(_KNOWN, {"numbers": [str(number)]}).one_or_none()
        return None if row is None else _sid_order(row)

    def behind(self, order_keys: Sequence[int]) -> dict[int, list[SidOrder]]:
        """The SID numbers of each of these orders that were not withdrawn."""
        found: defaultdict[int, list[SidOrder]] = defaultdict(list)
        if order_keys:
            for row in self._connection.execute(_BEHIND, {"orders": list(order_keys)}):
                found[row.order].append(_sid_order(row))
        return found

    def add(self, new: SidOrder, order: Order) -> None:
        """Store a number, and report its order's state to SID; raises StaleWrite if another worker was first."""
        self._connection.execute(insert(sid_orders).values(to_row(new, "key")))
        self.queue_reports([(order, [new])], new.taken_at)

    def lock(self, numbers: Sequence[SidNumber]) -> None:
        """Lock these numbers until this transaction ends, whether they are known or not."""
        for number in sorted(set(numbers)):
            take_turns(self._connection, f"SID's order {number}")

    def keep_withdrawal(self, asked: SidWithdrawal, message: int, at: datetime) -> None:
        """Keep a withdrawal that came before its order; the first one stays."""
        row = {"number": str(asked.number), "message": message, "text": asked.text, "at": at}
        insert_new(self._connection, sid_withdrawals, row)

    def kept_withdrawal(self, number: SidNumber) -> SidWithdrawal | None:
        """The kept withdrawal for that number, if one came before its order."""
        query = select(sid_withdrawals.c.number, sid_withdrawals.c.text).where(sid_withdrawals.c.number == str(number))
        row = self._connection.execute(query).one_or_none()
        return None if row is None else SidWithdrawal(SidNumber(row.number), row.text)

    def withdraw(self, known: SidOrder, at: datetime) -> None:
        """Withdraw the number from its order."""
        self._connection.execute(update(sid_orders).where(sid_orders.c.key == known.key).values(withdrawn_at=at))

    def latest(self, number: SidNumber) -> Report | None:
        """The newest report on an order, delivered or not."""
        row = self._connection.execute(_LATEST, {"number": str(number)}).one_or_none()
        return None if row is None else _report(row)

    def queue_reports(
        self, standing: Sequence[tuple[Order, Sequence[SidOrder]]], at: datetime, status: SidStatus | None = None
    ) -> None:
        """Write a report for each number of each order, and the work of delivering it; ``status`` replaces the order's.

        Raises ValueError for an order that claims to be done without a confirmed movement.
        """
        pairs = [(order, source) for order, sources in standing for source in sources]
        if not pairs:
            return
        numbers = [str(source.number) for _, source in pairs]
        said = {row[0]: row[1] for row in self._connection.execute(_SAID, {"numbers": numbers})}
        reports = [
            Report.of(str(uuid.uuid4()), order, source, said.get(source.number, 0) + 1, at) for order, source in pairs
        ]
        self._write([replace(report, status=status or report.status) for report in reports], at)

    def not_handed_over(self) -> list[Order]:
        """Orders in field work that SID was not told of yet; once for each time that they entered field work."""
        rows = self._connection.execute(_NOT_HANDED_OVER)
        return list(from_rows(Order, rows))

    def hand_over(self, order: Order, number: SidNumber | None, at: datetime, text: str | None) -> None:
        """Write the report that field work is needed, with its delivery; raises StaleWrite if that was done already."""
        report = Report(
            key=0,
            report_id=str(uuid.uuid5(uuid.NAMESPACE_OID, f"field work {order.key} {order.version}")),
            kind=ReportKind.FIELD_WORK,
            order=order.key,
            number=number,
            sequence=order.version,
            status=SidStatus.FIELD_WORK,
            at=at,
            registered_at=order.registered_at,
            meter=order.meter,
            text=text,
        )
        self._write([report], at)

    def _write(self, reports: Sequence[Report], at: datetime) -> None:
        keys = add_rows(self._connection, sid_reports, [to_row(report, "key") for report in reports])
        WorkQueue(self._connection).add(WorkStep.REPORT, keys, at)

    def reports(self, keys: Sequence[int]) -> dict[int, Report]:
        """The reports of ``keys``."""
        rows = self._connection.execute(_MANY, {"keys": list(keys)}) if keys else ()
        return {row.key: _report(row) for row in rows}

    def behind_others(self, keys: Sequence[int]) -> set[int]:
        """Those of these reports that must wait for an earlier report on the same number."""
        return set(self._connection.execute(_BEHIND_OTHERS, {"keys": list(keys)}).scalars())

    def next_of(self, keys: Sequence[int]) -> list[int]:
        """The waiting reports on the same numbers as these."""
        return list(self._connection.execute(_NEXT_OF, {"keys": list(keys)}).scalars())

    def keep(self, report: Report, document: bytes) -> Report:
        """Store the bytes that are sent at every attempt."""
        self._set(report.key, document=document)
        return replace(report, document=document)

    def delivered(self, key: int, at: datetime, answer: bytes) -> None:
        """Record that SID has the report; ``answer`` are the bytes of its answer."""
        self._set(key, state=DocumentState.DELIVERED.value, delivered_at=at, partner_answer=answer)

    def park(self, key: int) -> None:
        """Park a report that SID refuses; it waits for a person."""
        self._set(key, state=DocumentState.PARKED.value)

    def release(self, keys: Sequence[int]) -> None:
        """Make parked reports due again, with the same bytes."""
        parked = sid_reports.c.key.in_(keys) & (sid_reports.c.state == DocumentState.PARKED.value)
        self._connection.execute(update(sid_reports).where(parked).values(state=DocumentState.PENDING.value))

    def _set(self, key: int, **values: object) -> None:
        self._connection.execute(update(sid_reports).where(sid_reports.c.key == key).values(values))


def tell_moves(connection: Connection, moves: Sequence[tuple[Order, Order, str]], at: datetime) -> None:
    """Write a report for every SID order whose status, in the terms of SID's contract, has changed."""
    changed = {after.key: after for before, after, _ in moves if status_of(before.state) != status_of(after.state)}
    if changed:
        book = SidBook(connection)
        behind = book.behind(list(changed))
        book.queue_reports([(changed[key], sources) for key, sources in behind.items()], at)


def _sid_order(row: Row[tuple[object, ...]]) -> SidOrder:
    return from_row(SidOrder, row)


def _report(row: Row[tuple[object, ...]]) -> Report:
    return from_row(Report, row)
