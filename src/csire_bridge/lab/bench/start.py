"""Measures what a command costs before it does anything: processor time, beside an interpreter that does nothing."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from csire_bridge.lab.shared.measure import Track
from csire_bridge.store.database import make_current

__all__ = ["Start", "measure_start"]

_NOTHING = "python -c pass"
_WITHOUT_DATABASE = ("--version", "--help", "pki --help", "sign --help")
_WITH_DATABASE = ("orders list", "alerts", "messages list", "stats", "stop --show")


@dataclass(frozen=True)
class Start:
    """``seconds`` of processor time (user and system), the least of all rounds, for one command."""

    command: str
    seconds: float


def measure_start(place: Path, rounds: int, track: Track) -> list[Start]:
    """Start each command ``rounds`` times, in turns, with an empty database in the folder ``place``."""
    address = f"sqlite:///{place / 'start.db'}"
    make_current(address)
    lines: dict[str, Sequence[str]] = {_NOTHING: ("-c", "pass")}
    lines |= {words: ("-m", "csire_bridge", *words.split()) for words in _WITHOUT_DATABASE}
    lines |= {words: ("-m", "csire_bridge", *words.split(), "--database", address) for words in _WITH_DATABASE}
    least = dict.fromkeys(lines, float("inf"))
    for _ in track([1] * rounds, rounds):
        for name, words in lines.items():
            least[name] = min(least[name], _processor_seconds(words))
    return [Start(name, seconds) for name, seconds in least.items()]


def _processor_seconds(words: Sequence[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *words], stdout=subprocess.DEVNULL, check=True)  # noqa: S603 - our own commands
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
