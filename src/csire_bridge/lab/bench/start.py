"""Measures what a command costs before it does anything: processor time, beside an interpreter that does nothing."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from csire_bridge.config.resources import folder
from csire_bridge.lab.shared.measure import Track
from csire_bridge.store.database import make_current

__all__ = ["Start", "measure_start"]

_NOTHING = "python -c pass"
_COMPLETION = "completion of `orders`"
_COMPLETING = {"_CSIRE_BRIDGE_COMPLETE": "complete_bash", "COMP_WORDS": "csire-bridge orders ", "COMP_CWORD": "2"}
_DECIDED = {"CSIRE_BRIDGE_LAW__UNKNOWN_PROTECTION": "protected"}  # or ``alerts`` exits with 1: somebody has to decide
_COMPLETE = "from csire_bridge.cli.main import app; app(prog_name='csire-bridge')"
_WITHOUT_DATABASE = ("--version", "--help", "hold --help", "validate --help", "serve --help", "bench --help")
_WITH_DATABASE = ("orders list", "alerts", "messages list", "stats", "stop --show")
_VALIDATE = "validate 8.1.1.5-debt.xml"


@dataclass(frozen=True)
class Start:
    """``seconds`` of processor time (user and system), the least of all rounds, for one command."""

    command: str
    seconds: float


def measure_start(place: Path, rounds: int, track: Track) -> list[Start]:
    """Start each command ``rounds`` times, in turns, with an empty database in the folder ``place``."""
    address = f"sqlite:///{place / 'start.db'}"
    make_current(address)
    lines: dict[str, Sequence[str]] = {_NOTHING: ("-c", "pass"), _COMPLETION: ("-c", _COMPLETE)}
    lines |= {words: ("-m", "csire_bridge", *words.split()) for words in _WITHOUT_DATABASE}
    lines |= {words: ("-m", "csire_bridge", *words.split(), "--database", address) for words in _WITH_DATABASE}
    lines[_VALIDATE] = ("-m", "csire_bridge", "validate", str(folder("samples") / "good" / "8.1.1.5-debt.xml"))
    least = dict.fromkeys(lines, float("inf"))
    for _ in track([1] * rounds, rounds):
        for name, words in lines.items():
            least[name] = min(least[name], _processor_seconds(words, _COMPLETING if name == _COMPLETION else _DECIDED))
    return [Start(name, seconds) for name, seconds in least.items()]


def _processor_seconds(words: Sequence[str], environment: Mapping[str, str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    around = os.environ | environment
    subprocess.run([sys.executable, *words], env=around, stdout=subprocess.DEVNULL, check=True)  # noqa: S603 - our own
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
