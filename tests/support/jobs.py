"""What jobs need, for tests."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from typing import Any

from csire_bridge.config.settings import Settings
from csire_bridge.domain.clock import Clock
from csire_bridge.domain.errors import Problem, ProblemCode, RuleBroken
from csire_bridge.domain.law.policy import LawPolicy
from csire_bridge.domain.people.second_person import ONE_PERSON, SecondPersonRules
from csire_bridge.pipeline.jobs.carry_out import JobRunner
from csire_bridge.pipeline.jobs.tools import JobTools
from csire_bridge.service.wiring.settings_to_values import law_policy
from csire_bridge.store.database import Database
from tests.support.store import NOW


def refused(_raw: bytes, _now: datetime) -> RuleBroken:
    """A judge who refuses everything."""
    return RuleBroken([Problem(ProblemCode.EMPTY, "nothing is in it", "send something")])


def tools_of(
    clock: Clock = lambda: NOW,
    law: LawPolicy | None = None,
    head_end: Callable[[], AbstractContextManager[Any]] = lambda: nullcontext(None),
    rules: SecondPersonRules = ONE_PERSON,
    most_items: int = 1000,
) -> JobTools:
    """Tools; without a head-end system no meter can be read."""
    known = law or law_policy(Settings(database="sqlite:///none.db"))
    return JobTools(clock, known, head_end, refused, rules, most_items)


def carry_out(database: Database, tools: JobTools) -> int:
    """Everything that is due, as the worker does."""
    return JobRunner(database, tools).run()
