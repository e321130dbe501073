"""Request and reply for the endpoints: messages whose senders wait are committed, settled and answered at once.

The bytes are committed first, in their own transaction. The answer is the receipt as stored in the journal. So a
repeat, two equal messages in one batch, and a crash in between all lead to the same answer.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from csire_bridge.domain.clock import Clock
from csire_bridge.domain.errors import StoreFailure
from csire_bridge.domain.message.message import Channel, Form, MessageState
from csire_bridge.domain.work import Lease, WorkItem, WorkStep
from csire_bridge.pipeline.intake.receive import Arrival, receive
from csire_bridge.pipeline.ports import Store

__all__ = ["Hand", "Reply", "RequestReply"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reply:
    """The reply to the sender of a message: its stored ``receipt``, byte for byte.

    ``state`` is None when the message is not settled: it may be committed or not, and its sender must send it again.
    ``code`` is the first problem of a refused one, ``signer`` the partner that sent an accepted one.
    """

    form: Form
    state: MessageState | None = None
    code: str | None = None
    receipt: bytes | None = None
    signer: str | None = None


class Hand(Protocol):
    """Does the intake of messages, each by itself where one is broken. Raises StoreFailure only."""

    def lease(self) -> Lease: ...
    def carry_on(self, items: Sequence[WorkItem], lease: Lease) -> None: ...


class RequestReply:
    """Takes messages from a channel whose senders wait. Safe to use from several threads."""

    def __init__(
        self,
        store: Store,
        hand: Hand,
        clock: Clock,
        channel: Channel = Channel.WEBHOOK,
        step: WorkStep = WorkStep.INTAKE,
    ) -> None:
        self._store = store
        self._hand = hand
        self._clock = clock
        self._channel = channel
        self._step = step

    def answer(self, arrivals: Sequence[Arrival]) -> list[Reply]:
        """Commit, settle and answer ``arrivals``, in their order; what goes wrong is an answer without a state."""
        try:
            return self._answer(arrivals)
        except StoreFailure as failure:
            _log.error("%s messages are to be sent again: %s", len(arrivals), failure)
            return [Reply(arrival.form) for arrival in arrivals]

    def _answer(self, arrivals: Sequence[Arrival]) -> list[Reply]:
        lease = self._hand.lease()
        items = receive(self._store, self._channel, arrivals, self._clock, lease, self._step)
        self._hand.carry_on(items, lease)
        ends = {item.subject: item.ends[item.subject] for item in items if item.subject in item.ends}
        unheard = [item.subject for item in items if item.subject not in ends]
        if unheard:
            with self._store.read_transaction() as tx:
                ends |= tx.messages.ends(unheard)
        found = [(arrival, ends.get(item.subject)) for arrival, item in zip(arrivals, items, strict=True)]
        return [
            Reply(arrival.form, end.state, end.code, end.receipt, end.sender) if end else Reply(arrival.form)
            for arrival, end in found
        ]
