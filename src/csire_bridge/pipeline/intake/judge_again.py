"""Judges messages again that were refused for a cause that may be our fault, once the cause is gone.

A message that is good now goes back to the start: its old verdict is kept in the history, and intake settles it like a
new one. So ids, processes and orders are checked as always, and it is accepted only once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from csire_bridge.domain.clock import Clock
from csire_bridge.domain.errors import ActionRefused, PartnerFault
from csire_bridge.domain.message.message import RawMessage
from csire_bridge.domain.message.refusals import JudgingAgain
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.people.acts import Act
from csire_bridge.domain.people.audited import audited
from csire_bridge.domain.work import PROMPT, WorkStep
from csire_bridge.pipeline.ports.store import Store, Transaction
from csire_bridge.telemetry.logs import logger

if TYPE_CHECKING:  # a command that only marks messages needs no parser
    from csire_bridge.pipeline.intake.handler import Intake

__all__ = ["JudgeAgain", "reopen", "reopen_by_hand"]

_log = logger(__name__)
_AT_ONCE = 64


class JudgeAgain:
    """Judges refused messages again when they are due. For one thread of one process at a time."""

    def __init__(
        self,
        store: Store,
        intake: Intake,
        clock: Clock,
        policy: JudgingAgain,
        partners: Callable[[], int],
    ) -> None:
        """``partners`` is the version of the partners that hold now: with another one than before, and at the first
        look after a start, everything is due.
        """
        self._store = store
        self._intake = intake
        self._clock = clock
        self._policy = policy
        self._partners = partners
        self._judged_by = -1

    def look(self) -> int:
        """Judge a bounded number of messages that are due; return how many are good now and continue."""
        now, partners = self._clock(), self._partners()
        with self._store.transaction() as tx:
            if partners != self._judged_by:
                tx.messages.due_at_once(now)
            raws = tx.messages.refused(tx.messages.due_again(now, _AT_ONCE))
        good = [raw for raw in raws if raw.raw and not isinstance(self._intake.judge_again(raw, now), PartnerFault)]
        bad = [raw for raw in raws if raw not in good]
        with self._store.transaction() as tx:
            tx.messages.still_refused([(raw.key, self._next(raw, now)) for raw in bad])
            tx.messages.note(
                (raw.key, now, "again", "still refused after days: it is left to people")
                for raw in bad
                if self._next(raw, now) is None
            )
            reopened = reopen(tx, [raw.key for raw in good], now, "the cause of the refusal is gone: judged again")
        self._judged_by = partners
        for key in reopened:
            _log.warning("message.good_now", message=key)
        return len(reopened)

    def _next(self, raw: RawMessage, now: datetime) -> datetime | None:
        return self._policy.next_time(raw.received_at, raw.tries + 1, now) if raw.raw else None


def reopen(tx: Transaction, keys: Sequence[int], now: datetime, text: str) -> list[int]:
    """Have refused messages judged again at once; return those that were still refused."""
    reopened = tx.messages.reopen(keys, now)
    tx.messages.note((key, now, "again", text) for key in reopened)
    tx.work.add(WorkStep.INTAKE, reopened, now, priority=PROMPT)
    return reopened


@audited(Act.MESSAGE_JUDGE_AGAIN, "{keys}")
def reopen_by_hand(tx: Transaction, keys: Sequence[int], act: OperatorAction) -> list[int]:
    """The same for a person. Raises ActionRefused, and changes nothing, for one that is not refused or has no bytes."""
    act.require_few(len(keys))
    found = {raw.key: raw for raw in tx.messages.refused(keys)}
    for key in keys:
        if key not in found:
            raise ActionRefused(f"message {key} is not refused", "look it up with `messages list --state refused`")
        if not found[key].raw:
            raise ActionRefused(
                f"the content of message {key} is not kept here any more", "have it sent again, or replay its archive"
            )
    return reopen(tx, keys, act.at, act.history_line("judged again"))
