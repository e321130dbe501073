"""Orders that are more than one movement of a contactor: agreements that start or end, and changes of the tariff.

Such an order has a list of steps, done one after the other. A step that moves the contactor is an order of its own (a
child), so that every guard holds for it. The other steps may be repeated without harm, so a crash only repeats one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from csire_bridge.domain.clock import start_of
from csire_bridge.domain.order.order import Order, OrderKind

__all__ = [
    "STEP_ENDED",
    "OrderStep",
    "Start",
    "StepKind",
    "StepRules",
    "StepState",
    "first_open",
    "goes_on_supplied",
    "may_wait_in_meter",
    "moved_steps",
    "plan_steps",
    "tried_again",
]


class StepKind(StrEnum):
    """What a step does.

    ``TARIFF`` writes the meter's passive calendar and reads it back, ``ACTIVATE`` makes sure that it counts from the
    date on. ``POWER`` is another contracted power, which no command of a head-end system sets: a person sees to it.
    """

    TARIFF = "tariff"
    ACTIVATE = "activate"
    CONNECT = "connect"
    READ = "read"
    DISCONNECT = "disconnect"
    POWER = "power"


class StepState(StrEnum):
    """The state of a step. ``SKIPPED``: there was nothing to do, or it must not be done; its text says why."""

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

    An agreement ends at the start of its date; with ``last_day_counts`` at the end of that day.
    """

    start: Sequence[StepKind]
    end: Sequence[StepKind]
    write_ahead: timedelta
    last_day_counts: bool


@dataclass(frozen=True, slots=True)
class Start:
    """Evidence that a household is supplied from the Polish date ``on``."""

    on: date
    supplier: str | None


def plan_steps(order: Order, rules: StepRules) -> tuple[OrderStep, ...]:
    """The steps of ``order``, on its date in Polish time; without a date at once. Empty when it has none."""
    at = _due(order, rules)
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


def _due(order: Order, rules: StepRules) -> datetime:
    if order.effective_date is None:
        return order.not_before
    counts = rules.last_day_counts and order.kind is OrderKind.AGREEMENT_END
    return start_of(order.effective_date + timedelta(days=1 if counts else 0))


def _kinds(order: Order, rules: StepRules) -> Iterator[StepKind]:
    chosen = {
        OrderKind.AGREEMENT_START: rules.start,
        OrderKind.AGREEMENT_END: rules.end,
        OrderKind.PARAMETRISATION: (StepKind.TARIFF, StepKind.POWER),
    }.get(order.kind, ())
    for kind in chosen:
        if kind is StepKind.TARIFF:
            if order.tariff_group:
                yield from (StepKind.TARIFF, StepKind.ACTIVATE)
        elif kind is not StepKind.POWER or order.contracted_power is not None:
            yield kind


def moved_steps(
    steps: Sequence[OrderStep], before: Order, order: Order, rules: StepRules, now: datetime
) -> list[OrderStep]:
    """Those of the steps that change when ``before`` becomes ``order``, with another date or another tariff.

    A tariff that may wait in the meter is written again at once (``now``, UTC), because the meter would change over on
    the old date. Steps that are done stay done. A step that moves the contactor keeps its child order: when that has
    ended, it is decided what to do.
    """
    planned = {step.kind: step.not_before for step in plan_steps(order, rules)}
    counts = before.tariff_group == order.tariff_group and _has_ended(steps, StepKind.ACTIVATE)
    moved = []
    for step in steps:
        at = planned.get(step.kind)
        if at is None:
            continue
        if step.kind in _TARIFF and not counts:
            written = step.kind is StepKind.TARIFF and step.state is not StepState.WAITING
            begin = min(at, now) if written else at
            moved.append(replace(step, state=StepState.WAITING, ended_at=None, not_before=begin))
        elif step.child is not None and at > now and step.kind is StepKind.DISCONNECT:
            moved.append(replace(step, state=StepState.UNDER_WAY, ended_at=None, not_before=at))
        elif step.state is StepState.WAITING:
            moved.append(replace(step, not_before=at))
    return moved


_TARIFF = frozenset({StepKind.TARIFF, StepKind.ACTIVATE})


def _has_ended(steps: Sequence[OrderStep], kind: StepKind) -> bool:
    return any(step.kind is kind and step.state in STEP_ENDED for step in steps)


def may_wait_in_meter(steps: Sequence[OrderStep]) -> OrderStep | None:
    """The step whose tariff may wait in the meter, to count from its date on; None when none does."""
    if _has_ended(steps, StepKind.ACTIVATE):
        return None
    written = (StepState.UNDER_WAY, StepState.DONE)
    return next((step for step in steps if step.kind is StepKind.TARIFF and step.state in written), None)


def tried_again(steps: Sequence[OrderStep]) -> list[OrderStep]:
    """The failed steps, reset to be tried again; a step that moves the contactor gets a new child order."""
    return [replace(s, state=StepState.WAITING, child=None) for s in steps if s.state is StepState.FAILED]


def first_open(steps: Sequence[OrderStep]) -> OrderStep | None:
    """The step that is due next, in their order; None when all have ended."""
    return next((step for step in steps if step.state not in STEP_ENDED), None)


def goes_on_supplied(end: Order, starts: Sequence[Start], supplier_now: str | None, today: date) -> str | None:
    """Why a household must not be cut off although its agreement ends, in words; None if nothing says so.

    ``starts`` are the agreements that start at the point, also those that have started; ``supplier_now`` is who
    supplies it as far as we know; ``today`` is the Polish date. A change of supplier, or a move-in, causes an end and a
    start on nearly the same date, in any order of messages; and a late end may find agreements that started since then.
    An agreement with another supplier that started before also shows that this end is out of date.
    """
    ends_on = end.effective_date
    if ends_on is None:
        return None
    day = timedelta(days=1)
    since = [start for start in starts if ends_on - day <= start.on <= max(ends_on, today) + day]
    if since:
        return f"a new agreement starts on {max(start.on for start in since)}"
    before = max((start for start in starts if start.on < ends_on - day), key=lambda start: start.on, default=None)
    if before is not None and _is_another(before.supplier, end.supplier):
        return f"another agreement started on {before.on}"
    if end.supplier and supplier_now and supplier_now != end.supplier:
        return f"the point is supplied by {supplier_now} now"
    return None


def _is_another(supplier: str | None, than: str | None) -> bool:
    """Whether the two suppliers may be different; unknown counts as different."""
    return supplier is None or than is None or supplier != than
