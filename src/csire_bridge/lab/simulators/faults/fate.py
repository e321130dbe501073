"""Decides which faults strike, so that a run with the same seed meets the same ones, whatever the threads do.

A decision depends on the seed, the kind of fault, the meter, and how often this was decided for the meter before; never
on what happened to other meters.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from csire_bridge.lab.simulators.faults.delay import Delay, DelayKind
from csire_bridge.lab.simulators.faults.hes import Fault, FaultRule, HeadEndFaults

__all__ = ["Fate"]


@dataclass(slots=True)
class _Episode:
    """A fault that goes on: for so many tries more, until a moment, or both unset: for as long as it is named."""

    tries: int | None
    until: float | None
    named: bool

    def strikes(self, now: float) -> bool:
        if self.until is not None:
            return now < self.until
        if self.tries is None:
            return True
        self.tries -= 1
        return self.tries >= 0


class Fate:
    """Answers "does it happen now?". Safe to use from several threads; ``monotonic`` gives seconds."""

    def __init__(self, seed: int, faults: HeadEndFaults, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._seed, self._faults, self._monotonic = seed, faults, monotonic
        self._lock = threading.Lock()
        self._asked: Counter[tuple[str, str]] = Counter()
        self._episodes: dict[tuple[str, str], _Episode] = {}
        self.struck: Counter[str] = Counter()

    def strikes(self, fault: Fault, meter: str, verb: str = "create") -> bool:
        """Whether ``fault`` strikes this opportunity of ``meter``; each verb has its own row of chances."""
        rule = self._faults.rule(fault)
        if not rule.chance and not rule.meters:
            if self._episodes:
                self._episodes.pop((fault, meter), None)
            return False  # not set: the usual case, and the fast one
        with self._lock:
            struck = self._goes_on(fault, rule, meter) or self._begins(fault, rule, meter, verb)
            self.struck[fault] += struck
            return struck

    def _goes_on(self, fault: Fault, rule: FaultRule, meter: str) -> bool:
        episode = self._episodes.get((fault, meter))
        if episode is None:
            return False
        if episode.named and meter not in rule.meters:  # it was taken off the list
            del self._episodes[fault, meter]
            return False
        return episode.strikes(self._monotonic())

    def _begins(self, fault: Fault, rule: FaultRule, meter: str, verb: str) -> bool:
        named = meter in rule.meters
        before = self._episodes.get((fault, meter))
        if named and before is not None and before.named:
            return False  # it had its share; it begins anew when it is named anew
        if not named and not (rule.chance and self._source(f"{fault}/{verb}", meter).random() < rule.chance):
            return False
        until = None if rule.seconds is None else self._monotonic() + rule.seconds
        tries = 1 if rule.tries is None and not named else rule.tries
        episode = self._episodes[fault, meter] = _Episode(tries, until, named)
        return episode.strikes(self._monotonic())

    def delay(self, delay: Delay, meter: str, what: str = "delay") -> float:
        """The meter's next draw of a delay, in seconds."""
        if delay.kind is DelayKind.FIXED:
            return min(delay.first, delay.cap)
        with self._lock:
            return delay.draw(self._source(what, meter))

    def _source(self, what: str, meter: str) -> random.Random:
        """A source of randomness for one question; seeding by text is the same on every machine."""
        turn = self._asked[what, meter]
        self._asked[what, meter] += 1
        return random.Random(f"{self._seed}/{what}/{meter}/{turn}")  # noqa: S311 - a simulator's fate, no secret
