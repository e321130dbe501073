"""Work that was set aside because it is broken: a person has mended the cause, and it goes on."""

from __future__ import annotations

from collections.abc import Sequence

from csire_bridge.domain.acts import Act
from csire_bridge.domain.work import ParkedWork, WorkStep
from csire_bridge.pipeline.ports import Transaction

__all__ = ["release"]


def release(tx: Transaction, pieces: Sequence[ParkedWork], act: Act) -> None:
    """Let ``pieces`` go on, each with a line in the history of what it is about. Their tries are counted anew."""
    text = act.told("work that was set aside goes on")
    tx.messages.note((key, act.at, WorkStep.INTAKE.value, text) for key in _subjects(pieces, WorkStep.INTAKE))
    about = [*_subjects(pieces, WorkStep.EXECUTE), *_subjects(pieces, WorkStep.ACKNOWLEDGE)]
    tx.orders.note_all([(order.key, order.state, text) for order in tx.orders.many(about).values()], act.at)
    for key in _subjects(pieces, WorkStep.DELIVER):
        tx.outbox.release(key, act.at, text)
    tx.work.release([piece.key for piece in pieces], act.at)


def _subjects(pieces: Sequence[ParkedWork], step: WorkStep) -> list[int]:
    return [piece.subject for piece in pieces if piece.step is step]
