"""How much is left to chance: as much as a run of every day has time for, and more for whoever asks for it."""

from __future__ import annotations

import os

__all__ = ["examples"]

_TIMES = float(os.environ.get("CSIRE_TEST_EXAMPLES", "1"))


def examples(normal: int) -> int:
    """So many examples, times the environment's ``CSIRE_TEST_EXAMPLES``."""
    return max(1, round(normal * _TIMES))
