"""Notes that people write on orders, for whoever looks at them next."""

from __future__ import annotations

from csire_bridge.domain.errors import ActionRefused
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.order.notes import MOST_NOTES, Note, checked_note
from csire_bridge.domain.people.acts import Act
from csire_bridge.domain.people.audited import audited
from csire_bridge.pipeline.ports.store import Transaction

__all__ = ["write_note"]


@audited(Act.ORDER_NOTE, "order {key}")
def write_note(tx: Transaction, key: int, text: str, act: OperatorAction) -> Note:
    """Write a note on an order; return it. Notes are for people: they change no order, and no partner is told.

    Raises ActionRefused when there is no such order, it has too many notes, or the text can't be kept.
    """
    kept = checked_note(text)
    if key not in tx.orders.get_many([key]):
        raise ActionRefused(f"there is no order {key}", "look its key up with `orders list`")
    if tx.notes.count(key) >= MOST_NOTES:
        raise ActionRefused(f"order {key} has {MOST_NOTES} notes", "write into another system what goes on so long")
    return tx.notes.add(key, act.at, act.by, kept)
