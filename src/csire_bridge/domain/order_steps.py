"""Orders that are more than one movement of a contactor: agreements that start or end, and changes of the tariff.

Such an order is a row of steps, done one after the other. A step that moves the contactor is an order of its own (a
child), so that every guard holds for it. The other steps may be repeated without harm, so a crash only repeats one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from csire_bridge.domain.clock import start_of
from csire_bridge.domain.orders import Order, OrderKind

__all__ = [
    "STEP_ENDED",
    "OrderStep",
    "StepKind",
    "StepRules",
    "StepState",
    "first_open",
    "goes_on_supplied",
    "moved_steps",
    "plan_steps",
]


class StepKind(StrEnum):
    """What a step does. ``TARIFF`` writes the meter's passive calendar and reads it back, ``ACTIVATE`` makes sure
    that it counts from the date on."""

    TARIFF = "tariff"
    ACTIVATE = "activate"
    CONNECT = "connect"
    READ = "read"
    DISCONNECT = "disconnect"


class StepState(StrEnum):
    """Where a step stands. ``SKIPPED``: there was nothing to do, or it must not be done; its text says why."""

    WAITING = "waiting"
    UNDER_WAY = "under-way"
    DONE = "done"
    SKIPPED = "skipped"
    FAILED = "failed"


STEP_ENDED = frozenset({StepState.DONE, StepState.SKIPPED})


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderStep:
    """One step of an order, to be begun at ``not_before`` (UTC) or later.

    ``child`` is the order that moves the contactor.
    """

    key: int
    order: int
    position: int
    kind: StepKind
    state: StepState
    not_before: datetime
    ended_at: datetime | None = None
    child: int | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class StepRules:
    """Which steps agreements have, and how long before its date a tariff is written into the meter.

    An end is ``end_after`` the start of its date: nothing, or a whole day where the last day still counts.
    """

    start: Sequence[StepKind] = field(default=(StepKind.TARIFF, StepKind.CONNECT, StepKind.READ))
    end: Sequence[StepKind] = field(default=(StepKind.READ, StepKind.DISCONNECT))
    write_ahead: timedelta = timedelta(hours=12)
    end_after: timedelta = timedelta(0)


def plan_steps(order: Order, rules: StepRules) -> tuple[OrderStep, ...]:
    """The steps of ``order``, on its date in Polish time; without a date at once. Empty when it has none."""
    at = start_of(order.effective_date) if order.effective_date else order.not_before
    if order.kind is OrderKind.AGREEMENT_END:
        at += rules.end_after
    kinds = list(_kinds(order, rules))
    ahead = rules.write_ahead if order.effective_date else timedelta(0)
    return tuple(
        OrderStep(
            key=0,
            order=order.key,
            position=position,
            kind=kind,
            state=StepState.WAITING,
            not_before=at - ahead if kind is StepKind.TARIFF else at,
        )
        for position, kind in enumerate(kinds, 1)
    )


def _kinds(order: Order, rules: StepRules) -> Iterator[StepKind]:
    chosen = {
        OrderKind.AGREEMENT_START: rules.start,
        OrderKind.AGREEMENT_END: rules.end,
        OrderKind.PARAMETRISATION: (StepKind.TARIFF,),
    }.get(order.kind, ())
    for kind in chosen:
        if kind is StepKind.TARIFF:
            if order.tariff_group:
                yield from (StepKind.TARIFF, StepKind.ACTIVATE)
        else:
            yield kind


def moved_steps(steps: Sequence[OrderStep], order: Order, rules: StepRules) -> list[OrderStep]:
    """Those of the steps that change when ``order`` gets another date.

    A tariff that waits in the meter is written anew; what was done for good stays done.
    """
    planned = {(step.position, step.kind): step.not_before for step in plan_steps(order, rules)}
    activated = any(step.kind is StepKind.ACTIVATE and step.state in STEP_ENDED for step in steps)
    return [
        replace(step, state=StepState.WAITING, ended_at=None, not_before=planned[step.position, step.kind])
        for step in steps
        if (step.position, step.kind) in planned
        and (step.state is StepState.WAITING or (step.kind is StepKind.TARIFF and not activated))
    ]


def first_open(steps: Sequence[OrderStep]) -> OrderStep | None:
    """The step that is due next, in their order; None when all have ended."""
    return next((step for step in steps if step.state not in STEP_ENDED), None)


def goes_on_supplied(
    end: Order, starts: Sequence[Order], supplier_now: str | None, *, back: timedelta = timedelta(days=31)
) -> str | None:
    """Why the household of an agreement that ends must not be cut off, in words; None when nothing says so.

    ``starts`` are the agreements that start at the point, ``supplier_now`` is who supplies it as far as we know. A
    household that changes its supplier has an end and a start on nearly the same date, told in any order.
    """
    ends_on = end.effective_date
    if ends_on is None:
        return None
    for start in starts:
        if start.effective_date is not None and _takes_over(start, start.effective_date, end, ends_on, back):
            return f"a new agreement starts on {start.effective_date}"
    if end.supplier and supplier_now and supplier_now != end.supplier:
        return f"the point is supplied by {supplier_now} now"
    return None


def _takes_over(start: Order, starts_on: date, end: Order, ends_on: date, back: timedelta) -> bool:
    if not ends_on - back <= starts_on <= ends_on + timedelta(days=1):
        return False
    return starts_on >= ends_on or start.supplier is None or start.supplier != end.supplier
