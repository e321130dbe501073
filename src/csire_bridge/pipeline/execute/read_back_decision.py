"""Decides what follows from a read-back: turns its facts into the terms of ``next_step``, which decides.

Pure: nothing is read or written here, and the time is a parameter.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from csire_bridge.domain.errors import HeadEndRefused
from csire_bridge.domain.meter.contactor import ContactorReading
from csire_bridge.domain.order.order import Order, OrderKind, OrderState
from csire_bridge.domain.order.outcome.conclusion import Conclusion, conclude
from csire_bridge.domain.order.outcome.next_step import Ending, Known, NextStep, Shown, Wish, next_step
from csire_bridge.pipeline.execute.read_back import CommandQueueState, ReadBack, ReadBackOutcome, ReadFailure
from csire_bridge.pipeline.execution_policy import ExecutionPolicy

__all__ = ["ReadBackDecision", "decide_after_failure", "decide_after_reading"]


@dataclass(frozen=True, slots=True)
class ReadBackDecision:
    """What happens to the order, and ``text``: the reason for its history.

    If the remote command has failed, ``for_good`` says that trying again can't help, and ``unmoved`` that the contactor
    is known not to have moved. ``uses_a_try``: one of the limited attempts to read is used up.
    """

    step: NextStep
    text: str
    for_good: bool = False
    unmoved: bool = False
    uses_a_try: bool = False


def decide_after_reading(
    asked: ReadBack,
    outcome: ReadBackOutcome,
    reading: ContactorReading,
    policy: ExecutionPolicy,
    now: datetime,
    *,
    may_read: bool,
) -> tuple[ReadBackDecision, Conclusion]:
    """What follows from ``reading`` (at ``now``, UTC), and what it says of the contactor's movement.

    ``may_read``: the tries to read are not used up.
    """
    order = asked.order
    if order.submitted_at is None:
        raise ValueError(f"order {order.key} is {order.state}, but was never given to a meter")
    concluded = conclude(
        order.kind, asked.event, reading, order.submitted_at, before=asked.before, armed_counts=policy.armed_counts
    )
    known = _known(asked, outcome, _shown(order, concluded, reading), policy, now, may_read=may_read)
    step = next_step(known)
    decision = ReadBackDecision(
        step,
        _text_of_reading(step, known, asked, concluded),
        for_good=_for_good(known),
        unmoved=known.shown is Shown.AS_BEFORE,
        uses_a_try=known.was_armed and known.ending is not Ending.OPEN,
    )
    return decision, concluded


def decide_after_failure(
    asked: ReadBack,
    outcome: ReadBackOutcome,
    error: ReadFailure,
    policy: ExecutionPolicy,
    now: datetime,
    *,
    may_read: bool,
) -> ReadBackDecision:
    """What follows at ``now`` (UTC) where the contactor could not be read; ``may_read``: it may be tried again."""
    shown = Shown.UNREADABLE if isinstance(error, HeadEndRefused) else Shown.UNREAD
    known = _known(asked, outcome, shown, policy, now, may_read=may_read)
    step = next_step(known)
    text = f"the contactor's state can't be read: {error.text}"
    refused = asked.order.refused is not None and shown is Shown.UNREADABLE
    if step in (NextStep.SUPERSEDE, NextStep.WITHDRAW):
        text = _not_wanted(step, f"its command was refused; {text}")
    elif step is NextStep.GIVE_UP and refused:
        unreadable = f"{asked.order.refused}; nor can its contactor be read: {error.text}"
        text = _tries(asked.order, unreadable, for_good=_for_good(known))
    return ReadBackDecision(step, text, for_good=refused and _for_good(known), unmoved=refused, uses_a_try=True)


def _known(
    asked: ReadBack, outcome: ReadBackOutcome, shown: Shown, policy: ExecutionPolicy, now: datetime, *, may_read: bool
) -> Known:
    order, event, asked_at = asked.order, asked.event, outcome.asked_at
    given = order.submitted_at or asked_at
    arrived = order.state is OrderState.SUBMITTED or order.refused is not None
    late = asked.late or policy.too_near(order, policy.next_attempt(order.attempts, now))
    return Known(
        shown=shown,
        ending=_ending(asked, outcome, shown, policy),
        wish=_wish(order),
        cancel_refused=outcome.queue is CommandQueueState.ABSENT and (arrived or asked_at >= given + policy.response),
        failed=event is not None and event.kind.failure,
        for_good=event is not None and event.permanent,
        refused=order.refused is not None,
        looked_twice=asked_at >= given + policy.read_back_interval,
        was_armed=order.state is OrderState.ARMED,
        may_try=not late and order.attempts < policy.attempts,
        may_read=may_read,
    )


def _ending(asked: ReadBack, outcome: ReadBackOutcome, shown: Shown, policy: ExecutionPolicy) -> Ending:
    order = asked.order
    if outcome.queue is CommandQueueState.CANCELLED or order.cancelled_at is not None:
        return Ending.DROPPED
    seen = shown in (Shown.WANTED, Shown.ARMED) or order.state is OrderState.ARMED
    if seen and asked.told_of_movement:
        return Ending.RAN
    return Ending.PASSED if policy.is_over(order, outcome.shown) else Ending.OPEN


def _shown(order: Order, concluded: Conclusion, reading: ContactorReading) -> Shown:
    if concluded.state is OrderState.DONE:
        return Shown.WANTED
    if concluded.state is OrderState.ARMED:
        return Shown.ARMED
    unmoved = reading.connected if order.kind is OrderKind.DISCONNECT else reading.disconnected
    return Shown.AS_BEFORE if unmoved else Shown.UNCLEAR


def _wish(order: Order) -> Wish:
    if order.recalled_at is None:
        return Wish.WANTED
    return Wish.TAKEN_BACK if order.superseded_by is None else Wish.SUPERSEDED


def _for_good(known: Known) -> bool:
    return known.for_good or (known.refused and not known.failed)


def _text_of_reading(step: NextStep, known: Known, asked: ReadBack, concluded: Conclusion) -> str:
    text = concluded.text
    match step:
        case NextStep.DONE_AND_RESERVED:
            text = f"{text}; its command may still arrive, so the meter gets no other one before its end"
        case NextStep.LOOK_AGAIN:
            text = f"{_told(asked)}; {text}"
        case NextStep.SUPERSEDE | NextStep.WITHDRAW:
            text = _not_wanted(step, "the command did not switch anything")
        case NextStep.PARK if known.shown is Shown.AS_BEFORE:
            text = "the contactor was ready for reconnection, and somebody has disconnected it since"
        case NextStep.PARK:
            text = "the contactor was ready for reconnection, and what it is now stays unclear however often it is read"
        case NextStep.GIVE_AGAIN:
            text = f"{_without_effect(known, asked, concluded)}; it is tried again"
        case NextStep.GIVE_UP:
            text = _tries(asked.order, _without_effect(known, asked, concluded), for_good=_for_good(known))
    return text


def _told(asked: ReadBack) -> str:
    return "no event in time" if asked.event is None else f"the head-end system reports {asked.event.kind}"


def _not_wanted(step: NextStep, why: str) -> str:
    if step is NextStep.SUPERSEDE:
        return f"a newer order for the metering point goes first; {why}"
    return f"the order was taken back; {why}"


def _without_effect(known: Known, asked: ReadBack, concluded: Conclusion) -> str:
    if known.failed:
        return concluded.text
    if known.refused:
        return asked.order.refused or concluded.text
    if known.ending is Ending.DROPPED:
        late = "too near the deadline, and " if asked.late else ""
        return f"{late}its command was cancelled"
    return f"the command has expired without effect; {concluded.text}"


def _tries(order: Order, text: str, *, for_good: bool) -> str:
    if for_good or not order.attempts:
        return text
    return f"{order.attempts} command{'s' * (order.attempts > 1)} had no effect; {text}"
