"""Operator actions on what the bridge is told by its own people: lists of points."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from csire_bridge.domain.message.message import RegistryUpdate
from csire_bridge.domain.metering_point.facts import Source
from csire_bridge.domain.metering_point.point_lists import BadLine, Entry, PointList
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.people.acts import Act
from csire_bridge.domain.people.audited import note
from csire_bridge.pipeline.orders.recheck import recheck_told
from csire_bridge.pipeline.ports.store import Transaction

__all__ = ["AT_ONCE", "checked_list", "import_points"]

AT_ONCE = 500
"""So many points are looked up, or written, together."""


def checked_list(tx: Transaction, found: PointList) -> PointList:
    """The list as it can be taken over: a meter that is at another point now makes its line a bad one.

    It could switch the wrong household; the same list must say what is at the other point. Bad lines are in their
    order.
    """
    good, bad = list(found.entries), list(found.bad)
    while elsewhere := list(_meters_elsewhere(tx, good)):
        bad += elsewhere
        refused = {one.line for one in elsewhere}
        good = [entry for entry in good if entry.line not in refused]
    return PointList(good, sorted(bad, key=lambda one: one.line))


def _meters_elsewhere(tx: Transaction, entries: Sequence[Entry]) -> Iterator[BadLine]:
    given_up = {e.update.metering_point for e in entries if e.update.meter_number}
    for start in range(0, len(entries), AT_ONCE):
        some = {e.update.meter_number: e for e in entries[start : start + AT_ONCE] if e.update.meter_number}
        for meter, point in tx.points.with_meters(list(some)).items():
            entry = some[meter]
            if point != entry.update.metering_point and point not in given_up:
                text = f"the meter {meter} is at point {point} -> give that point its new meter in the same list"
                yield BadLine(entry.line, text)


def import_points(tx: Transaction, updates: Sequence[RegistryUpdate], origin: str, act: OperatorAction) -> None:
    """Write a part of a list into the registry. ``origin`` names the list, for the audit."""
    points = [update.metering_point for update in updates]
    note(tx, act.who, Act.POINTS_IMPORT, f"list {origin}"[:200], act.at, act.why, after={"points": points})
    tx.points.record_notices(updates, act.at, Source.IMPORT, act.by)
    recheck_told(tx, updates, act.at)
