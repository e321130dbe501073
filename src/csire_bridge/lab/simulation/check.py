"""Invariants at the end of every simulation, checked against what the simulated meters really did."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise

from sqlalchemy import Connection, select

from csire_bridge.domain.meter.contactor import ControlState
from csire_bridge.domain.order.order import FINAL_STATES, NEEDS_OPERATOR, Order, OrderKind, OrderState, Outcome
from csire_bridge.domain.work import WorkStep
from csire_bridge.lab.simulation.head_end import Movement
from csire_bridge.lab.simulation.law import forbidden_movements
from csire_bridge.lab.simulation.outcome import every_order
from csire_bridge.lab.simulation.play import Play
from csire_bridge.store.tables import work

__all__ = ["violations"]

_LISTED = {WorkStep.EXECUTE.value, WorkStep.PERFORM.value}


def violations(play: Play) -> list[str]:
    """Every violation, a sentence each.

    Two open commands at one meter; a done that the contactor does not confirm; movements of a meter in another order
    than they were asked for; an order that has neither ended nor a reason to wait; orders that were never registered;
    a household that was suspended on a day on which the law forbids it.
    """
    found = list(play.head_end.violations)
    registered: dict[int, datetime] = {}
    with play.database.reading() as connection:
        waiting = _waiting(connection)
        for order in every_order(connection):
            registered[order.key] = order.registered_at
            found += _done(play, order)
            found += _open(play, order, waiting)
            found += forbidden_movements(play, order)
    for meter, movements in play.head_end.movements.items():
        found += _in_order(meter, movements, registered)
    if play.taken < len(play.scenario.asked):
        found.append(f"{len(play.scenario.asked) - play.taken} orders were never taken in")
    return found


def _done(play: Play, order: Order) -> Iterator[str]:
    """A done needs the contactor to have been in the wanted state when it was verified."""
    if order.state is not OrderState.DONE or order.kind.contactor_action is None:
        return
    wanted = ControlState.DISCONNECTED if order.kind is OrderKind.DISCONNECT else ControlState.CONNECTED
    if order.outcome is Outcome.ARMED:
        wanted = ControlState.READY_FOR_RECONNECTION
    if order.meter is None or order.verified_at is None or order.executed_at is None:
        yield f"order {order.key} is done, but was never verified at a meter"
    elif (state := play.head_end.state_at(order.meter, order.verified_at)) is not None and state is not wanted:
        yield f"order {order.key} is done ({order.outcome}), but its contactor was {state.name.lower()}"
    elif state is None and wanted is ControlState.DISCONNECTED:
        yield f"order {order.key} is done, but the contactor of meter {order.meter} never moved"


def _open(play: Play, order: Order, waiting: dict[int, tuple[datetime, bool, str | None]]) -> Iterator[str]:
    """An order that has not ended is left to a person, or somebody will look at it again, and it says why it waits."""
    if order.state in FINAL_STATES | NEEDS_OPERATOR:
        return
    due, parked, why = waiting.get(order.key, (None, False, None))
    now = play.clock()
    told = order.waits_for or why or order.not_before > now or order.state in (OrderState.ARMED, OrderState.IN_STEPS)
    if due is None or parked or not told:
        yield f"order {order.key} is {order.state}, and nothing says what it waits for ({why or 'no error'})"


def _waiting(connection: Connection) -> dict[int, tuple[datetime, bool, str | None]]:
    query = select(work.c.subject, work.c.due_at, work.c.parked, work.c.last_error).where(work.c.step.in_(_LISTED))
    return {row.subject: (row.due_at, row.parked, row.last_error) for row in connection.execute(query)}


def _in_order(meter: str, movements: list[Movement], registered: dict[int, datetime]) -> Iterator[str]:
    """What was asked for later at a meter never moves its contactor earlier."""
    by_order = [movement.order for movement in movements if movement.order is not None]
    for earlier, later in pairwise(by_order):
        if registered[later] < registered[earlier]:
            yield f"meter {meter}: order {later} moved the contactor after order {earlier}, which was asked for later"
