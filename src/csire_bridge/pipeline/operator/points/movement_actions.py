"""Operator actions on movements of contactors that no order explains."""

from __future__ import annotations

from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.order.outcome.supply import Movement
from csire_bridge.domain.people.acts import Act
from csire_bridge.domain.people.audited import audited
from csire_bridge.pipeline.ports.store import Transaction

__all__ = ["settle"]


@audited(Act.MOVEMENT_EXPLAIN, "movement {key}")
def settle(tx: Transaction, key: int, act: OperatorAction) -> Movement:
    """Record that a person has clarified a movement, and its cause. Nothing is switched. Raises ActionRefused."""
    return tx.contactors.settle(key, act.by, act.at, act.why or "")
