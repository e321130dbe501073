"""Outages of the head-end system: noticed within a batch, and told to all nodes by the circuit breaker's row.

Only what shows the system itself down counts: it takes no connection, or several different meters gave no answer while
nobody else did either. One meter that hangs, however often it is tried, is that meter's affair.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from csire_bridge.domain.errors import BridgeError, HeadEndScope, HeadEndUnreachable, OutcomeUnknown
from csire_bridge.domain.identifiers import MeterNumber
from csire_bridge.domain.operations.circuit_breaker import CircuitPolicy
from csire_bridge.pipeline.ports import Transaction

__all__ = ["CIRCUIT", "HeadEndCircuit"]

_log = logging.getLogger(__name__)
CIRCUIT = "head-end"
_WINDOW = timedelta(minutes=10)
"""Failures that lie further apart do not belong together."""
_MOST_REMEMBERED = 10_000


class HeadEndCircuit:
    """What a worker's batches saw of the head-end system; several may be under way. For one thread."""

    def __init__(self, policy: CircuitPolicy) -> None:
        self._policy = policy
        self._in_a_row = 0
        self._untold = 0
        self._answered = False
        self._afresh = False
        self._answers = 0
        self._silent: set[MeterNumber] = set()
        self._failed_at: datetime | None = None
        self._why = ""

    @property
    def found(self) -> bool:
        """The head-end system is down: what is left of the batches does not even try."""
        return self._in_a_row >= self._policy.threshold

    def admit(
        self, tx: Transaction, meters: Sequence[MeterNumber | None], now: datetime
    ) -> tuple[Sequence[int], datetime | None]:
        """Begin a batch of calls to ``meters``. Which of them may go; and when (UTC) the others may come back.

        While the circuit is open, one at most goes, to try whether the head-end system is there again: one to a meter
        that is not known to be silent, where there is one.
        """
        if not self._untold:  # else a batch that has seen something is still under way
            self._in_a_row = 0
        circuit = tx.guards.circuit(CIRCUIT)
        if not circuit.open:
            return range(len(meters)), None
        trying = circuit.trying(now, self._policy)
        goes = bool(meters) and circuit.may_try(now) and tx.guards.set_circuit(circuit, trying)
        best = min(range(len(meters)), key=lambda place: meters[place] in self._silent, default=0)
        return [best] if goes else [], (trying if goes else circuit).retry_at or now

    def begins(self) -> int:
        """A call begins; what is returned is handed to ``record`` when it has ended."""
        return self._answers

    def record(self, result: object, meter: MeterNumber | None, begun: int, now: datetime) -> None:
        """Note what a call to ``meter`` came to, that began at ``begun``.

        A call without an answer says nothing of the system when another was answered meanwhile, nor when its meter was
        silent before.
        """
        if isinstance(result, HeadEndUnreachable) and result.scope is HeadEndScope.SYSTEM:
            self._failed(result, now)
        elif isinstance(result, OutcomeUnknown):
            if meter not in self._silent and begun == self._answers:
                self._failed(result, now)
            if meter is not None and len(self._silent) < _MOST_REMEMBERED:
                self._silent.add(meter)
        else:
            self._in_a_row = self._untold = 0
            self._answered = True
            self._answers += 1
            if meter is not None:
                self._silent.discard(meter)

    def _failed(self, error: BridgeError, now: datetime) -> None:
        if self._failed_at is not None and now - self._failed_at > _WINDOW:
            self._in_a_row = self._untold = 0
            self._afresh = True
        self._failed_at = now
        self._in_a_row += 1
        self._untold += 1
        self._why = error.text

    def settle(self, tx: Transaction, now: datetime) -> None:
        """Open, keep open or close the circuit, by what was seen since it was last told."""
        if not self._untold and not self._answered:
            return
        before = tx.guards.circuit(CIRCUIT)
        afresh = self._answered or (self._afresh and not before.open)
        after = before.after_success() if afresh else before
        if self._untold:
            after = after.after_failures(self._untold, self._why, now, self._policy)
        tx.guards.set_circuit(before, after)
        if after.open and not before.open:
            _log.error("the head-end system is down: %s", self._why)
        elif before.open and not after.open:
            _log.warning("the head-end system answers again")

    def mark_committed(self) -> None:
        """What was settled is committed."""
        self._untold, self._answered, self._afresh = 0, False, False
