"""Operator actions on a metering point: lift registered danger, confirm which meter is there.

Each is recorded like any other fact about the point, with the person's name and reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from csire_bridge.domain.clock import WARSAW
from csire_bridge.domain.errors import ActionRefused
from csire_bridge.domain.identifiers import MeteringPointCode, MeterNumber
from csire_bridge.domain.message.message import RegistryUpdate
from csire_bridge.domain.metering_point.facts import MeteringPoint, Source
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.order.order import Order, WaitsFor
from csire_bridge.domain.people.acts import Act
from csire_bridge.domain.people.audited import audited
from csire_bridge.pipeline.operator.waiting_orders import go_on
from csire_bridge.pipeline.orders.recheck import recheck_told
from csire_bridge.pipeline.ports.store import Transaction

__all__ = ["known_point", "lift_danger", "record", "set_meter", "statement"]


def lift_danger(tx: Transaction, point: MeteringPointCode, act: OperatorAction) -> Sequence[Order]:
    """Lift the danger registered at a point (PL-278); return the connections that waited for it, which continue now.

    ``danger_actions.lift`` also brings back a supply that was cut for it. Danger that is told later, for a later date
    or again for the same one, makes connections wait again. Raises ActionRefused when no danger is registered there.
    """
    tx.points.lock([point])
    known = tx.points.of([point], act.at).get(point)
    if known is None or known.danger_registered is not True:
        raise ActionRefused(f"no danger is registered at the metering point {point}", "nothing is left to do")
    record(tx, replace(statement(tx, point, "danger_registered", act), danger_registered=False), act)
    return go_on(tx, point, WaitsFor.DANGER, "registered danger was lifted", act)


@audited(Act.POINT_METER, "point {point}", lambda tx, given: tx.points.get(given["point"]))
def set_meter(
    tx: Transaction, point: MeteringPointCode, meter: MeterNumber | None, act: OperatorAction
) -> tuple[Sequence[MeteringPointCode], Sequence[int]]:
    """Record that a person has checked which meter is at a point; None: there is none.

    Earlier news of moved meters then hold up no order of the point any more. Returns the other points at which the
    meter is also known, and the orders of this point that are parked. Raises ActionRefused for an unknown point.
    """
    tx.points.lock([point])
    known_point(tx, point, act)
    told = statement(tx, point, "meter", act)
    record(tx, replace(told, meter_number=meter, no_meter=True if meter is None else None), act)
    if meter is not None:
        tx.points.confirm_meter(point, meter, act.at)
    known = tx.points.installations([point], act.at)
    others = {i.metering_point for i in known if i.meter == meter and i.known_until is None} - {point}
    return sorted(others), tx.neighbours.parked_at(point)


def known_point(tx: Transaction, point: MeteringPointCode, act: OperatorAction) -> MeteringPoint:
    """What is known of a point; raises ActionRefused where nothing is."""
    known = tx.points.of([point], act.at).get(point)
    if known is None:
        raise ActionRefused(f"the point {point} is not known", "import it, or look the code up")
    return known


def statement(tx: Transaction, point: MeteringPointCode, fact: str, act: OperatorAction) -> RegistryUpdate:
    """What a person begins to say about ``fact`` of a point, still without its value.

    It holds from today on, or from the date of the fact that it replaces, if that is later.
    """
    today, known = act.at.astimezone(WARSAW).date(), tx.points.record(point)
    since = known.since.get(fact) if known else None
    date = max(today, since.effective) if since else today
    return RegistryUpdate(process_instance=None, metering_point=point, effective_date=date)


def record(tx: Transaction, told: RegistryUpdate, act: OperatorAction) -> None:
    """Write down what the person says."""
    tx.points.record_notices([told], act.at, Source.PERSON, act.by, act.why)
    recheck_told(tx, [told], act.at)
