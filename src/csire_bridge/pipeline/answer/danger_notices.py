"""The hub is told that the supply is back after danger only if it was told of the cut, and after that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from csire_bridge.domain.message.documents import DocumentState, OutgoingDocument
from csire_bridge.domain.order.order import Order, OrderState
from csire_bridge.domain.order.requests.operators_own import is_danger_end
from csire_bridge.pipeline.ports.store import Transaction

__all__ = ["overtaking", "told_of"]

_ON_ITS_WAY = (DocumentState.PENDING, DocumentState.PARKED)


def told_of(tx: Transaction, orders: Mapping[int, Order]) -> Mapping[int, Order]:
    """The orders; those that end a cut which was never done have no process of the hub, so nothing is told of them.

    A cut that was lifted while its command was under way may have ended without effect.
    """
    ends = [key for key, order in orders.items() if is_danger_end(order)]
    if not ends:
        return orders
    cuts = tx.danger_cuts.ended_by(ends)
    cutting = tx.orders.get_many([cut.order for ended in cuts.values() for cut in ended])
    silent = [key for key in ends if not any(_done(cutting.get(cut.order)) for cut in cuts.get(key, ()))]
    return {key: replace(order, process_instance=None) if key in silent else order for key, order in orders.items()}


def overtaking(tx: Transaction, documents: Iterable[OutgoingDocument]) -> frozenset[int]:
    """The keys of those that end a cut whose own notice (8.3.1.1) has not reached the hub: they wait for it."""
    of_order = {document.order: document.key for document in documents}
    ended = tx.danger_cuts.ended_by(list(of_order))
    return frozenset(
        of_order[end]
        for end, cuts in ended.items()
        if any(notice.state in _ON_ITS_WAY for cut in cuts for notice in tx.outbox.of_order(cut.order))
    )


def _done(order: Order | None) -> bool:
    return order is not None and order.state is OrderState.DONE
