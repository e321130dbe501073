"""Times as paper says them: by the Polish clock, always with the offset, so that no hour can be taken for another."""

from __future__ import annotations

from datetime import datetime

from csire_bridge.domain.clock import WARSAW

__all__ = ["on_paper"]


def on_paper(moment: datetime | None) -> str:
    """``28.11.2026 14:05:09 (UTC+01:00)``; a dash for None."""
    if moment is None:
        return "-"
    at = moment.astimezone(WARSAW)
    offset = at.strftime("%z")
    return f"{at:%d.%m.%Y %H:%M:%S} (UTC{offset[:3]}:{offset[3:]})"
