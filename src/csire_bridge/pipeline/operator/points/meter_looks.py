"""A person has a meter asked now for no order: the reading is recorded, and nothing is switched."""

from __future__ import annotations

from csire_bridge.domain.clock import Clock
from csire_bridge.domain.errors import ActionRefused, HeadEndRefused, HeadEndUnreachable, OutcomeUnknown
from csire_bridge.domain.identifiers import MeteringPointCode, MeterNumber
from csire_bridge.domain.meter.contactor import ContactorReading
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.people.acts import Act
from csire_bridge.domain.people.audited import audited
from csire_bridge.pipeline.observe.readings import read_contactor
from csire_bridge.pipeline.observe.sightings import take_look
from csire_bridge.pipeline.ports.head_end import HeadEnd
from csire_bridge.pipeline.ports.store import Store, Transaction

__all__ = ["meter_at", "note_look", "read_now"]


def meter_at(store: Store, point: MeteringPointCode) -> MeterNumber:
    """The meter that is known at a point. Raises ActionRefused where none is."""
    with store.read_transaction() as tx:
        record = tx.points.record(point)
    if record is None or record.point.meter is None:
        raise ActionRefused(f"no meter is known at the metering point {point}", "say by `points meter` which one it is")
    return record.point.meter


def read_now(head_end: HeadEnd | None, meter: MeterNumber, clock: Clock) -> ContactorReading:
    """The contactor of a meter as it is now. Raises ActionRefused where it can't be read, or no system is set up."""
    if head_end is None:
        raise ActionRefused("no head-end system is set up", "set head_end.url")
    try:
        return read_contactor(head_end, meter, clock)
    except (HeadEndUnreachable, OutcomeUnknown, HeadEndRefused) as error:
        raise ActionRefused(f"meter {meter} can't be read: {error.text}", "try again later") from error


@audited(Act.POINT_ASK, "point {point}")
def note_look(
    tx: Transaction, point: MeteringPointCode, reading: ContactorReading, act: OperatorAction
) -> ContactorReading:
    """Record what was read; it may explain, and so settle, an unexplained movement, or open an alert."""
    take_look(tx, reading, act.at)
    return reading
