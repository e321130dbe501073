"""Orders that waited for something which a person has removed."""

from __future__ import annotations

from collections.abc import Sequence

from csire_bridge.domain.identifiers import MeteringPointCode
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.order.order import Order, WaitsFor
from csire_bridge.domain.work import WorkStep
from csire_bridge.pipeline.ports.store import Transaction

__all__ = ["go_on"]


def go_on(
    tx: Transaction, point: MeteringPointCode, reason: WaitsFor, what: str, act: OperatorAction
) -> Sequence[Order]:
    """Let the orders at a point go on that waited for ``reason``, with ``what`` in their history; return them.

    All that wait at the point are looked at again, because one may have waited for another.
    """
    keys = tx.neighbours.waiting_at([point])
    waited = [order for order in tx.orders.get_many(keys).values() if order.waits_for is reason]
    text = act.history_line(what)
    tx.orders.note_all([(order.key, order.state, text) for order in waited], act.at)
    tx.work.wake(WorkStep.EXECUTE, keys, act.at)
    return waited
