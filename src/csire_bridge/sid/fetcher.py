"""Fetches new orders from SID: stored and registered first, confirmed afterwards.

SID hands an order out until its pick-up is confirmed, so a crash, an outage or a lost confirmation in between leads
to a repeat, which is recognised by its number and confirmed again.
"""

from __future__ import annotations

import hashlib
import logging
import random
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Protocol

from csire_bridge.domain.errors import PartnerRefused
from csire_bridge.domain.messages import MessageState
from csire_bridge.sid.answers import Strange, read_body
from csire_bridge.sid.client import FetchedOrder, PickUp
from csire_bridge.sid.faults import SidFault
from csire_bridge.wire.rhythm import Rhythm
from csire_bridge.xml.parser import DEFAULT_MAX_BYTES

__all__ = ["OrderFetcher"]

_log = logging.getLogger(__name__)
_MOST_REPEATS = 5


class Orders(Protocol):
    """What a fetcher needs of a client."""

    def fetch(self, most: int) -> list[FetchedOrder]: ...
    def confirm(self, pick_ups: Sequence[PickUp]) -> None: ...


class Settled(Protocol):
    """What became of an order; ``state`` is None when it is not settled and must come again."""

    @property
    def state(self) -> MessageState | None: ...
    @property
    def receipt(self) -> bytes | None: ...


class OrderFetcher:
    """Fetches for one bridge. Not safe to use from several threads."""

    def __init__(
        self,
        client: Orders,
        take: Callable[[Sequence[tuple[str, bytes]]], Sequence[Settled]],
        idle: tuple[float, float] = (20.0, 60.0),
        jitter: random.Random | None = None,
        *,
        most: int = 50,
        may_go_on: Callable[[], bool] = lambda: True,
    ) -> None:
        """``take`` commits (origin, bytes) of each order and says what became of it.

        ``idle`` is the shortest and the longest pause in seconds; ``may_go_on`` is asked before each fetch whether the
        lease is still ours.
        """
        self._client = client
        self._take = take
        self._rhythm = Rhythm(idle, jitter)
        self._most = most
        self._may_go_on = may_go_on
        self._nameless: set[bytes] = set()

    def drain(self) -> int:
        """Fetch until SID has nothing new or the lease is lost; return how many orders were confirmed.

        Raises what the client raises; what was not confirmed then comes again at the next call. Raises PartnerRefused
        when SID hands the same orders out again and again although they are confirmed.
        """
        return self._rhythm.around(self._drain)

    def next_wait(self) -> timedelta:
        """The pause before the next ``drain``."""
        return self._rhythm.next_wait()

    def _drain(self) -> int:
        count, last, again = 0, None, 0
        while self._may_go_on():
            fetched = self._client.fetch(self._most)
            pick_ups = self._settle(fetched)
            if not pick_ups:
                break
            again = again + 1 if pick_ups == last else 0
            if again > _MOST_REPEATS:
                raise PartnerRefused(
                    "confirmation-without-effect",
                    f"SID hands {len(pick_ups)} orders out again and again, although they are confirmed each time",
                    "have SID's operators look at its list of new orders",
                )
            self._client.confirm(pick_ups)
            count, last = count + len(pick_ups), pick_ups
        return count

    def _settle(self, fetched: Sequence[FetchedOrder]) -> list[PickUp]:
        """Commit what came, and say what SID is to be told; nothing of what can't be settled or named."""
        new = [order for order in fetched if order.number is not None or _digest(order.raw) not in self._nameless]
        ends = self._take([(f"sid: {order.number or 'an order without a number'}", order.raw) for order in new])
        pick_ups: dict[str, PickUp] = {}
        for order, end in zip(new, ends, strict=True):
            if end.state is None:
                continue
            if order.number is None:
                self._nameless.add(_digest(order.raw))
                _log.error("SID hands out an order without a number; its bytes are in the journal")
            else:
                pick_ups.setdefault(order.number, _pick_up(order, end))
        return list(pick_ups.values())


def _digest(raw: bytes) -> bytes:
    return hashlib.sha256(raw).digest()


def _pick_up(order: FetchedOrder, end: Settled) -> PickUp:
    if order.number is None:
        raise ValueError("an order without a number can't be confirmed")
    if end.state is not MessageState.REFUSED:
        return PickUp(order.number, taken=True)
    return PickUp(order.number, taken=False, text=_why(end.receipt))


def _why(receipt: bytes | None) -> str:
    """The words of the fault that stands in the journal."""
    try:
        fault = read_body(receipt or b"", DEFAULT_MAX_BYTES)
    except Strange:
        return "refused"
    return f"{fault.code}: {fault.text}" if isinstance(fault, SidFault) else "refused"
