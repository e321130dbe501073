"""Slows down password guessing: by address, and by user name for addresses that never gave a right password."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable

__all__ = ["Guesses"]

_OF_ADDRESS = 5
_OF_NAME = 20
_REMEMBERED = 10_000


class Guesses:
    """For one event loop. ``now`` gives monotonic seconds.

    An address may be wrong 5 times at once and then 5 times a minute. A name may be tried wrongly 20 times a minute by
    all addresses together; this limit applies only to addresses that were never right, so nobody can lock out the
    owner.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._wrong: OrderedDict[tuple[str, str], tuple[float, float]] = OrderedDict()
        self._right: OrderedDict[str, None] = OrderedDict()

    def wait(self, address: str, name: str) -> int | None:
        """None if the password may be checked; else the whole seconds to wait before the next try."""
        left = [self._left(("address", address), _OF_ADDRESS)]
        if address not in self._right:
            left.append(self._left(("name", name), _OF_NAME))
        short = [(1 - tokens) * 60 / most for tokens, most in left if tokens < 1]
        return max(1, math.ceil(max(short))) if short else None

    def wrong(self, address: str, name: str) -> None:
        """Note a wrong password."""
        for key, most in ((("address", address), _OF_ADDRESS), (("name", name), _OF_NAME)):
            tokens, _ = self._left(key, most)
            self._wrong[key] = (tokens - 1, self._now())
            self._wrong.move_to_end(key)
        while len(self._wrong) > _REMEMBERED:
            self._wrong.popitem(last=False)

    def right(self, address: str) -> None:
        """Note a right password."""
        self._right[address] = None
        self._right.move_to_end(address)
        while len(self._right) > _REMEMBERED:
            self._right.popitem(last=False)

    def _left(self, key: tuple[str, str], most: int) -> tuple[float, int]:
        tokens, at = self._wrong.get(key, (float(most), self._now()))
        return min(most, tokens + (self._now() - at) * most / 60), most
