"""Slows down password guessing at a door: the rule of ``domain.people.guesses``, for one event loop."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

from csire_bridge.domain.people.guesses import OF_ADDRESS, OF_NAME, Tries, seconds_to_wait

__all__ = ["Guesses"]

_REMEMBERED = 10_000


class Guesses:
    """For one event loop. ``now`` gives monotonic seconds."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._wrong: OrderedDict[tuple[str, str], Tries] = OrderedDict()
        self._right: OrderedDict[tuple[str, str], None] = OrderedDict()

    def wait(self, address: str, name: str) -> int | None:
        """None if the password may be checked; else the whole seconds to wait before the next try."""
        tries = [self._tries(("address", address), OF_ADDRESS)]
        if (address, name) not in self._right:
            tries.append(self._tries(("name", name), OF_NAME))
        return seconds_to_wait(tries)

    def wrong(self, address: str, name: str) -> None:
        """Note a wrong password."""
        for key, most in ((("address", address), OF_ADDRESS), (("name", name), OF_NAME)):
            self._wrong[key] = self._tries(key, most).wrong(self._now())
            self._wrong.move_to_end(key)
        while len(self._wrong) > _REMEMBERED:
            self._wrong.popitem(last=False)

    def right(self, address: str, name: str) -> None:
        """Note a right password: this address knows that name's."""
        self._right[address, name] = None
        self._right.move_to_end((address, name))
        while len(self._right) > _REMEMBERED:
            self._right.popitem(last=False)

    def _tries(self, key: tuple[str, str], most: int) -> Tries:
        now = self._now()
        return self._wrong.get(key, Tries(most, most, now)).now(now)
