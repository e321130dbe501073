"""How the simulated SID misbehaves: settable at any time, by count for tests and by chance for long runs."""

from __future__ import annotations

from dataclasses import dataclass, field

from csire_bridge.lab.simulators.faults.hub import Trouble

__all__ = ["SidFaults"]


@dataclass(slots=True)
class SidFaults:
    """Everything that the simulated SID can do wrong; an outage is ``stop`` and ``start``.

    Answers: ``codes`` are SidFault codes (given before anything happened), ``hang`` takes the request and never
    answers, ``html`` is a gateway's page, ``half`` cuts the answer, ``slow`` is the shortest and longest pause in
    seconds. ``operations`` limits all these to some operations; empty: all. New orders: ``duplicates`` hands one out
    twice in the same answer, ``nonsense`` puts one beside them that breaks the contract, ``lost_confirmation``
    says yes to a pick-up and forgets it.
    """

    codes: dict[str, Trouble] = field(default_factory=dict)
    hang: Trouble = field(default_factory=Trouble)
    html: Trouble = field(default_factory=Trouble)
    half: Trouble = field(default_factory=Trouble)
    slow: tuple[float, float] | None = None
    operations: frozenset[str] = frozenset()
    duplicates: Trouble = field(default_factory=Trouble)
    nonsense: Trouble = field(default_factory=Trouble)
    lost_confirmation: Trouble = field(default_factory=Trouble)
