"""Operator action on a stored message that was refused: its bytes are taken in once more, as a new message."""

from __future__ import annotations

from csire_bridge.domain.errors import ActionRefused
from csire_bridge.domain.message.message import Channel, RawMessage
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.people.acts import Act
from csire_bridge.domain.people.audited import audited
from csire_bridge.domain.work import PROMPT, WorkStep
from csire_bridge.pipeline.ports.store import Transaction

__all__ = ["replay", "replayable"]


@audited(Act.MESSAGE_REPLAY, "message {key}")
def replay(tx: Transaction, key: int, act: OperatorAction) -> int:
    """Take the bytes of a refused message in again; return the key of the new message.

    The old one and its verdict stay as they are; each names the other. Raises ActionRefused (see ``replayable``).
    """
    old = replayable(tx, key)
    origin = f"replay of message {key}"
    (new,) = tx.messages.add(Channel.REPLAY, act.at, [(origin, old.raw, old.sha256, old.form)])
    tx.work.add(WorkStep.INTAKE, [new], act.at, priority=PROMPT)
    text = act.history_line(f"its bytes were taken in again as message {new}")
    tx.messages.note([(key, act.at, "replay", text)])
    return new


def replayable(tx: Transaction, key: int) -> RawMessage:
    """The message, if it can be replayed; raises ActionRefused for one that was not refused, that came from SID, or
    whose bytes are not kept here.
    """
    found = tx.messages.refused([key])
    if not found:
        raise ActionRefused(
            f"message {key} was not refused: what was accepted is not done twice", "look it up with `messages show`"
        )
    if found[0].channel is Channel.SID:
        raise ActionRefused(f"message {key} came from SID", "have SID send it again")
    if not found[0].raw:
        raise ActionRefused(
            f"the content of message {key} is not kept here any more", "have it sent again, or replay its archive"
        )
    return found[0]
