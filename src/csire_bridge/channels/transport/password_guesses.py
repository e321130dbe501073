"""Slows those who guess passwords, and nobody else: by address, and by name for addresses that were never right."""

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
    """Belongs to one event loop. ``now`` gives seconds that never go back.

    An address may be wrong 5 times at once and then 5 times a minute. A name may be tried wrongly 20 times a minute by
    all addresses together; that holds for addresses that were never right, so nobody can lock out who has the password.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._wrong: OrderedDict[tuple[str, str], tuple[float, float]] = OrderedDict()
        self._right: OrderedDict[str, None] = OrderedDict()

    def wait(self, address: str, name: str) -> int | None:
        """None: look at it. Else after how many whole seconds the caller may try again; it is not looked at before."""
        left = [self._left(("address", address), _OF_ADDRESS)]
        if address not in self._right:
            left.append(self._left(("name", name), _OF_NAME))
        short = [(1 - tokens) * 60 / most for tokens, most in left if tokens < 1]
        return max(1, math.ceil(max(short))) if short else None

    def wrong(self, address: str, name: str) -> None:
        """It was looked at, and wrong."""
        for key, most in ((("address", address), _OF_ADDRESS), (("name", name), _OF_NAME)):
            tokens, _ = self._left(key, most)
            self._wrong[key] = (tokens - 1, self._now())
            self._wrong.move_to_end(key)
        while len(self._wrong) > _REMEMBERED:
            self._wrong.popitem(last=False)

    def right(self, address: str) -> None:
        """It was looked at, and right."""
        self._right[address] = None
        self._right.move_to_end(address)
        while len(self._right) > _REMEMBERED:
            self._right.popitem(last=False)

    def _left(self, key: tuple[str, str], most: int) -> tuple[float, int]:
        tokens, at = self._wrong.get(key, (float(most), self._now()))
        return min(most, tokens + (self._now() - at) * most / 60), most
