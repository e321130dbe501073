"""The simulated hub's queue for us: in order of creation, one message at a time."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass

from csire_bridge.lab.simulators.faults.hub import HubDice, HubFaults

__all__ = ["HubQueue", "Waiting"]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message in the queue. ``reference`` dequeues it; ``told`` says whether the container tells it."""

    reference: str
    document: bytes
    told: bool = True


class HubQueue:
    """Safe to use from several threads."""

    def __init__(self, faults: HubFaults, dice: HubDice) -> None:
        self._faults = faults
        self._dice = dice
        self._waiting: deque[Waiting] = deque()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, message: Waiting) -> None:
        """Add at the end; reordered, before the last one (never before the head, which somebody may be looking at)."""
        with self._lock:
            if len(self._waiting) > 1 and self._dice.strikes(self._faults.reorder):
                self._waiting.insert(len(self._waiting) - 1, message)
            else:
                self._waiting.append(message)
            if self._dice.strikes(self._faults.duplicates):
                self._waiting.append(message)

    def head(self) -> Waiting | None:
        """The oldest message, which stays."""
        with self._lock:
            return self._waiting[0] if self._waiting else None

    def remove(self, reference: str) -> bool:
        """Take the head off; False when ``reference`` is not the head's."""
        with self._lock:
            if not self._waiting or self._waiting[0].reference.lower() != reference.lower():
                return False
            self._waiting.popleft()
            return True
