"""What one shift tells the next."""

from __future__ import annotations

from csire_bridge.domain.errors import ActionRefused
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.people.acts import Act
from csire_bridge.domain.people.audited import note, require
from csire_bridge.domain.people.ports import WithAudit

__all__ = ["hand_over"]


def hand_over(tx: WithAudit, act: OperatorAction) -> None:
    """Write a note for the next shift; its text is the ``why`` of the action. It is an entry of the audit, and stays.

    Raises ActionRefused without a text.
    """
    require(act.who, Act.SHIFT_NOTE)
    if not act.why:
        raise ActionRefused("the note has no text", "write what the next shift has to know")
    note(tx, act.who, Act.SHIFT_NOTE, "shift", act.at, act.why)
