"""Empties our queue at the hub: store the bytes, commit, dequeue; the content is read only afterwards.

The queue is strictly in order of creation and its head stays until it is dequeued, so an unreadable message would block
everything behind it. Only one consumer may poll a queue; the caller holds the lease.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from csire_bridge.channels.hub.responses import Peeked
from csire_bridge.channels.hub.soap_client import BLOCKED
from csire_bridge.channels.transport.outbound.poll_interval import PollInterval
from csire_bridge.domain.clock import Clock
from csire_bridge.domain.errors import PartnerRefused
from csire_bridge.telemetry.logs import logger

__all__ = ["QueuePoller", "document_if_readable", "whole_answer"]

_log = logger(__name__)

_MOST_REPEATS = 5  # a hub may put a message into the queue twice; dequeuing that changes nothing would never end


class Queue(Protocol):
    """What a poller needs of a client."""

    def peek(self) -> Peeked | None: ...
    def dequeue(self, reference: str) -> bool: ...


def whole_answer(head: Peeked) -> bytes:
    """Keep the hub's whole answer including the envelope, as a WS-Security signature needs it."""
    return head.raw


def document_if_readable(head: Peeked) -> bytes:
    """Keep the business document, whose bytes are the same each time; the whole answer if there is none."""
    return head.raw if head.payload is None else head.payload


class QueuePoller:
    """Polls one queue. For one thread: the queue allows one consumer only."""

    def __init__(
        self,
        client: Queue,
        take: Callable[[bytes, str], None],
        clock: Clock,
        idle: tuple[float, float] = (20.0, 60.0),
        jitter: random.Random | None = None,
        *,
        keep: Callable[[Peeked], bytes] = whole_answer,
        may_go_on: Callable[[], bool] = lambda: True,
    ) -> None:
        """``take(raw, origin)`` commits what ``keep`` chose to the journal, which recognises duplicates.

        ``idle`` is the shortest and the longest pause in seconds; ``may_go_on`` is asked before each peek whether the
        lease is still ours.
        """
        self._client = client
        self._take = take
        self._clock = clock
        self._interval = PollInterval(idle, jitter)
        self._choose = keep
        self._may_go_on = may_go_on
        self._stuck: str | None = None
        self.emptied_at: datetime | None = None
        """When the queue was last seen empty (UTC)."""

    def drain(self) -> int:
        """Take messages until the queue is empty or the lease is lost; return how many were dequeued.

        Raises what the client or ``take`` raises; the message at the head then comes again at the next call. Raises
        PartnerRefused (``BLOCKED``) when the head can't be dequeued by any means.
        """
        return self._interval.around(self._drain)

    def next_wait(self) -> timedelta:
        """The pause before the next ``drain``."""
        return self._interval.next_wait()

    def _drain(self) -> int:
        count, last, again = 0, None, 0
        while self._may_go_on():
            head = self._client.peek()
            if head is None:
                self.emptied_at = self._clock()
                self._stuck = None
                break
            again = again + 1 if head.reference == last else 0
            reference = self._keep(head, again)
            if not self._client.dequeue(reference):
                _log.warning("queue.message_gone", reference=reference)
            count, last = count + 1, reference
            self._interval.moved()
        return count

    def _keep(self, head: Peeked, again: int) -> str:
        """Commit the head of the queue and return what dequeues it."""
        if head.reference is None:
            raise self._blocked(head)
        if again > _MOST_REPEATS:
            raise PartnerRefused(
                BLOCKED,
                f"the hub gives message {head.reference} again and again, although it is dequeued each time",
                "have the hub's operator take it off the queue",
            )
        if head.problem:
            _log.error("queue.message_unreadable", reference=head.reference, why=head.problem)
        self._take(self._choose(head), f"hub queue: {head.reference}")
        return head.reference

    def _blocked(self, head: Peeked) -> PartnerRefused:
        """Keep the bytes once, however often they are seen."""
        digest = hashlib.sha256(head.raw).hexdigest()
        if digest != self._stuck:
            self._take(head.raw, "hub queue: no reference")
            self._stuck = digest
        return PartnerRefused(
            BLOCKED,
            f"the head of the hub's queue has no reference to dequeue it by ({head.problem or 'no MessageId either'})",
            "its bytes are in the journal; have the hub's operator take it off the queue",
        )
