"""One way through the gates, and what one gate says of one order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from csire_bridge.domain.identifiers import MeteringPointCode, MeterNumber
from csire_bridge.domain.metering_point.facts import MeteringPoint
from csire_bridge.domain.metering_point.holds import Hold
from csire_bridge.domain.order.order import Order, WaitsFor
from csire_bridge.domain.work import WorkItem
from csire_bridge.pipeline.orders.order_changes import OrderChanges
from csire_bridge.pipeline.ports.store import Transaction

__all__ = ["LONGEST_WAIT", "GateAnswer", "Pair", "Ready", "Round", "gate_answer"]

LONGEST_WAIT = timedelta(hours=6)
"""After this time at the latest an order that waits for days is looked at again: rules and facts may have changed."""

Pair = tuple[WorkItem, Order]
Ready = tuple[WorkItem, Order, MeterNumber]
"""An order that passed a gate, with its work and the meter for its command."""


@dataclass(frozen=True, slots=True)
class GateAnswer:
    """What one gate says of one order. ``until`` (UTC): when the order is looked at again; None: never, or at once."""

    gate: str
    passes: bool
    text: str = ""
    until: datetime | None = None
    waits_for: WaitsFor | None = None


class Round:
    """One way through the gates: the transaction, the changes, and what is known of the points."""

    def __init__(self, tx: Transaction, changes: OrderChanges) -> None:
        self.tx, self.changes = tx, changes
        self._points: dict[MeteringPointCode, MeteringPoint] | None = None

    def points(self, new: Sequence[Pair] | Sequence[Ready]) -> Mapping[MeteringPointCode, MeteringPoint]:
        """The points of the orders that came as far as here; read once, for the first gate that asks."""
        if self._points is None:
            self._points = self.tx.points.of([about[1].metering_point for about in new], self.changes.now)
        return self._points

    def holds(self, new: Sequence[Pair]) -> Mapping[MeteringPointCode, Sequence[Hold]]:
        """The holds at the points of these orders."""
        return self.tx.guards.holds_of([order.metering_point for _, order in new], self.changes.now)


def gate_answer(gate: str, there: Round, passes: bool) -> GateAnswer:
    """The gate's answer, out of what it wrote down about the one order that it was asked for."""
    if passes:
        return GateAnswer(gate, True, "; ".join(text for _, text in there.changes.notes))
    changes = there.changes
    texts = [text for _, _, text in (*changes.waiting, *changes.moves)]
    if changes.unknown:
        texts.append("the metering point is not known: SID is asked")
    until = [due for _, due, _ in changes.postponed]
    waits_for = next((reason for _, reason, _ in changes.waiting), None)
    return GateAnswer(gate, False, "; ".join(texts), min(until) if until else None, waits_for)
