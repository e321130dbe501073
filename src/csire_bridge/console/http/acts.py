"""What a person does in a form: one transaction, in the visitor's name; then the worker is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from csire_bridge.console.http.visit import Visit
from csire_bridge.domain.errors import ActionRefused
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.pipeline.operator.refusals import note_refusal
from csire_bridge.store.unit_of_work import UnitOfWork

__all__ = ["carry_out"]

_R = TypeVar("_R")


def carry_out(visit: Visit, why: str | None, work: Callable[[UnitOfWork, OperatorAction], _R]) -> _R:
    """Do ``work`` and return what it returns. Raises what the use case raises; nothing was changed then.

    What is refused stands in the audit.
    """
    words, rules = (why or "").strip() or None, visit.api.jobs.rules
    try:
        with visit.api.database.transaction() as tx:
            result = work(tx, OperatorAction.of(visit.actor, visit.now, words, rules))
    except ActionRefused as error:
        what = f"{visit.request.method} {visit.request.url.path}"
        note_refusal(visit.api.database, visit.actor, what, visit.now, words, error)
        raise
    visit.api.wake()
    return result
