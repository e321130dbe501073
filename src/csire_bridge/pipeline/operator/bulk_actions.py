"""Operator actions on many points or orders at once: the preview and the act are the same code.

The preview does everything in a transaction that is undone. Its ``seal`` covers what each item would get; the act is
done only if it comes to the same, so that nobody acts on something else than what was seen.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from csire_bridge.domain.errors import ActionRefused
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.people.actor import NotAllowed
from csire_bridge.pipeline.operator.undone import undone
from csire_bridge.pipeline.ports.store import Store, Transaction

__all__ = ["BulkResult", "ItemOutcome", "SealBroken", "carry_out", "preview"]

_T = TypeVar("_T")
One = Callable[[Transaction, _T, OperatorAction], str]
"""Does one item; returns what was done in words that are the same in the preview. Raises ActionRefused."""


class SealBroken(ActionRefused):
    """Something changed since the preview: nothing was done."""


@dataclass(frozen=True, slots=True)
class ItemOutcome:
    """One item: done (or would be), or skipped; and why."""

    item: str
    done: bool
    text: str
    remedy: str | None = None


@dataclass(frozen=True, slots=True)
class BulkResult:
    """What each item gets, in the order of the list, and the seal of the whole."""

    outcomes: tuple[ItemOutcome, ...]
    seal: str

    @property
    def done(self) -> int:
        """How many are done."""
        return sum(one.done for one in self.outcomes)

    @property
    def skipped(self) -> int:
        """How many are not."""
        return len(self.outcomes) - self.done


def preview(store: Store, what: str, items: Sequence[_T], one: One[_T], act: OperatorAction) -> BulkResult:
    """What would be done, without doing it. ``what`` names the act and its facts; the seal covers it."""
    with undone(store) as tx:
        return _all(tx, what, items, one, act)


def carry_out(
    tx: Transaction, what: str, items: Sequence[_T], one: One[_T], act: OperatorAction, seal: str
) -> BulkResult:
    """Do it. Raises SealBroken, after which the transaction must be undone, if it comes to something else."""
    result = _all(tx, what, items, one, act)
    if result.seal != seal:
        raise SealBroken("what would be done is not what the preview showed", "look at a new preview, then decide")
    return result


def _all(tx: Transaction, what: str, items: Sequence[_T], one: One[_T], act: OperatorAction) -> BulkResult:
    outcomes = tuple(_each(tx, item, one, act) for item in items)
    told = "\n".join([what, *(f"{o.item}\t{o.done}\t{o.text}" for o in outcomes)])
    return BulkResult(outcomes, hashlib.sha256(told.encode()).hexdigest())


def _each(tx: Transaction, item: _T, one: One[_T], act: OperatorAction) -> ItemOutcome:
    try:
        with tx.attempt():
            return ItemOutcome(str(item), True, one(tx, item, act))
    except NotAllowed:
        raise
    except ActionRefused as error:
        return ItemOutcome(str(item), False, error.text, error.remedy or None)
