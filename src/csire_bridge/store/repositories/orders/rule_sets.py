"""Rule sets of the configurator within one transaction, and the orders that a preview looks at."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Connection, func, insert, select, update

from csire_bridge.domain.identifiers import MeteringPointCode
from csire_bridge.domain.order.order import OrderState
from csire_bridge.domain.protection import Protection
from csire_bridge.domain.rules.model import RuleSetVersion
from csire_bridge.domain.rules.preview import PastOrder, WaitingOrder
from csire_bridge.domain.work import WorkStep
from csire_bridge.store.sql.row_mapper import from_rows, to_row
from csire_bridge.store.tables import metering_points, orders, rule_sets, work

__all__ = ["RuleSets", "past_orders", "waiting_orders"]


class RuleSets:
    """Rule sets as people entered them. Nothing is ever changed or deleted; a mistake is corrected by a new one."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def count(self) -> int:
        """How many were entered; grows with every commit, and is a cheap query."""
        return self._connection.execute(select(func.count()).select_from(rule_sets)).scalar_one()

    def versions(self) -> list[RuleSetVersion]:
        """Every one, in the order in which they were entered."""
        rows = self._connection.execute(select(rule_sets).order_by(rule_sets.c.key))
        return list(from_rows(RuleSetVersion, rows))

    def enter(self, version: RuleSetVersion) -> int:
        """Write a rule set (its ``key`` is ignored); return its key.

        Orders that wait for an hour after ``valid_from`` become due at ``valid_from``, because the new rules may permit
        them earlier. Orders that wait for their date stay as they are.
        """
        row = to_row(version, "key")
        key: int = self._connection.execute(insert(rule_sets).returning(rule_sets.c.key), row).scalar_one()
        held_back = (OrderState.REGISTERED.value, OrderState.IN_STEPS.value)
        waiting = select(orders.c.key).where(orders.c.state.in_(held_back), orders.c.not_before <= version.valid_from)
        again = update(work).where(
            work.c.step.in_((WorkStep.EXECUTE.value, WorkStep.PERFORM.value)),
            work.c.subject.in_(waiting),
            work.c.due_at > version.valid_from,
        )
        self._connection.execute(again.values(due_at=version.valid_from))
        return key


def waiting_orders(connection: Connection) -> Iterator[WaitingOrder]:
    """The orders that were not given to the head-end system, oldest first."""
    query = select(orders).where(orders.c.state == OrderState.REGISTERED.value).order_by(orders.c.key)
    yield from from_rows(WaitingOrder, connection.execute(query))


def protections_where_orders_wait(connection: Connection) -> dict[MeteringPointCode, Protection]:
    """What is known of the protection of households at whose points orders wait."""
    points, waiting = metering_points.c, orders.c.state == OrderState.REGISTERED.value
    query = select(points.code, points.protection).join(orders, orders.c.metering_point == points.code)
    found = connection.execute(query.where(waiting, points.protection.is_not(None)))
    return {MeteringPointCode(row.code): Protection(row.protection) for row in found}


def past_orders(connection: Connection, since: datetime) -> Iterator[PastOrder]:
    """The executed orders that were registered at or after ``since`` (UTC), oldest first."""
    query = (
        select(orders)
        .where(
            orders.c.state == OrderState.DONE.value,
            orders.c.executed_at.is_not(None),
            orders.c.registered_at >= since,
        )
        .order_by(orders.c.key)
    )
    yield from from_rows(PastOrder, connection.execute(query))
