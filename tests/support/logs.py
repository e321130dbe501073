"""What was logged, as events with their fields."""

from __future__ import annotations

from typing import Any

import pytest

__all__ = ["told"]


def told(caplog: pytest.LogCaptureFixture, event: str) -> list[dict[str, Any]]:
    """The lines of one event, in their order."""
    lines = [record.msg for record in caplog.records if isinstance(record.msg, dict)]
    return [line for line in lines if line["event"] == event]
