"""Request and reply for the endpoints: messages whose senders wait are committed, settled and answered at once.

The bytes are committed first, in their own transaction. The answer is the receipt as stored in the journal. So a
repeat, two equal messages in one batch, and a crash in between all lead to the same answer.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from csire_bridge.domain.clock import Clock
from csire_bridge.domain.errors import StoreFailure
from csire_bridge.domain.message.message import Channel, Form, MessageEnd, MessageState
from csire_bridge.domain.work import Lease, WorkStep
from csire_bridge.pipeline.batch_runner import BatchRunner
from csire_bridge.pipeline.batch_step import Step
from csire_bridge.pipeline.intake.receive import Arrival, receive
from csire_bridge.pipeline.ports.store import Store
from csire_bridge.telemetry.logs import logger

__all__ = ["Reply", "RequestReply"]

_log = logger(__name__)


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


class RequestReply:
    """Takes messages from a channel whose senders wait; their orders are left to the workers.

    Safe to use from several threads.
    """

    def __init__(
        self,
        store: Store,
        intake: Step[Any, Any],
        clock: Clock,
        lease: timedelta,
        channel: Channel = Channel.WEBHOOK,
        step: WorkStep = WorkStep.INTAKE,
    ) -> None:
        """``intake`` settles the messages, as work of ``step`` that is held for ``lease``."""
        self._store = store
        self._intake = intake
        self._runner = BatchRunner(store, clock)
        self._clock = clock
        self._lease = lease
        self._owner = f"worker-{uuid.uuid4()}"
        self._channel = channel
        self._step = step

    def answer(self, arrivals: Sequence[Arrival]) -> list[Reply]:
        """Commit, settle and answer ``arrivals``, in their order; what goes wrong is an answer without a state."""
        try:
            return self._answer(arrivals)
        except StoreFailure as failure:
            _log.error("intake.failed", messages=len(arrivals), why=failure)
            return [Reply(arrival.form) for arrival in arrivals]

    def _answer(self, arrivals: Sequence[Arrival]) -> list[Reply]:
        lease = Lease.starting(self._owner, self._clock(), self._lease)
        items = receive(self._store, self._channel, arrivals, self._clock, lease, self._step)
        ends = dict(self._runner.run(self._intake, items).ends)
        unheard = [item.subject for item in items if item.subject not in ends]
        if unheard:
            with self._store.read_transaction() as tx:
                ends |= tx.messages.ends(unheard)
        return [_reply(arrival, ends.get(item.subject)) for arrival, item in zip(arrivals, items, strict=True)]


def _reply(arrival: Arrival, end: MessageEnd | None) -> Reply:
    if end is None:
        return Reply(arrival.form)
    return Reply(arrival.form, end.state, end.code, end.receipt, end.sender)
