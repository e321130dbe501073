"""What the operator's settings say of messages that come in."""

from __future__ import annotations

from dataclasses import dataclass

from csire_bridge.domain.message.refusals import JudgingAgain
from csire_bridge.domain.message.strangers import StrangerBudget
from csire_bridge.pipeline.orders.order_policy import OrderPolicy

__all__ = ["IntakePolicy"]


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakePolicy:
    """``orders``: what requests become. ``judging_again``: how refusals are judged again.

    ``strangers``: what is kept of messages whose sender is not proven.
    """

    orders: OrderPolicy
    judging_again: JudgingAgain
    strangers: StrangerBudget
