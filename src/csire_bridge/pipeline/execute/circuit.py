"""The circuit breaker towards the head-end system: outages are noticed in a batch, and shared by all nodes as a row.

Only failures of the system itself count: it takes no connection, or several different meters gave no answer and no
other meter answered meanwhile. One meter that does not answer, however often it is tried, does not open the circuit.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from csire_bridge.domain.errors import BridgeError, HeadEndBusy, HeadEndScope, HeadEndUnreachable, OutcomeUnknown
from csire_bridge.domain.identifiers import MeterNumber
from csire_bridge.domain.operations.circuit_breaker import CircuitPolicy
from csire_bridge.pipeline.ports.store import Transaction
from csire_bridge.telemetry.logs import logger

__all__ = ["CIRCUIT", "HeadEndCircuit"]

_log = logger(__name__)
CIRCUIT = "head-end"
_WINDOW = timedelta(minutes=10)
"""Failures further apart than this are not counted together."""
_MOST_REMEMBERED = 10_000


class HeadEndCircuit:
    """What the batches of one worker saw of the head-end system; several may be running. For one thread."""

    def __init__(self, policy: CircuitPolicy, name: str = CIRCUIT) -> None:
        self._policy, self._name = policy, name
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
        """Whether the head-end system was found to be down; then the rest of the batches makes no calls."""
        return self._in_a_row >= self._policy.threshold

    def admit(
        self, tx: Transaction, meters: Sequence[MeterNumber | None], now: datetime
    ) -> tuple[Sequence[int], datetime | None]:
        """Ask the circuit breaker which of the calls to ``meters`` may be made now, and when (UTC) to retry the rest.

        While the circuit is open, at most one call is made, to test whether the head-end system is back; if possible
        to a meter that is not known to be silent.
        """
        if not self._untold:  # else a batch that has seen something is still under way
            self._in_a_row = 0
        circuit = tx.guards.circuit(self._name)
        if not circuit.open:
            return range(len(meters)), None
        trying = circuit.trying(now, self._policy)
        goes = bool(meters) and circuit.may_try(now) and tx.guards.set_circuit(circuit, trying)
        best = min(range(len(meters)), key=lambda place: meters[place] in self._silent, default=0)
        return [best] if goes else [], (trying if goes else circuit).retry_at or now

    def begins(self) -> int:
        """Note that a call begins; pass the returned value to ``record`` when the call has ended."""
        return self._answers

    def record(self, result: object, meter: MeterNumber | None, begun: int, now: datetime) -> None:
        """Note the result of a call to ``meter`` that began at ``begun``.

        A call without an answer proves nothing about the system if another call was answered meanwhile, or if this
        meter did not answer before either.
        """
        if isinstance(result, HeadEndUnreachable | HeadEndBusy) and result.scope is HeadEndScope.SYSTEM:
            self._failed(result, now)
        elif isinstance(result, OutcomeUnknown) and not isinstance(result, HeadEndBusy):
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
        """Open, keep open or close the circuit, by the calls since the last committed change."""
        if not self._untold and not self._answered:
            return
        before = tx.guards.circuit(self._name)
        afresh = self._answered or (self._afresh and not before.open)
        after = before.after_success() if afresh else before
        if self._untold:
            after = after.after_failures(self._untold, self._why, now, self._policy)
        tx.guards.set_circuit(before, after)
        if after.open and not before.open:
            _log.error("head_end.down", system=self._name, why=self._why)
        elif before.open and not after.open:
            _log.warning("head_end.up", system=self._name)

    def mark_committed(self) -> None:
        """Note that the transaction with the circuit's new state was committed."""
        self._untold, self._answered, self._afresh = 0, False, False
