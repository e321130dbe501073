"""How much waits, and how long, as numbers for metrics: cheap queries over what is open, never over all orders."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, case, func, select

from csire_bridge.domain.metering_point.guards import CAP_WINDOW
from csire_bridge.domain.operations.alerts import AlertKind
from csire_bridge.domain.work import WorkStep
from csire_bridge.store.connection.size import database_bytes
from csire_bridge.store.tables import FOR_A_PERSON, alerts, circuits, orders, work
from csire_bridge.store.unit_of_work import UnitOfWork

__all__ = ["GaugeValue", "read_gauges"]

_OF_ORDERS = (WorkStep.EXECUTE.value, WorkStep.PERFORM.value)
_WAITING = work.c.parked.is_(False)


@dataclass(frozen=True, slots=True)
class GaugeValue:
    """The value of a metric of the catalogue; ``labels`` are the values of its labels, in their order."""

    name: str
    value: float
    labels: tuple[str, ...] = ()


def read_gauges(connection: Connection, now: datetime, cap: int) -> Iterator[GaugeValue]:
    """Every gauge that the database knows, at ``now`` (UTC); ``cap`` is that of the settings."""
    yield from _work(connection, now)
    yield from _orders(connection)
    yield from _alerts(connection)
    yield from _guards(connection, now, cap)
    for name, size in database_bytes(connection).items():
        yield GaugeValue(f"csire_bridge_database_{name}", size)


def _work(connection: Connection, now: datetime) -> Iterator[GaugeValue]:
    w = work.c
    is_due = case((w.due_at <= now, 1), else_=0)
    facts = (func.count(), func.sum(is_due), func.min(w.due_at, type_=w.due_at.type))
    waiting = {row[0]: row[1:] for row in connection.execute(select(w.step, *facts).where(_WAITING).group_by(w.step))}
    counts = select(w.step, func.count()).where(w.parked.is_(True)).group_by(w.step)
    parked = {row[0]: row[1] for row in connection.execute(counts)}
    for step in WorkStep:
        count, due, oldest = waiting.get(step.value, (0, 0, None))
        late = max((now - oldest).total_seconds(), 0.0) if oldest else 0.0
        labels = (step.value,)
        yield GaugeValue("csire_bridge_work_due", int(due), labels)
        yield GaugeValue("csire_bridge_work_later", count - int(due), labels)
        yield GaugeValue("csire_bridge_work_parked", parked.get(step.value, 0), labels)
        yield GaugeValue("csire_bridge_work_oldest_seconds", late, labels)


def _orders(connection: Connection) -> Iterator[GaugeValue]:
    """Orders with open work, and those that wait for a person, which have none."""
    o, count = orders.c, func.count()
    under_way = (
        select(o.state, func.coalesce(o.waits_for, "none"), count)
        .join(work, work.c.subject == o.key)
        .where(_WAITING, work.c.step.in_(_OF_ORDERS))
        .group_by(o.state, o.waits_for)
    )
    for_a_person = select(o.state, count).where(FOR_A_PERSON).group_by(o.state)
    found = {(state, reason): number for state, reason, number in connection.execute(under_way)}
    found |= {(state, "person"): number for state, number in connection.execute(for_a_person)}
    for labels, number in found.items():
        yield GaugeValue("csire_bridge_orders_open", number, labels)


def _alerts(connection: Connection) -> Iterator[GaugeValue]:
    counts = select(alerts.c.kind, func.count()).where(alerts.c.closed_at.is_(None)).group_by(alerts.c.kind)
    found = {row[0]: row[1] for row in connection.execute(counts)}
    for kind in AlertKind:
        yield GaugeValue("csire_bridge_alerts_open", found.get(kind.value, 0), (kind.value,))


def _guards(connection: Connection, now: datetime, cap: int) -> Iterator[GaugeValue]:
    tx = UnitOfWork(connection)
    yield GaugeValue("csire_bridge_stop_switch", float(tx.guards.stop() is not None))
    yield GaugeValue("csire_bridge_cap_limit", cap + tx.guards.allowed(now))
    yield GaugeValue("csire_bridge_cap_used", tx.neighbours.disconnections_given(now - CAP_WINDOW))
    opened = select(func.count()).select_from(circuits).where(circuits.c.opened_at.is_not(None))
    yield GaugeValue("csire_bridge_circuit_open", float(connection.execute(opened).scalar_one() > 0))
