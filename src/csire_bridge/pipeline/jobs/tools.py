"""What is needed to do something to an item, and what was seen of it just before."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from csire_bridge.domain.clock import Clock
from csire_bridge.domain.jobs.kinds import JobDetails
from csire_bridge.domain.law.policy import LawPolicy
from csire_bridge.domain.people.second_person import SecondPersonRules
from csire_bridge.pipeline.operator.orders.order_actions import ObservedOrder
from csire_bridge.pipeline.ports.head_end import HeadEnd

if TYPE_CHECKING:  # only who replays needs the parser
    from csire_bridge.pipeline.intake.handler import Judgement

__all__ = ["Hand", "JobTools", "Judge"]


Judge = Callable[[bytes, datetime], "Judgement"]
"""Says at a moment (UTC) what the bytes of a message are worth."""


@dataclass(frozen=True)
class JobTools:
    """``head_end`` reads contactors (None: none is set up). A job has ``most_items`` items at most.
    ``armed_counts``: a reconnection is done once its contactor is armed.
    """

    clock: Clock
    law: LawPolicy
    head_end: Callable[[], AbstractContextManager[HeadEnd | None]]
    judge: Judge
    rules: SecondPersonRules
    most_items: int
    armed_counts: bool = False


@dataclass(frozen=True)
class Hand:
    """How one item is done: the details of its job, and what was seen of it, outside of the transaction.

    ``preview``: what is done is undone at once, and no meter was asked.
    """

    tools: JobTools
    details: JobDetails
    preview: bool = False
    observed: ObservedOrder | None = None
    judged: Judgement | None = None
