"""The names of the scenarios; apart from the scenarios, so that the help of ``simulate`` loads nothing of them."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["ScenarioName"]


class ScenarioName(StrEnum):
    """What is simulated: an ordinary month, an outage of two hours, or many prepaid orders in one evening."""

    MONTH = "month"
    OUTAGE = "outage"
    PREPAID_EVENING = "prepaid-evening"
