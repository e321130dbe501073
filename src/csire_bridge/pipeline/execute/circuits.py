"""The circuit breakers of several head-end systems: what one of them does concerns only the meters that it has."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from csire_bridge.domain.identifiers import MeterNumber
from csire_bridge.domain.operations.circuit_breaker import CircuitPolicy
from csire_bridge.pipeline.execute.circuit import CIRCUIT, HeadEndCircuit
from csire_bridge.pipeline.ports.head_end import HeadEnd
from csire_bridge.pipeline.ports.store import Transaction

__all__ = ["HeadEndCircuits"]


class HeadEndCircuits:
    """One ``HeadEndCircuit`` for each system; a call without a meter counts for the first. For one thread."""

    def __init__(self, policy: CircuitPolicy, head_end: HeadEnd) -> None:
        self._head_end = head_end
        self._each = {
            name: HeadEndCircuit(policy, f"{CIRCUIT}: {name}" if place else CIRCUIT)
            for place, name in enumerate(head_end.systems())
        }

    def _of(self, meter: MeterNumber | None) -> HeadEndCircuit:
        if meter is None or len(self._each) == 1:
            return next(iter(self._each.values()))
        return self._each[self._head_end.system_of(meter)]

    def admit(self, tx: Transaction, meters: Sequence[MeterNumber | None], now: datetime) -> list[datetime | None]:
        """For each call to one of ``meters``: None if it may be made now, else when (UTC) to try it again."""
        retry: list[datetime | None] = [None] * len(meters)
        of_system: dict[HeadEndCircuit, list[int]] = {}
        for place, meter in enumerate(meters):
            of_system.setdefault(self._of(meter), []).append(place)
        for circuit in self._each.values():
            places = of_system.get(circuit, [])
            through, back = circuit.admit(tx, [meters[place] for place in places], now)
            for at, place in enumerate(places):
                retry[place] = None if at in through else back or now
        return retry

    def found(self, meter: MeterNumber | None) -> bool:
        """Whether the system of ``meter`` was found to be down."""
        return self._of(meter).found

    def begins(self, meter: MeterNumber | None) -> int:
        """Note that a call begins; pass the returned value to ``record``."""
        return self._of(meter).begins()

    def record(self, result: object, meter: MeterNumber | None, begun: int, now: datetime) -> None:
        """Note the result of a call."""
        self._of(meter).record(result, meter, begun, now)

    def settle(self, tx: Transaction, now: datetime) -> None:
        """Open, keep open or close each circuit, by the calls since the last committed change."""
        for circuit in self._each.values():
            circuit.settle(tx, now)

    def mark_committed(self) -> None:
        """Note that the transaction with the new states was committed."""
        for circuit in self._each.values():
            circuit.mark_committed()
