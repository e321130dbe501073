"""Disconnections under way are looked at again when something new is heard that may forbid them.

Whether it does is decided where their contactors are read (``execute.since_command``), at every look; here that look is
only made due at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from csire_bridge.domain.identifiers import MeteringPointCode
from csire_bridge.domain.message.message import RegistryUpdate
from csire_bridge.domain.work import WorkStep
from csire_bridge.pipeline.ports.store import Transaction

__all__ = ["recheck_cuts_at", "recheck_told"]


def recheck_cuts_at(tx: Transaction, points: Sequence[MeteringPointCode], now: datetime) -> None:
    """Look again at the disconnections under way at these points."""
    tx.work.wake(WorkStep.EXECUTE, tx.neighbours.cuts_under_way(points), now)


def recheck_told(tx: Transaction, told: Sequence[RegistryUpdate], now: datetime) -> None:
    """Look again at the disconnections under way at the points and meters of which something was told."""
    points = [update.metering_point for update in told]
    meters = [update.meter_number for update in told if update.meter_number is not None]
    tx.work.wake(WorkStep.EXECUTE, tx.neighbours.cuts_under_way(points, meters), now)
