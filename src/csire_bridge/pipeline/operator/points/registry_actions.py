"""Operator actions on what the bridge is told by its own people: lists of points."""

from __future__ import annotations

from collections.abc import Sequence

from csire_bridge.domain.message.message import RegistryUpdate
from csire_bridge.domain.metering_point.facts import Source
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.people.acts import Act
from csire_bridge.domain.people.audited import note
from csire_bridge.pipeline.orders.recheck import recheck_told
from csire_bridge.pipeline.ports.store import Transaction

__all__ = ["import_points"]


def import_points(tx: Transaction, updates: Sequence[RegistryUpdate], origin: str, act: OperatorAction) -> None:
    """Write a part of a list into the registry. ``origin`` names the list, for the audit."""
    points = [update.metering_point for update in updates]
    note(tx, act.who, Act.POINTS_IMPORT, f"list {origin}"[:200], act.at, act.why, after={"points": points})
    tx.points.record_notices(updates, act.at, Source.IMPORT, act.by)
    recheck_told(tx, updates, act.at)
