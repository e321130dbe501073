"""The settings for requests that become orders, as the pipeline needs them."""

from __future__ import annotations

from dataclasses import dataclass

from csire_bridge.domain.law.clocks import Deadlines
from csire_bridge.domain.law.policy import LawPolicy
from csire_bridge.domain.order.requests.too_old import TooOld
from csire_bridge.domain.order.steps import StepRules

__all__ = ["OrderPolicy"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPolicy:
    """The settings of requests.

    ``too_old``: which disconnections are left to a person when they come, because they were asked for long ago.
    ``steps``: which steps agreements have. ``deadlines``: by when orders must be carried out.
    ``law``: what the law forbids, and by when a complaint must be decided.
    """

    too_old: TooOld
    steps: StepRules
    deadlines: Deadlines
    law: LawPolicy
