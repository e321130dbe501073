"""Counts the commands that the simulated head-end system got, to prove that no meter got a second one by mistake."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from dataclasses import dataclass, field

__all__ = ["Ledger", "MeterAccount"]


@dataclass(slots=True)
class MeterAccount:
    """Contactor commands to one meter.

    ``accepted`` counts commands, ``repeated`` requests that only repeated one; ``waiting`` have not been run yet, and
    ``most_open`` is the greatest number that waited at once: two commands that overlap make it 2.
    """

    accepted: int = 0
    repeated: int = 0
    waiting: set[str] = field(default_factory=set)
    most_open: int = 0


class Ledger:
    """Counts commands as they come and end. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._meters: defaultdict[str, MeterAccount] = defaultdict(MeterAccount)
        self._commands: Counter[str] = Counter()
        self._trackings: Counter[str] = Counter()

    def accepted(self, meter: str, command: str, tracking_id: str) -> None:
        """A command was taken."""
        with self._lock:
            account = self._meters[meter]
            account.accepted += 1
            account.waiting.add(command)
            account.most_open = max(account.most_open, len(account.waiting))
            self._commands[command] += 1
            self._trackings[tracking_id] += 1

    def repeated(self, meter: str) -> None:
        """A request came again; the first one counts."""
        with self._lock:
            self._meters[meter].repeated += 1

    def ended(self, meter: str, command: str) -> None:
        """A command was run, dropped or cancelled."""
        with self._lock:
            self._meters[meter].waiting.discard(command)

    def account(self, meter: str) -> MeterAccount:
        """The account of a meter as it is now."""
        with self._lock:
            found = self._meters[meter]
            return MeterAccount(found.accepted, found.repeated, set(found.waiting), found.most_open)

    def of_command(self, command: str) -> int:
        """How often the command with this mRID was taken."""
        return self._commands[command]

    def of_tracking(self, tracking_id: str) -> int:
        """How many commands were taken under this tracking id: for one order."""
        return self._trackings[tracking_id]

    def totals(self) -> dict[str, int]:
        """Sums and greatest values over all meters."""
        with self._lock:
            accounts = list(self._meters.values())
            return {
                "accepted": sum(a.accepted for a in accounts),
                "repeated": sum(a.repeated for a in accounts),
                "waiting": sum(len(a.waiting) for a in accounts),
                "most_per_meter": max((a.accepted for a in accounts), default=0),
                "most_per_tracking_id": max(self._trackings.values(), default=0),
                "most_open_at_once": max((a.most_open for a in accounts), default=0),
            }
