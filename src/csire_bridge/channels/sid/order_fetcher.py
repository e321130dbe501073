"""Fetches new orders from SID: stored and registered first, confirmed afterwards.

SID offers an order until its receipt is confirmed. So after a crash, an outage or a lost confirmation it comes again;
the repeat is recognised by its number and confirmed again.
"""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Protocol

from csire_bridge.channels.sid.client import FetchedOrder, PickUp
from csire_bridge.channels.sid.faults import SidFault
from csire_bridge.channels.sid.responses import UnexpectedResponse, read_body
from csire_bridge.channels.transport.outbound.poll_interval import PollInterval
from csire_bridge.domain.errors import PartnerRefused
from csire_bridge.domain.message.message import MessageState
from csire_bridge.domain.words import counted
from csire_bridge.telemetry.logs import logger
from csire_bridge.xml.parser import DEFAULT_MAX_BYTES

__all__ = ["OrderFetcher"]

_log = logger(__name__)
_MOST_REPEATS = 5


class Orders(Protocol):
    """What a fetcher needs of a client."""

    def fetch(self, most: int) -> list[FetchedOrder]: ...
    def confirm(self, pick_ups: Sequence[PickUp]) -> None: ...


class Settled(Protocol):
    """The result of taking an order in; ``state`` is None if it was not settled and must come again."""

    @property
    def state(self) -> MessageState | None: ...
    @property
    def receipt(self) -> bytes | None: ...


class OrderFetcher:
    """Fetches new orders for one bridge. For one thread only."""

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
        """``take`` commits (origin, bytes) of each order and returns the result.

        ``idle`` is the shortest and the longest pause in seconds; ``may_go_on`` is asked before each fetch whether the
        lease is still ours.
        """
        self._client = client
        self._take = take
        self._interval = PollInterval(idle, jitter)
        self._most = most
        self._may_go_on = may_go_on
        self._settled: dict[bytes, PickUp | None] = {}

    def drain(self) -> int:
        """Fetch until SID has nothing new or the lease is lost; return how many orders were confirmed.

        Raises what the client raises; what was not confirmed then comes again at the next call. Raises PartnerRefused
        at the end, once everything else is fetched, when SID refuses a confirmation, or hands the same orders out again
        and again although they are confirmed, or has orders that nobody can read.
        """
        return self._interval.around(self._drain)

    def next_wait(self) -> timedelta:
        """The pause before the next ``drain``."""
        return self._interval.next_wait()

    def _drain(self) -> int:
        """Skip orders that have no number or can't be confirmed, so that they don't block the ones behind them."""
        passed: set[bytes] = set()
        try:
            return self._fetch_all(passed)
        finally:
            self._settled = {digest: end for digest, end in self._settled.items() if digest in passed}

    def _fetch_all(self, passed: set[bytes]) -> int:
        """Fetch and confirm until nothing new comes; ``passed`` collects the digests of skipped orders."""
        told: Counter[bytes] = Counter()
        trouble: PartnerRefused | None = None
        unnamed = count = 0
        while self._may_go_on():
            fetched = self._client.fetch(self._most + len(passed))
            ends = self._settle({d: order for order in fetched if (d := _digest(order.raw)) not in passed})
            if not ends:
                break
            pick_ups = {digest: pick_up for digest, pick_up in ends.items() if pick_up is not None}
            refused, why = self._confirm(pick_ups)
            confirmed = pick_ups.keys() - refused
            told.update(confirmed)
            again = {digest for digest in confirmed if told[digest] > _MOST_REPEATS}
            unnamed += len(ends) - len(pick_ups)
            trouble = (_without_effect(len(again)) if again else why) or (_unreadable(unnamed) if unnamed else trouble)
            passed |= ends.keys() - pick_ups.keys() | refused | again
            count += len({pick_ups[digest].number for digest in confirmed})
            if confirmed - again:
                self._interval.moved()
        if trouble is not None:
            raise trouble
        return count

    def _settle(self, orders: Mapping[bytes, FetchedOrder]) -> dict[bytes, PickUp | None]:
        """Commit orders, and return the confirmation for each settled one; None if it has no number."""
        new = {digest: order for digest, order in orders.items() if digest not in self._settled}
        ends = self._take(
            [(f"sid: {order.number or 'an order without a number'}", order.raw) for order in new.values()]
        )
        for (digest, order), end in zip(new.items(), ends, strict=True):
            if end.state is None:
                continue
            self._settled[digest] = _pick_up(order, end)
            if order.number is None:
                _log.error("sid.order_without_number")
        return {digest: self._settled[digest] for digest in orders if digest in self._settled}

    def _confirm(self, pick_ups: Mapping[bytes, PickUp]) -> tuple[set[bytes], PartnerRefused | None]:
        """Confirm all together or, if SID refuses, one by one. Return the refused ones, and why."""
        named: dict[str, PickUp] = {}
        for pick_up in pick_ups.values():
            named.setdefault(pick_up.number, pick_up)
        try:
            if named:
                self._client.confirm(list(named.values()))
        except PartnerRefused as error:
            if len(pick_ups) == 1:
                (only,) = pick_ups.values()
                _log.error("sid.confirmation_refused", number=only.number, why=error)
                return set(pick_ups), error
            parts = [self._confirm({digest: pick_up}) for digest, pick_up in pick_ups.items()]
            return set().union(*(refused for refused, _ in parts)), next((why for _, why in parts if why), None)
        return set(), None


def _without_effect(orders: int) -> PartnerRefused:
    return PartnerRefused(
        "confirmation-without-effect",
        f"SID hands {counted(orders, 'order')} out again and again, although that is confirmed each time",
        "have SID's operators look at its list of new orders",
    )


def _unreadable(orders: int) -> PartnerRefused:
    return PartnerRefused(
        "unreadable-order",
        f"{orders} of SID's new orders have no number that can be read; they are passed over, and were not taken",
        "have SID's operators correct them, or take them back; their bytes are in the journal (`messages list`)",
    )


def _digest(raw: bytes) -> bytes:
    return hashlib.sha256(raw).digest()


def _pick_up(order: FetchedOrder, end: Settled) -> PickUp | None:
    """The confirmation of a settled order; None for one without a number."""
    if order.number is None:
        return None
    if end.state is not MessageState.REFUSED:
        return PickUp(order.number, taken=True)
    return PickUp(order.number, taken=False, text=_why(end.receipt))


def _why(receipt: bytes | None) -> str:
    """The text of the fault stored in the journal."""
    try:
        fault = read_body(receipt or b"", DEFAULT_MAX_BYTES)
    except UnexpectedResponse:
        return "refused"
    return f"{fault.code}: {fault.text}" if isinstance(fault, SidFault) else "refused"
