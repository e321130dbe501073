"""Meters that are reserved until the end of a command whose order is done; released once it is proved to have run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from csire_bridge.domain.order.requests.related import RelatedOrder, has_run
from csire_bridge.pipeline.ports.store import Transaction

__all__ = ["released"]


def released(tx: Transaction, near: Sequence[RelatedOrder]) -> list[RelatedOrder]:
    """``near`` without the reservations of commands that are proved to have run.

    It is judged anew each time and not written down: an event may be stored while its order is being made done, so that
    neither of the two transactions sees what the other writes.
    """
    doubted = [order for order in near if order.may_run_until is not None]
    if not doubted:
        return list(near)
    events = tx.head_end.latest_of([(o.key, o.correlation_id) for o in doubted if o.correlation_id is not None])
    known = tx.contactors.of([order.meter for order in doubted])
    ran = {order.key for order in doubted if has_run(order, events.get(order.key), known.get(order.meter))}
    return [replace(order, may_run_until=None) if order.key in ran else order for order in near]
