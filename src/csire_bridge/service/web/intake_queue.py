"""Takes messages of one endpoint in, behind its door."""

from __future__ import annotations

from asyncio import Future
from collections.abc import Callable, Sequence
from typing import cast

from csire_bridge.channels.transport.inbound.submission import Receipt
from csire_bridge.domain.message.message import Form
from csire_bridge.pipeline.intake.receive import Arrival
from csire_bridge.pipeline.intake.request_reply import Reply
from csire_bridge.runtime.group_commit import GroupCommitter

__all__ = ["IntakeQueue"]

_LINGER_SECONDS = 0.002  # less than a commit takes; it makes full groups out of many callers


class IntakeQueue:
    """One thread that takes in messages of one endpoint: messages that come at the same moment share their commits."""

    def __init__(self, answer: Callable[[Sequence[Arrival]], Sequence[Reply]], batch: int, name: str) -> None:
        """``answer`` takes messages in; ``name`` is the thread's."""
        self._group = GroupCommitter[Arrival, Reply](answer, batch, name, linger=_LINGER_SECONDS)

    def start(self) -> None:
        """Begin to take messages in."""
        self._group.start()

    def stop(self) -> None:
        """Take in waiting messages, then end."""
        self._group.stop()

    @property
    def runs(self) -> bool:
        """Whether messages are taken in."""
        return self._group.runs

    def knock(self, origin: str, raw: bytes, form: Form) -> Future[Receipt]:
        """Submit a message; the future's result is what was committed in the journal."""
        return cast("Future[Receipt]", self._group.submit(Arrival(origin, raw, form)))
