"""How long tests wait for what comes by itself: so long that only a hang is a reason to fail, and no busy machine."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

__all__ = ["PATIENCE", "wait_until"]

PATIENCE = float(os.environ.get("CSIRE_TEST_PATIENCE", "300"))
"""Seconds. Nothing waits for them to pass: they bound how long a test goes on that has failed already."""


def wait_until(
    condition: Callable[[], object],
    why: Callable[[], str] = lambda: "it did not come to pass",
    *,
    meanwhile: Callable[[], object] = lambda: False,
) -> None:
    """Look again and again until ``condition`` holds; AssertionError with ``why`` when patience has ended.

    ``meanwhile`` is done between two looks; without a pause as long as it finds something to do.
    """
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"{why()}, in {PATIENCE:g} s"
        if not meanwhile():
            time.sleep(0.01)
