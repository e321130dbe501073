"""How the simulated hub misbehaves: settable at any time, by count for tests and by chance for long runs."""

from __future__ import annotations

import random
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, cast

__all__ = ["HubDice", "HubFaults", "Trouble", "calm", "change_faults"]


@dataclass(slots=True)
class Trouble:
    """Strikes the next ``times`` opportunities for certain, and each one after them with ``chance`` (0 to 1)."""

    times: int = 0
    chance: float = 0.0


@dataclass(slots=True)
class HubFaults:
    """Everything that the simulated hub can do wrong.

    Queue: ``duplicates`` puts a message in twice, ``reorder`` puts it before the last one that waits.
    Answers: ``codes`` are CMSFault codes (taken before anything happened), ``hang`` takes the request and never
    answers, ``html`` is a gateway's page with ``html_status``, ``truncate`` cuts the answer in half, ``slow`` is the
    shortest and longest pause in seconds. ``operations`` limits all these to some operations; empty: all.
    Signatures: ``bad_signature`` spoils one (of an R_1, and with WS-Security of an answer's envelope).
    Results: ``wrong_result`` refers to a message that nobody sent, ``no_result`` never comes.
    """

    duplicates: Trouble = field(default_factory=Trouble)
    reorder: Trouble = field(default_factory=Trouble)
    codes: dict[str, Trouble] = field(default_factory=dict)
    hang: Trouble = field(default_factory=Trouble)
    html: Trouble = field(default_factory=Trouble)
    html_status: int = 502
    html_headers: dict[str, str] = field(default_factory=dict)
    truncate: Trouble = field(default_factory=Trouble)
    slow: tuple[float, float] | None = None
    operations: frozenset[str] = frozenset()
    bad_signature: Trouble = field(default_factory=Trouble)
    wrong_result: Trouble = field(default_factory=Trouble)
    no_result: Trouble = field(default_factory=Trouble)


class HubDice:
    """Decides by a seeded random source, so that a run can be had again. Safe to use from several threads."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - a simulator's fate, no secret
        self._lock = threading.Lock()

    def strikes(self, trouble: Trouble) -> bool:
        """Whether it happens now; counts ``times`` down."""
        with self._lock:
            if trouble.times > 0:
                trouble.times -= 1
                return True
            return trouble.chance > 0 and self._random.random() < trouble.chance

    def pause(self, limits: tuple[float, float] | None) -> float:
        """A pause in seconds between the two limits."""
        with self._lock:
            return self._random.uniform(*limits) if limits else 0.0

    def name(self) -> str:
        """32 hexadecimal digits, for whatever needs a name."""
        with self._lock:
            return f"{self._random.getrandbits(128):032x}"


def change_faults(faults: object, values: Mapping[str, Any]) -> None:
    """Set what is named, from values of JSON: a trouble as {"times": 1, "chance": 0.1}; ValueError for a wrong name."""
    known = {one.name for one in fields(cast(Any, faults))}
    if unknown := values.keys() - known:
        raise ValueError(f"no such fault: {', '.join(sorted(unknown))}; there are {', '.join(sorted(known))}")
    for name, value in values.items():
        setattr(faults, name, _converted(getattr(faults, name), name, value))


def _converted(before: object, name: str, value: Any) -> object:
    if isinstance(before, Trouble):
        return Trouble(**value)
    if name == "codes":
        return {code: Trouble(**trouble) for code, trouble in value.items()}
    if name == "operations":
        return frozenset(value)
    return tuple(value) if name == "slow" and value is not None else value


def calm(faults: object) -> None:
    """Nothing goes wrong any more."""
    for one in fields(cast(Any, faults)):
        setattr(faults, one.name, getattr(type(faults)(), one.name))
