"""Outages of the head-end system: noticed within a batch, and told to all nodes by the circuit breaker's row."""

from __future__ import annotations

import logging
from datetime import datetime

from csire_bridge.domain.circuit import CircuitPolicy
from csire_bridge.domain.errors import BridgeError, HeadEndScope, HeadEndUnreachable, OutcomeUnknown
from csire_bridge.pipeline.ports import Transaction

__all__ = ["CIRCUIT", "Outage"]

_log = logging.getLogger(__name__)
CIRCUIT = "head-end"


class Outage:
    """What a worker's batches saw of the head-end system; several may be under way. For one thread."""

    def __init__(self, policy: CircuitPolicy) -> None:
        self._policy = policy
        self._in_a_row = 0
        self._untold = 0
        self._answered = False
        self._why = ""

    @property
    def found(self) -> bool:
        """The head-end system is down: what is left of the batches does not even try."""
        return self._in_a_row >= self._policy.threshold

    def through(self, tx: Transaction, count: int, now: datetime) -> tuple[int, datetime | None]:
        """Begin a batch of ``count`` calls. How many of them may go; and when (UTC) the others may come back.

        While the circuit is open, one at most goes, to try whether the head-end system is there again.
        """
        if not self._untold:  # else a batch that has seen something is still under way
            self._in_a_row = 0
        circuit = tx.guards.circuit(CIRCUIT)
        if not circuit.open:
            return count, None
        trying = circuit.trying(now, self._policy)
        goes = 1 if count and circuit.may_try(now) and tx.guards.set_circuit(circuit, trying) else 0
        return goes, (trying if goes else circuit).retry_at or now

    def saw(self, result: object) -> None:
        """Note what a call came to. Only the head-end system's own silence counts, not that of one meter."""
        silent = isinstance(result, OutcomeUnknown) or (
            isinstance(result, HeadEndUnreachable) and result.scope is HeadEndScope.SYSTEM
        )
        if silent and isinstance(result, BridgeError):
            self._in_a_row += 1
            self._untold += 1
            self._why = result.text
        else:
            self._in_a_row = self._untold = 0
            self._answered = True

    def settle(self, tx: Transaction, now: datetime) -> None:
        """Open, keep open or close the circuit, by what was seen since it was last told."""
        if not self._untold and not self._answered:
            return
        before = tx.guards.circuit(CIRCUIT)
        after = before.after_success() if self._answered else before
        if self._untold:
            after = after.after_failures(self._untold, self._why, now, self._policy)
        tx.guards.set_circuit(before, after)
        if after.open and not before.open:
            _log.error("the head-end system is down: %s", self._why)
        elif before.open and not after.open:
            _log.warning("the head-end system answers again")

    def told(self) -> None:
        """What was settled is committed."""
        self._untold, self._answered = 0, False
