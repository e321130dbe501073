"""Finds metering points: of a meter, in our registry; and one that it does not know, at another system.

A look-up comes once, before anything is concluded from a point's absence.
"""

from __future__ import annotations

from csire_bridge.domain.clock import Clock
from csire_bridge.domain.errors import OutcomeUnknown, PartnerRefused, PartnerUnreachable
from csire_bridge.domain.identifiers import MeteringPointCode, MeterNumber
from csire_bridge.domain.metering_point.facts import MeteringPoint
from csire_bridge.pipeline.ports.metering_points import PointLookup
from csire_bridge.pipeline.ports.store import Store
from csire_bridge.telemetry.logs import logger

__all__ = ["PointFinder", "points_of_meter"]

_log = logger(__name__)


def points_of_meter(store: Store, meter: MeterNumber) -> list[MeteringPointCode]:
    """All points of our registry at which a meter is known to be, however its number is spelled."""
    with store.read_transaction() as tx:
        known = tx.points.spelled([meter]).get(meter, meter)
        return list(tx.points.points_of_meters([known]).get(known, ()))


class PointFinder:
    """Finds metering points in the registry, or else by ``lookup``; what is learned there is stored."""

    def __init__(self, store: Store, lookup: PointLookup | None, clock: Clock) -> None:
        self._store = store
        self._lookup = lookup
        self._clock = clock

    def find(self, code: MeteringPointCode, *, refresh: bool = False) -> MeteringPoint | None:
        """The point; None when nobody knows it. ``refresh`` asks even for a point that is known.

        Raises PartnerUnreachable, OutcomeUnknown or PartnerRefused if the lookup failed; then nothing may be concluded.
        """
        with self._store.read_transaction() as tx:
            known = tx.points.get(code)
        if self._lookup is None or (known is not None and not refresh):
            return known
        told = self._lookup.look_up(code)
        return known if told is None else self._keep(told)

    def find_or_none(self, code: MeteringPointCode) -> MeteringPoint | None:
        """Like ``find``, but returns None also if the lookup failed; for work that is tried only once."""
        try:
            return self.find(code)
        except (PartnerUnreachable, OutcomeUnknown, PartnerRefused) as error:
            _log.warning("point.not_looked_up", point=code, why=error)
            return None

    def _keep(self, told: MeteringPoint) -> MeteringPoint:
        with self._store.transaction() as tx:
            return tx.points.learn(told, self._clock())
