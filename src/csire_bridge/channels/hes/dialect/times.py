"""Times that a head-end system writes without a zone: a setting, or its dialect, says which zone they are in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, tzinfo

__all__ = ["placed_in"]


def placed_in(zone: tzinfo | None, not_after: datetime | None = None) -> Callable[[datetime], datetime] | None:
    """What turns a time without a zone into a moment (UTC); None where nobody has said which zone it is in.

    A clock time that occurs twice, when clocks are put back, is the later of the two that is not after ``not_after``;
    without that, the earlier one. Raises ValueError for one that does not occur.
    """
    if zone is None:
        return None

    def placed(local: datetime) -> datetime:
        both = sorted(local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
        if both[0].astimezone(zone).replace(tzinfo=None) != local:
            raise ValueError(f"clocks in {zone} do not show {local.isoformat()}, because they are put forward then")
        told = [moment for moment in both if not_after is not None and moment <= not_after]
        return told[-1] if told else both[0]

    return placed
