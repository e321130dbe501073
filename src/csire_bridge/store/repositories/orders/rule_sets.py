"""Rule sets of the configurator within one transaction, and the orders that a preview looks at."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select, update

from csire_bridge.domain.errors import ActionRefused, StaleWrite
from csire_bridge.domain.identifiers import MeteringPointCode
from csire_bridge.domain.order.order import OrderState
from csire_bridge.domain.protection import Protection
from csire_bridge.domain.rules.model import RuleDraft, RuleSetVersion
from csire_bridge.domain.rules.preview import PastOrder, WaitingOrder
from csire_bridge.domain.work import WorkStep
from csire_bridge.store.sql.row_mapper import from_row, from_rows, to_row
from csire_bridge.store.tables import NOT_DONE, metering_points, orders, rule_drafts, rule_sets, work

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

    def drafts(self) -> list[RuleDraft]:
        """Every draft, the newest first."""
        rows = self._connection.execute(select(rule_drafts).order_by(rule_drafts.c.changed_at.desc()))
        return list(from_rows(RuleDraft, rows))

    def draft(self, key: int) -> RuleDraft:
        """A draft; raises ActionRefused where there is none."""
        row = self._connection.execute(select(rule_drafts).where(rule_drafts.c.key == key)).one_or_none()
        if row is None:
            raise _no_draft(key)
        return from_row(RuleDraft, row)

    def add_draft(self, draft: RuleDraft) -> int:
        """Write a draft (its ``key`` is ignored); return its key."""
        new = insert(rule_drafts).returning(rule_drafts.c.key)
        key: int = self._connection.execute(new, to_row(draft, "key")).scalar_one()
        return key

    def change_draft(self, draft: RuleDraft) -> None:
        """Write another content; raises StaleWrite if the draft has another version now, or is gone."""
        same = (rule_drafts.c.key == draft.key) & (rule_drafts.c.version == draft.version)
        values = to_row(draft, "key") | {"version": draft.version + 1}
        if not self._connection.execute(update(rule_drafts).where(same).values(values)).rowcount:
            raise StaleWrite(f"draft {draft.key} of rules was changed by somebody else", "read it again, then decide")

    def delete_draft(self, key: int) -> None:
        """Throw it away; raises ActionRefused where there is none."""
        if not self._connection.execute(delete(rule_drafts).where(rule_drafts.c.key == key)).rowcount:
            raise _no_draft(key)


def _no_draft(key: int) -> ActionRefused:
    return ActionRefused(f"there is no draft {key} of rules", "it was entered or thrown away; look at the list")


def waiting_orders(connection: Connection, most: int) -> Iterator[WaitingOrder]:
    """The orders that were not given to the head-end system, oldest first; ``most`` of them."""
    query = select(orders).where(orders.c.state == OrderState.REGISTERED.value, NOT_DONE).order_by(orders.c.key)
    yield from from_rows(WaitingOrder, connection.execute(query.limit(most)))


def protections_where_orders_wait(connection: Connection) -> dict[MeteringPointCode, Protection]:
    """What is known of the protection of households at whose points orders wait."""
    points, waiting = metering_points.c, orders.c.state == OrderState.REGISTERED.value
    query = select(points.code, points.protection).join(orders, orders.c.metering_point == points.code)
    found = connection.execute(query.where(waiting, NOT_DONE, points.protection.is_not(None)))
    return {MeteringPointCode(row.code): Protection(row.protection) for row in found}


def past_orders(connection: Connection, since: datetime, step: int = 1) -> Iterator[PastOrder]:
    """The executed orders that were registered at or after ``since`` (UTC); those whose key ``step`` divides."""
    query = (
        select(orders)
        .where(
            orders.c.state == OrderState.DONE.value,
            orders.c.executed_at.is_not(None),
            orders.c.registered_at >= since,
            orders.c.key % step == 0,
        )
        .order_by(orders.c.registered_at)
    )
    yield from from_rows(PastOrder, connection.execute(query))
