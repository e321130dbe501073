"""The settings for requests that become orders, as the pipeline needs them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from csire_bridge.domain.law.policy import LawPolicy
from csire_bridge.domain.order.deadlines import Deadlines
from csire_bridge.domain.order.steps import StepRules

__all__ = ["OrderPolicy"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPolicy:
    """``oldest_disconnection``: a disconnection that was asked for longer ago is left to a person.

    Its message may have a retroactive token; then it is not. ``steps``: which steps agreements have. ``deadlines``: by
    when orders must be carried out. ``law``: what the law forbids, and until when a complaint must be decided.
    """

    oldest_disconnection: timedelta
    steps: StepRules
    deadlines: Deadlines
    law: LawPolicy
