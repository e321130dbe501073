"""Operator actions on a metering point: lift registered danger, confirm which meter is there.

Each is recorded like any other fact about the point, with the person's name and reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from csire_bridge.domain.clock import WARSAW
from csire_bridge.domain.errors import ActionRefused
from csire_bridge.domain.identifiers import MeteringPointCode, MeterNumber
from csire_bridge.domain.message.message import RegistryUpdate
from csire_bridge.domain.metering_point.facts import Source
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.order.order import Order, WaitsFor
from csire_bridge.domain.work import WorkStep
from csire_bridge.pipeline.ports.store import Transaction

__all__ = ["lift_danger", "not_before_told", "set_meter"]


def lift_danger(tx: Transaction, point: MeteringPointCode, act: OperatorAction) -> Sequence[Order]:
    """Lift the danger registered at a point (PL-278); return the connections that waited for it, which continue now.

    ``danger_actions.lift`` also brings back a supply that was cut for it. Danger that is told later, for a later date
    or again for the same one, makes connections wait again. Raises ActionRefused when no danger is registered there.
    """
    tx.points.lock([point])
    known = tx.points.of([point], act.at).get(point)
    if known is None or known.danger_registered is not True:
        raise ActionRefused(f"no danger is registered at the metering point {point}", "nothing is left to do")
    lifted = RegistryUpdate(
        process_instance=None,
        metering_point=point,
        effective_date=not_before_told(tx, point, "danger_registered", act),
        danger_registered=False,
    )
    tx.points.record_notices([lifted], act.at, Source.PERSON, act.by, act.why)
    keys = tx.neighbours.waiting_at([point])
    waited = [order for order in tx.orders.get_many(keys).values() if order.waits_for is WaitsFor.DANGER]
    text = act.history_line("registered danger was lifted")
    tx.orders.note_all([(order.key, order.state, text) for order in waited], act.at)
    tx.work.wake(WorkStep.EXECUTE, keys, act.at)
    return waited


def set_meter(
    tx: Transaction, point: MeteringPointCode, meter: MeterNumber | None, act: OperatorAction
) -> tuple[Sequence[MeteringPointCode], Sequence[int]]:
    """Record that a person has checked which meter is at a point; None: there is none.

    Earlier news of moved meters then hold up no order of the point any more. Returns the other points at which the
    meter is also known, and the orders of this point that are parked. Raises ActionRefused for an unknown point.
    """
    tx.points.lock([point])
    if point not in tx.points.of([point], act.at):
        raise ActionRefused(f"the point {point} is not known", "import it, or look the code up")
    told = RegistryUpdate(
        process_instance=None,
        metering_point=point,
        effective_date=not_before_told(tx, point, "meter", act),
        meter_number=meter,
        no_meter=True if meter is None else None,
    )
    tx.points.record_notices([told], act.at, Source.PERSON, act.by, act.why)
    if meter is not None:
        tx.points.confirm_meter(point, meter, act.at)
    known = tx.points.installations([point], act.at)
    others = {i.metering_point for i in known if i.meter == meter and i.known_until is None} - {point}
    return sorted(others), tx.neighbours.parked_at(point)


def not_before_told(tx: Transaction, point: MeteringPointCode, fact: str, act: OperatorAction) -> date:
    """From which date the person's statement holds: today, or the date of the fact it replaces if that is later."""
    today, record = act.at.astimezone(WARSAW).date(), tx.points.record(point)
    since = record.since.get(fact) if record else None
    return max(today, since.effective) if since else today
