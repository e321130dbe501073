"""An act that was refused stands in the audit, in a transaction of its own: the act itself has written nothing."""

from __future__ import annotations

from datetime import datetime

from csire_bridge.domain.errors import ActionRefused
from csire_bridge.domain.people.actor import Actor
from csire_bridge.domain.people.acts import Act
from csire_bridge.domain.people.audited import note
from csire_bridge.pipeline.ports.store import Store

__all__ = ["note_refusal"]

_LONGEST = 200


def note_refusal(store: Store, actor: Actor, what: str, at: datetime, why: str | None, error: ActionRefused) -> None:
    """Write down that ``actor`` tried ``what`` at a moment (UTC), and why it was refused."""
    with store.transaction() as tx:
        note(tx, actor, Act.ACT_REFUSED, what[:_LONGEST], at, why, after={"refused": error.text})
