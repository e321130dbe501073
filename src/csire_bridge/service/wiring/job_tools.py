"""What jobs of people need, from the settings and the bridge's parts."""

from __future__ import annotations

from functools import partial

from csire_bridge.config.settings import Settings
from csire_bridge.domain.clock import Clock
from csire_bridge.domain.law.policy import LawPolicy
from csire_bridge.pipeline.jobs.tools import JobTools, Judge
from csire_bridge.service.wiring.head_end_reader import head_end_reader

__all__ = ["job_tools"]


def job_tools(settings: Settings, law: LawPolicy, judge: Judge, clock: Clock) -> JobTools:
    """The tools by which items are looked at and done. ``judge`` says what the bytes of a message are worth."""
    return JobTools(
        clock=clock,
        law=law,
        head_end=partial(head_end_reader, settings, clock),
        judge=judge,
        rules=settings.jobs.rules(),
        most_items=settings.jobs.most_items,
        armed_counts=settings.execution.armed_counts,
    )
