"""The tariff calendars of a simulated meter: COSEM class 20 "Activity calendar", object 0.0.13.0.0.255.

Calendars are known by their names; the seasons, weeks and days in them are not simulated.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

__all__ = ["Calendars"]


@dataclass(slots=True)
class Calendars:
    """The active calendar, and the passive one that takes its place at ``activate_at`` (UTC; None: not by itself).

    ``activations`` counts how often it did.
    """

    active: str = "G11"
    passive: str = ""
    activate_at: datetime | None = None
    activations: int = 0

    def advance(self, now: datetime) -> None:
        """What the meter does by itself when its clock reaches the time."""
        if self.activate_at is not None and now >= self.activate_at and self.passive != self.active:
            self.activate()

    def activate(self) -> None:
        """Method 1: the passive calendar is copied over the active one, and stays where it is."""
        if self.passive:
            self.active = self.passive
            self.activations += 1
