"""Step 1: the raw bytes are committed to the journal before anything is looked into.

The message is safe once ``receive`` has returned, and not before.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from csire_bridge.domain.clock import Clock
from csire_bridge.domain.message.message import Channel, Form, RawMessage
from csire_bridge.domain.work import PROMPT, Lease, WorkItem, WorkStep
from csire_bridge.pipeline.batch_step import Prepared, Task
from csire_bridge.pipeline.ports.store import Store

__all__ = ["Arrival", "PreloadedWorkItem", "load_messages", "receive"]

_LONGEST_ORIGIN = 255


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message that just arrived: where it came from, its bytes, and the form in which its receipt is wanted."""

    origin: str
    raw: bytes
    form: Form = Form.BARE


@dataclass(frozen=True, slots=True)
class PreloadedWorkItem(WorkItem):
    """A work item that carries its message, so that it need not be read back from the journal."""

    message: RawMessage = field(kw_only=True, compare=False, repr=False)


def receive(
    store: Store,
    channel: Channel,
    arrivals: Sequence[Arrival],
    clock: Clock,
    lease: Lease | None = None,
    step: WorkStep = WorkStep.INTAKE,
) -> list[PreloadedWorkItem]:
    """Commit ``arrivals`` in one transaction, each with its piece of intake work; return the work.

    With a ``lease`` the caller holds the work from the start and can go on with it at once, without reading it back.
    Raises StoreFailure when nothing could be committed.
    """
    rows = [(a.origin[-_LONGEST_ORIGIN:], a.raw, hashlib.sha256(a.raw).hexdigest(), a.form) for a in arrivals]
    now = clock()
    with store.transaction() as tx:
        keys = tx.messages.add(channel, now, rows)
        items = tx.work.add(step, keys, now, priority=PROMPT, lease=lease)
    return [
        PreloadedWorkItem(
            item.key,
            item.step,
            item.subject,
            item.priority,
            lease=item.lease,
            message=RawMessage(item.subject, channel, origin, now, sha256, raw, form),
        )
        for item, (origin, raw, sha256, form) in zip(items, rows, strict=True)
    ]


def load_messages(store: Store, items: Sequence[WorkItem]) -> Prepared[RawMessage]:
    """The messages of intake work, read if not preloaded; finish the work of those that another worker settled."""
    messages = {item.subject: item.message for item in items if isinstance(item, PreloadedWorkItem)}
    unread = [item for item in items if not isinstance(item, PreloadedWorkItem)]
    if unread:
        with store.transaction() as tx:
            messages |= {raw.key: raw for raw in tx.messages.raw([item.subject for item in unread])}
            tx.work.finish([item for item in unread if item.subject not in messages])
    return Prepared([Task(item, messages[item.subject]) for item in items if item.subject in messages])
