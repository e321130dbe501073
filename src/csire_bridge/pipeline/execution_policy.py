"""Times and limits of an execution: how long to wait, how often to try, and what must not be exceeded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from csire_bridge.domain.law.clocks import Deadlines, deadline_of, too_near
from csire_bridge.domain.law.policy import LawPolicy
from csire_bridge.domain.operations.circuit_breaker import CircuitPolicy
from csire_bridge.domain.operations.retry import RetryPolicy
from csire_bridge.domain.order.order import Order
from csire_bridge.domain.order.requests.operators_own import is_danger_cut
from csire_bridge.domain.order.requests.too_old import TooOld

__all__ = ["CALL_RETRY", "DANGER_RETRY", "ExecutionPolicy", "FieldWork"]

DANGER_RETRY = timedelta(seconds=30)
"""How long a cut because of danger waits at most before it is tried, or read, again; no setting."""
CALL_RETRY = RetryPolicy(attempts=100)
"""How often a call to the head-end system is tried; no setting."""


class FieldWork(StrEnum):
    """When a field crew is sent: never, once the attempts are used up, or also if the head-end system refuses."""

    NEVER = "never"
    EXHAUSTED = "exhausted"
    ALWAYS = "always"


@dataclass(frozen=True, slots=True)
class ExecutionPolicy:
    """``response``: how long an event is waited for before the contactor is read. ``lifetime``: how long the
    head-end system may run a command, ``expiry_margin``: how much longer, although its clock was compared with ours;
    ``unmeasured``: how late its clock may be where no reply has told it. ``attempts``: commands per order, with pauses
    that double from ``retry_pause``. ``read_back_interval``: between two readings of a contactor.
    ``recheck_interval``: between two looks at what an order waits for.

    ``meter_pause``: between two commands to one meter. ``commands_per_second`` is for each worker process,
    ``disconnections_per_hour`` for all together. ``armed_counts``: a reconnection is done once its contactor is armed.
    ``retry``: how often a call that fails is tried. ``too_old``: which disconnections are left to a person.
    ``law``: what the law forbids. ``rates`` stand for
    ``commands_per_second`` where a head-end system has one of its own.
    """

    response: timedelta
    lifetime: timedelta
    expiry_margin: timedelta
    unmeasured: timedelta
    attempts: int
    retry_pause: timedelta
    read_back_interval: timedelta
    recheck_interval: timedelta
    meter_pause: timedelta
    commands_per_second: float
    disconnections_per_hour: int
    armed_counts: bool
    field_work: FieldWork
    deadlines: Deadlines
    circuit: CircuitPolicy
    retry: RetryPolicy
    too_old: TooOld
    law: LawPolicy
    rates: Mapping[str, float]

    def rate_of(self, system: str) -> float:
        """The commands per second of a head-end system, for each worker process."""
        return self.rates.get(system, self.commands_per_second)

    def too_near(self, order: Order, moment: datetime) -> bool:
        """Whether at ``moment`` (UTC) too little time is left before the order's deadline to go on remotely."""
        return too_near(self.deadline_of(order), moment, self.deadlines)

    def deadline_of(self, order: Order) -> datetime | None:
        """By when (UTC) the order must be carried out, by the clocks that run for it now; None when none does."""
        undelivered = order.undelivered_at is not None
        return deadline_of(order, self.deadlines, order.received_at, undelivered=undelivered)

    def next_attempt(self, attempts: int, now: datetime) -> datetime:
        """When (UTC) to send the next command of an order after ``attempts`` failed ones."""
        pause: timedelta = self.retry_pause * 2 ** max(attempts - 1, 0)
        return now + pause

    def soon(self, order: Order, due: datetime, now: datetime) -> datetime:
        """``due`` (UTC), or sooner where the order cuts the supply because of danger."""
        return min(due, now + DANGER_RETRY) if is_danger_cut(order) else due

    def shown(self, now: datetime, told: datetime | None) -> datetime:
        """The earliest time (UTC) that the head-end system's clock can show: by its replies (``told``), or a guess."""
        return now - self.unmeasured if told is None else told

    def last_moment(self, now: datetime, told: datetime | None) -> datetime:
        """The last moment (UTC, by our clock) at which a command that is sent at ``now`` may act.

        ``told``: the earliest time that the head-end system's clock can show, by its replies.
        """
        return now + self.lifetime + self.expiry_margin + (now - self.shown(now, told))

    def left(self, end: Order | datetime, shown: datetime) -> timedelta:
        """How long a command may still act if the head-end system's clock shows ``shown``; zero if it can't any more.

        ``end`` is the command's end (UTC), or the order whose latest command it is.
        """
        until = end if isinstance(end, datetime) else end.expires_at
        if until is None:
            return timedelta()
        return max(until + self.expiry_margin - shown, timedelta())

    def is_over(self, order: Order, shown: datetime) -> bool:
        """Whether the order's latest command can't act any more, because its end has passed."""
        return order.expires_at is None or shown > order.expires_at + self.expiry_margin
