"""The settings for incoming messages, as the pipeline needs them."""

from __future__ import annotations

from dataclasses import dataclass

from csire_bridge.domain.message.refusals import JudgingAgain
from csire_bridge.domain.message.strangers import StrangerBudget
from csire_bridge.pipeline.orders.order_policy import OrderPolicy

__all__ = ["IntakePolicy"]


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakePolicy:
    """``orders``: how requests become orders. ``judging_again``: how refusals are judged again.

    ``strangers``: the budget of bytes for messages of unproven senders.
    """

    orders: OrderPolicy
    judging_again: JudgingAgain
    strangers: StrangerBudget
