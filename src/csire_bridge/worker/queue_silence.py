"""Records since when polling a partner's queue fails; as a row, so that any node can open the alert."""

from __future__ import annotations

from datetime import timedelta

from csire_bridge.domain.clock import Clock
from csire_bridge.domain.operations.circuit_breaker import CircuitPolicy
from csire_bridge.store.database import Database

__all__ = ["Silence"]

_AT_ONCE = CircuitPolicy(threshold=1, first=timedelta(seconds=10), longest=timedelta(minutes=2))


class Silence:
    """The record for the queue ``name``. For one thread."""

    def __init__(self, database: Database, clock: Clock, name: str) -> None:
        self._database = database
        self._clock = clock
        self._name = name
        self._known_to_answer = False

    def failed(self, error: Exception) -> None:
        """A poll failed; the first failure counts."""
        self._known_to_answer = False
        with self._database.transaction() as tx:
            before = tx.guards.circuit(self._name)
            tx.guards.set_circuit(before, before.after_failures(1, str(error), self._clock(), _AT_ONCE))

    def answered(self) -> None:
        """A poll succeeded, or polling has stopped."""
        if self._known_to_answer:
            return
        with self._database.transaction() as tx:
            before = tx.guards.circuit(self._name)
            tx.guards.set_circuit(before, before.after_success())
        self._known_to_answer = True
