"""Bytes of unproven senders have a daily budget; above it, only a hash and the first bytes are kept.

As always, all bytes are committed before they are looked into, and only the verdict tells whose they are. So bytes
above the budget are cut in the transaction that refuses the message. Until then the limit of open requests bounds
them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from csire_bridge.domain.message.message import Channel, RawMessage, SettledMessage
from csire_bridge.domain.message.strangers import Share, StrangerBudget
from csire_bridge.pipeline.ports.store import Transaction

__all__ = ["trim_strangers"]


def trim_strangers(
    tx: Transaction, refused: Sequence[tuple[RawMessage, SettledMessage]], budget: StrangerBudget, now: datetime
) -> None:
    """Cut messages of ``refused``, settled in this transaction, whose sender is unproven and that exceed the budget.

    Two kinds stay whole: messages that we fetched ourselves (hub's queue, SID, files), and messages that were counted
    when they were judged before. A message that was cut is not judged again.
    """
    strangers = [
        (raw, settled)
        for raw, settled in refused
        if raw.channel is Channel.WEBHOOK and settled.sender is None and not raw.tries
    ]
    for share in Share:
        mine = [(raw, one) for raw, one in strangers if (one.again_at is None) is (share is Share.LEFT)]
        if not mine:
            continue
        sizes = [len(raw.raw) + len(settled.receipt) for raw, settled in mine]
        fits = tx.strangers.room(share, sizes, budget.bytes_per_day, now)
        cut = [raw for (raw, _), fit in zip(mine, fits, strict=True) if not fit]
        tx.messages.trim([(raw.key, raw.raw[: budget.head], len(raw.raw)) for raw in cut])
        tx.messages.note((raw.key, now, "trim", _text(raw, budget)) for raw in cut)


def _text(raw: RawMessage, budget: StrangerBudget) -> str:
    kept = min(len(raw.raw), budget.head)
    return (
        f"strangers have sent more than {budget.bytes_per_day} bytes today: of this message's {len(raw.raw)} bytes "
        f"the SHA-256 and the first {kept} are kept, and not its receipt"
    )
