"""What the gates must know of the head-end systems: their clocks, and whose turn it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from csire_bridge.domain.identifiers import MeterNumber
from csire_bridge.pipeline.ports.head_end import HeadEnd

__all__ = ["NO_CLOCKS", "Clocks"]


@dataclass(frozen=True, slots=True)
class Clocks:
    """``shows`` is the earliest time (UTC) that the clock of a meter's system can show, None before any reply;
    ``system_of`` the name of that system.
    """

    shows: Callable[[MeterNumber, datetime], datetime | None]
    system_of: Callable[[MeterNumber], str]

    @classmethod
    def of(cls, head_end: HeadEnd) -> Clocks:
        """Those of the head-end systems that are called."""
        return cls(lambda meter, now: head_end.of(meter).clock_shows(now), head_end.system_of)


NO_CLOCKS = Clocks(lambda _meter, _now: None, lambda _meter: "")
"""Where nothing is called, and orders are only explained."""
