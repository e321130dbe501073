"""Step 1: the raw bytes are committed to the journal before anything is looked into.

Whoever hands a message in may believe that it is safe once ``receive`` returns, and not before.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from csire_bridge.domain.clock import Clock
from csire_bridge.domain.messages import Channel, Form
from csire_bridge.domain.work import PROMPT, Lease, WorkItem, WorkStep
from csire_bridge.pipeline.ports import Store

__all__ = ["Arrival", "receive"]

_LONGEST_ORIGIN = 255


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message at the door: where it came from, its bytes, and the form in which its receipt is wanted."""

    origin: str
    raw: bytes
    form: Form = Form.BARE


def receive(
    store: Store,
    channel: Channel,
    arrivals: Sequence[Arrival],
    clock: Clock,
    lease: Lease | None = None,
    step: WorkStep = WorkStep.INTAKE,
) -> list[WorkItem]:
    """Commit ``arrivals`` in one transaction, each with its piece of intake work; return the work.

    With a ``lease`` the caller holds the work from the start and goes on with it at once.
    Raises StoreFailure when nothing could be committed.
    """
    rows = [(a.origin[-_LONGEST_ORIGIN:], a.raw, hashlib.sha256(a.raw).hexdigest(), a.form) for a in arrivals]
    now = clock()
    with store.transaction() as tx:
        keys = tx.messages.add(channel, now, rows)
        return tx.work.add(step, keys, now, priority=PROMPT, lease=lease)
